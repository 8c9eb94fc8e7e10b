"""Closed-form repair: differences between groups are taken down to sampling noise, never to zero.

The recipe is METHOD.md's "closed form". Two things a group can differ in are moved: its mean and its covariance. What
is left is what a random group of the same size would show, because groups that match *exactly* are readable again: an
attacker that knows most labels finds the rest by turning its answers round (AUDIT.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from fmm_core.fairness.context import Context, unchanged
from fmm_core.fairness.specs import RepairConfig
from fmm_core.types import Codes, Mitigated

Vectors = NDArray[np.float64]
TINY = 1e-9


class Repair:
    """Moves user vectors group by group; the weight is the share of each attribute's movement that is carried out.

    Needs to know a person's attribute: people who did not disclose it, and people without training interactions, are
    not moved for it. Item vectors stay as they are. Linear in users; no training.
    """

    def __init__(self, config: RepairConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        shares = context.shares()
        if not shares:
            return unchanged(context.base)
        rows = np.flatnonzero(context.trained)
        codes = {name: context.codes[name][rows] for name in shares}
        base = context.base.user[rows].astype(np.float64)  # (people, d)
        moved = self._cycle(base, codes, shares, context)
        user = context.base.user.copy()
        user[rows] = moved.astype(np.float32)
        return Mitigated(user, context.base.item, context.base.item_bias)

    def _cycle(
        self, base: Vectors, codes: Mapping[str, Codes], shares: Mapping[str, float], context: Context
    ) -> Vectors:
        rng = np.random.default_rng(context.seed)
        whitening = _Whitening.of(base, codes)
        z = whitening.whiten(base)
        references = {name: _chance(z, code, self.config, rng) for name, code in codes.items()}
        displacement = {name: np.zeros_like(z) for name in codes}
        for cycle in range(self.config.cycles):
            for move in (_move_shapes, _move_means):  # means last
                for name, code in codes.items():
                    target = move(z, code, references[name], self.config.band)
                    displacement[name] += target - z
                    z = target
            context.progress(cycle + 1, self.config.cycles)
        step = sum((shares[name] * displacement[name] for name in codes), np.zeros_like(z))
        return base + whitening.colour(step)


@dataclass(frozen=True)
class _Whitening:
    """Unit covariance for what is left of the vectors once all attributes are taken out additively."""

    mean: Vectors
    to_white: Vectors
    to_colour: Vectors

    @classmethod
    def of(cls, vectors: Vectors, codes: Mapping[str, Codes]) -> "_Whitening":
        one_hot = np.column_stack([code[:, None] == np.unique(code) for code in codes.values()]).astype(np.float64)
        fitted, *_ = np.linalg.lstsq(one_hot, vectors, rcond=None)
        left = vectors - one_hot @ fitted  # (people, d)
        values, axes = eigh(left.T @ left / len(left))
        values, axes = values[::-1], axes[:, ::-1]  # leading directions first
        spread = np.sqrt(np.maximum(values, TINY * values[0]))
        return cls(vectors.mean(axis=0), axes / spread, (axes * spread).T)

    def whiten(self, vectors: Vectors) -> Vectors:
        return (vectors - self.mean) @ self.to_white

    def colour(self, difference: Vectors) -> Vectors:
        return difference @ self.to_colour


@dataclass(frozen=True)
class _Chance:
    """What permuted labels show, averaged: singular values of the mean table per band, eigenvalues per group."""

    means: tuple[Vectors, ...]
    shapes: Mapping[int, Vectors]


def _chance(z: Vectors, code: Codes, config: RepairConfig, rng: np.random.Generator) -> _Chance:
    known = np.flatnonzero(code >= 0)
    residuals = _within(z, code)
    singular, eigen = [], []
    for _ in range(config.permutations):
        permuted = code.copy()
        permuted[known] = rng.permutation(code[known])
        singular.append([np.linalg.svd(part, compute_uv=False) for part in _mean_bands(z, permuted, config.band)])
        eigen.append(
            {group: eigh(_covariance(residuals[rows]), eigvals_only=True) for group, rows in _groups(permuted)}
        )
    means = tuple(np.mean(band, axis=0) for band in zip(*singular, strict=True))
    return _Chance(means, {group: np.mean([draw[group] for draw in eigen], axis=0) for group in eigen[0]})


def _move_means(z: Vectors, code: Codes, chance: _Chance, band: int) -> Vectors:
    """Clip the singular values of the mean table, band by band, to what chance shows; shift the groups there."""
    table = _mean_table(z, code)
    clipped = []
    for part, limit in zip(_mean_bands(z, code, band), chance.means, strict=True):
        left, values, right = np.linalg.svd(part, full_matrices=False)
        clipped.append((left * np.minimum(values, limit)) @ right)
    moved = z.copy()
    for row, (_, rows) in enumerate(_groups(code)):
        moved[rows] += (np.concatenate([part[row] for part in clipped]) - table[row]) / np.sqrt(len(rows))
    return moved


def _move_shapes(z: Vectors, code: Codes, chance: _Chance, band: int) -> Vectors:  # noqa: ARG001 (called like the means)
    """Draw each group's covariance in, or out, to the eigenvalues of a random group of its size, where more extreme."""
    residuals = _within(z, code)
    pooled, axes = eigh(_covariance(residuals[code >= 0]))
    spread = np.sqrt(np.maximum(pooled, TINY))
    white = residuals @ (axes / spread)
    moved = z.copy()
    for group, rows in _groups(code):
        values, own = eigh(_covariance(white[rows]))
        limit = chance.shapes[group]
        wanted = np.where(
            values > 1, np.minimum(values, np.maximum(limit, 1)), np.maximum(values, np.minimum(limit, 1))
        )
        scale = np.sqrt(np.maximum(wanted, 0) / np.maximum(values, TINY))
        scale[values < TINY] = 1.0  # a group smaller than the space is flat there, and so is a random one
        change = white[rows] @ (own * (scale - 1)) @ own.T
        moved[rows] += change @ (axes * spread).T
    return moved


def _groups(code: Codes) -> Iterator[tuple[int, NDArray[np.int64]]]:
    for group in np.unique(code[code >= 0]):
        yield int(group), np.flatnonzero(code == group)


def _mean_table(z: Vectors, code: Codes) -> Vectors:
    """``T_g = √n_g (mean_g − mean)``, groups × d: under chance every entry has the same variance."""
    centre = z[code >= 0].mean(axis=0)
    return np.array([np.sqrt(len(rows)) * (z[rows].mean(axis=0) - centre) for _, rows in _groups(code)])


def _mean_bands(z: Vectors, code: Codes, band: int) -> list[Vectors]:
    """The mean table cut into bands of leading directions."""
    table = _mean_table(z, code)
    return [table[:, start : start + band] for start in range(0, table.shape[1], band)]


def _within(z: Vectors, code: Codes) -> Vectors:
    """Vectors minus their group's mean; people without a group keep theirs."""
    residuals = z.copy()
    for _, rows in _groups(code):
        residuals[rows] -= z[rows].mean(axis=0)
    return residuals


def _covariance(residuals: Vectors) -> Vectors:
    return residuals.T @ residuals / len(residuals)
