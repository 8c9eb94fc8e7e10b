"""Closed-form repair: differences between groups are taken down to sampling noise, never to zero.

The recipe is METHOD.md's "closed form". Two things a group can differ in are moved: its mean and its covariance. What
is left is what a random group of the same size would show, because groups that match *exactly* are readable again: an
attacker that knows most labels finds the rest by turning its answers round (AUDIT.md).

One departure from METHOD.md, measured on 943 × 64: the means' singular values are *set* to chance's instead of cut
where they exceed it. Cutting takes every random excess away and leaves every random shortfall, so even labels that
mean nothing became readable, turned round: logistic AUC 0.478 after repairing permuted labels, 0.491 when set.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from fmm_core.fairness.context import Context, moved_people, unchanged
from fmm_core.fairness.specs import RepairConfig
from fmm_core.types import Codes, Floats, Mitigated, silent

Vectors = NDArray[np.float64]
TINY = 1e-9


class Repair:
    """Moves user vectors group by group; the weight is the share of each attribute's movement that is carried out.

    Needs to know a person's attribute: people who did not disclose it, and people without training interactions, are
    not moved for it. Newcomers are moved as the others of their group are. Item vectors stay as they are. Linear in
    users; no training.

    What it does not promise: only means and shapes are levelled. Where people fall into tight clusters, everyone of a
    group is moved the same way off their cluster, and an attacker that compares people with people (a kernel) can read
    that move, at times better than the original. The audit shows it; read the headline, not the linear row.
    """

    def __init__(self, config: RepairConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        shares = context.shares()
        if not shares:
            return unchanged(context.base)
        rows = np.flatnonzero(context.trained)
        learned = context.learned[rows]
        codes = {name: _Codes.of(context.codes[name][rows], learned) for name in shares}
        base = context.base.user[rows].astype(np.float64)  # (people, d)
        moved = self._cycle(base, codes, learned, shares, context)
        return moved_people(context.base, rows, moved)

    def _cycle(
        self,
        base: Vectors,
        codes: Mapping[str, "_Codes"],
        learned: NDArray[np.bool_],
        shares: Mapping[str, float],
        context: Context,
    ) -> Vectors:
        rng = np.random.default_rng(context.seed)
        whitening = _Whitening.of(base[learned], [code.known[learned] for code in codes.values()])
        z = whitening.whiten(base)
        chance = {name: _Chance.of(z, code.known, self.config, rng) for name, code in codes.items()}
        displacement = {name: np.zeros_like(z) for name in codes}
        for cycle in range(self.config.cycles):
            for move in (_Chance.move_shapes, _Chance.move_means):  # means last
                for name, code in codes.items():
                    target = move(chance[name], z, code)
                    displacement[name] += target - z
                    z = target
            context.progress(cycle + 1, self.config.cycles)
        step = sum((shares[name] * displacement[name] for name in codes), np.zeros_like(z))
        return base + whitening.colour(step)


def start_from(context: Context, most: float) -> Floats:
    """Everybody after the repair of their weights, of `most` at most: where other mitigations start; users × d."""
    weights = {name: min(most, weight) for name, weight in context.weights.items()}
    return Repair(RepairConfig()).fit(replace(context, weights=weights, progress=silent)).user


@dataclass(frozen=True)
class _Codes:
    """Groups of people.

    Attributes
    ----------
    known : of those who are learned from; −1 for others
    moved : of all who are moved
    """

    known: Codes
    moved: Codes

    @classmethod
    def of(cls, code: Codes, learned: NDArray[np.bool_]) -> "_Codes":
        return cls(np.where(learned, code, -1).astype(code.dtype), code)


@dataclass(frozen=True)
class _Whitening:
    """Unit covariance for what is left of the vectors once all attributes are taken out additively."""

    mean: Vectors
    to_white: Vectors
    to_colour: Vectors

    @classmethod
    def of(cls, vectors: Vectors, codes: Sequence[Codes]) -> "_Whitening":
        one_hot = np.column_stack([code[:, None] == np.unique(code) for code in codes]).astype(np.float64)
        fitted, *_ = np.linalg.lstsq(one_hot, vectors, rcond=None)
        left = vectors - one_hot @ fitted  # (people, d)
        values, axes = eigh(left.T @ left / len(left))
        values, axes = values[::-1], axes[:, ::-1]  # leading directions first
        spread = np.sqrt(np.maximum(values, TINY * max(values[0], TINY)))
        return cls(vectors.mean(axis=0), axes / spread, (axes * spread).T)

    def whiten(self, vectors: Vectors) -> Vectors:
        return (vectors - self.mean) @ self.to_white

    def colour(self, difference: Vectors) -> Vectors:
        return difference @ self.to_colour


@dataclass(frozen=True)
class _Chance:
    """What permuted labels show of one attribute, averaged over permutations.

    Attributes
    ----------
    means : singular values of the mean table (root mean square), one array per band of directions
    shapes : {group: eigenvalues of its covariance, ascending, where the pooled one is the identity}
    band : directions per band
    """

    means: tuple[Vectors, ...]
    shapes: Mapping[int, Vectors]
    band: int

    @classmethod
    def of(cls, z: Vectors, code: Codes, config: RepairConfig, rng: np.random.Generator) -> "_Chance":
        known = code >= 0
        groups = len(np.unique(code[known]))
        residuals = _within(z, _Codes(code, code))[known]
        residuals *= np.sqrt(len(residuals) / max(len(residuals) - groups, 1))  # the fitted means took their share
        white, _ = _pooled(residuals)
        means, shapes = [], []
        for _ in range(config.permutations):
            permuted = rng.permutation(code[known])
            bands = _bands(_mean_table(residuals, permuted), config.band)
            means.append([np.linalg.svd(part, compute_uv=False) ** 2 for part in bands])
            shapes.append(_spectra(white, permuted))
        return cls(
            tuple(np.sqrt(np.mean(band, axis=0)) for band in zip(*means, strict=True)),
            {group: np.mean([draw[group] for draw in shapes], axis=0) for group in shapes[0]},
            config.band,
        )

    def move_means(self, z: Vectors, code: _Codes) -> Vectors:
        """Set the singular values of the mean table, band by band, to those of chance; shift the groups there."""
        table = _mean_table(z, code.known)
        wanted = []
        for part, values in zip(_bands(table, self.band), self.means, strict=True):
            left, _, right = np.linalg.svd(part, full_matrices=False)
            wanted.append((left * values) @ right)
        shift = np.concatenate(wanted, axis=1) - table  # (groups, d)
        moved = z.copy()
        for row, (group, rows) in zip(shift, _groups(code.known), strict=True):
            moved[code.moved == group] += row / np.sqrt(len(rows))
        return moved

    def move_shapes(self, z: Vectors, code: _Codes) -> Vectors:
        """Draw a group's covariance in, or out, to the eigenvalues of a random group where its own are more extreme."""
        residuals = _within(z, code)
        white, to_colour = _pooled(residuals, code.known >= 0)
        moved = z.copy()
        for group, rows in _groups(code.known):
            values, axes = eigh(_covariance(white[rows]))
            chance = self.shapes[group]
            wanted = np.clip(values, np.minimum(chance, 1), np.maximum(chance, 1))
            thick = values > TINY  # a group smaller than the space is flat in the others, and so is a random one
            scale = np.sqrt(np.divide(wanted, values, out=np.ones_like(values), where=thick))
            everyone = code.moved == group
            moved[everyone] += white[everyone] @ (axes * (scale - 1)) @ axes.T @ to_colour
        return moved


def _pooled(residuals: Vectors, among: NDArray[np.bool_] | None = None) -> tuple[Vectors, Vectors]:
    """Residuals whose pooled within-group covariance (`among` the given people) is the identity, and the way back."""
    values, axes = eigh(_covariance(residuals if among is None else residuals[among]))
    spread = np.sqrt(np.maximum(values, TINY))
    return residuals @ (axes / spread), (axes * spread).T


def _spectra(white: Vectors, code: Codes) -> dict[int, Vectors]:
    """{group: eigenvalues of its covariance}, scaled so that the groups' mean variance is 1."""
    centred = _within(white, _Codes(code, code))
    centred *= np.sqrt(centred.size / max((centred**2).sum(), TINY))
    return {group: eigh(_covariance(centred[rows]), eigvals_only=True) for group, rows in _groups(code)}


def _groups(code: Codes) -> Iterator[tuple[int, NDArray[np.int64]]]:
    for group in np.unique(code[code >= 0]):
        yield int(group), np.flatnonzero(code == group)


def _mean_table(z: Vectors, code: Codes) -> Vectors:
    """``T_g = √n_g (mean_g − mean)``, groups × d: under chance every entry has the same variance."""
    centre = z[code >= 0].mean(axis=0)
    return np.array([np.sqrt(len(rows)) * (z[rows].mean(axis=0) - centre) for _, rows in _groups(code)])


def _bands(table: Vectors, band: int) -> list[Vectors]:
    """The mean table cut into bands of leading directions."""
    return [table[:, start : start + band] for start in range(0, table.shape[1], band)]


def _within(z: Vectors, code: _Codes) -> Vectors:
    """Vectors minus their group's mean; people without a group keep theirs."""
    residuals = z.copy()
    for group, rows in _groups(code.known):
        residuals[code.moved == group] -= z[rows].mean(axis=0)
    return residuals


def _covariance(residuals: Vectors) -> Vectors:
    return residuals.T @ residuals / len(residuals)
