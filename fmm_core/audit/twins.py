"""Would the same person of the other group be served alike? Twins where they can be made, matched people elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.audit.accuracy import CHANGE, PerUser, by_group
from fmm_core.data.dataset import Attribute
from fmm_core.metrics.overlap import jaccard, rbo, score_shift
from fmm_core.metrics.ranking import top_k
from fmm_core.types import Codes, Floats, Representations

JACCARD_AT = 20
RBO_AT = 50
MATCHED = 500
"""People compared with their nearest neighbour of another group, drawn at random where there are more."""
CANDIDATES = 20_000
"""People among whom a neighbour is looked for, drawn at random where there are more."""

COLUMNS = [
    "attribute", "comparison", "vectors", "phase", "measure", "value", "ci_low", "ci_high", "n_users", *CHANGE,
]  # fmt: skip


@dataclass(frozen=True)
class GroupMap:
    """What was done to the vectors of known people, as one affine map per group, so that new people can be moved alike.

    Mitigations hand out the vectors of those they were fitted on, and no map. Repair moves a group by one affine map
    and LEACE everyone, so least squares finds theirs exactly; `unexplained` says how far any other is met. The same
    takes folded-in vectors to where trained ones lie, everyone as one group: the two differ in scale.

    Attributes
    ----------
    maps : {group: (d + 1) × d}, what is added to ``[x, 1]``
    unexplained : share of all movement (sum of squares) that the maps miss on people left out of their fit; 0 … 1 and
        beyond
    """

    maps: Mapping[int, NDArray[np.float64]]
    unexplained: float

    @classmethod
    def of(cls, before: Floats, after: Floats, group: NDArray[np.int64]) -> "GroupMap":
        """Fit on people's vectors before and after.

        Parameters
        ----------
        before, after : people × d
        group : of every person, by all attributes the mitigation looked at
        """
        moved = after.astype(np.float64) - before
        maps, missed = {}, 0.0
        for each in np.unique(group):
            rows = group == each
            maps[int(each)], residuals = _affine(before[rows], moved[rows])
            missed += float((residuals**2).sum())
        total = float((moved**2).sum())
        return cls(maps, missed / total if total else 0.0)

    def knows(self, group: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether somebody of the same group was seen."""
        return np.isin(group, list(self.maps))

    def move(self, vectors: Floats, group: NDArray[np.int64]) -> Floats:
        """Move people by their group's map; vectors (people × d), groups as in `of`."""
        moved = vectors.copy()
        for each, table in self.maps.items():
            rows = group == each
            moved[rows] += (_with_one(vectors[rows]) @ table).astype(np.float32)
        return moved


def _affine(vectors: Floats, moved: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The affine map of a group and its leave-one-out residuals; a plain shift for groups of under 2 (d + 1) people."""
    inputs = _with_one(vectors)
    if len(inputs) < 2 * inputs.shape[1]:
        inputs = inputs * (np.arange(inputs.shape[1]) == inputs.shape[1] - 1)
    left, values, right = np.linalg.svd(inputs, full_matrices=False)
    kept = values > values[0] * 1e-7  # float32 vectors say no more
    left, values, right = left[:, kept], values[kept], right[kept]
    table = right.T @ ((left.T @ moved) / values[:, None])
    leverage = (left**2).sum(axis=1, keepdims=True)
    return table, (moved - inputs @ table) / np.maximum(1 - leverage, 1e-9)


def _with_one(vectors: Floats) -> NDArray[np.float64]:
    return np.column_stack([vectors.astype(np.float64), np.ones(len(vectors))])


def combined(codes: Sequence[Codes], people: int) -> NDArray[np.int64]:
    """One number per combination of groups, undisclosed ones too; 0 without any. Ten attributes at most."""
    cell = np.zeros(people, np.int64)
    for code in codes:
        cell = cell * 64 + code + 1
    return cell


@dataclass(frozen=True)
class Pairs:
    """Two versions of each person under one model.

    Attributes
    ----------
    model : whose items are recommended
    first, second : user vectors, pairs × d
    """

    model: Representations
    first: Floats
    second: Floats

    def measures(self, masked: csr_matrix) -> PerUser:
        """Overlap of the two lists, drawn from the items not in `masked` (pairs × items), and shift of the scores."""
        one, other = (top_k(self.model.with_user(user), masked, RBO_AT).items for user in (self.first, self.second))
        return {
            ("rbo", RBO_AT): rbo(one, other),
            ("jaccard", JACCARD_AT): jaccard(one[:, :JACCARD_AT], other[:, :JACCARD_AT]),
            ("score_shift", 0): score_shift(self.model, self.first, self.second),
        }


def compared(before: Pairs, after: Pairs, masked: csr_matrix, seed: int) -> pd.DataFrame:
    """Means over pairs before and after, with the paired change: the columns `phase` to `pd_high` of `twins.csv`."""
    tested = {"base": before.measures(masked), "mitigated": after.measures(masked)}
    table = by_group(tested, {}, seed).rename(columns={"metric": "measure"})
    phase = table["model"].map({"base": "before", "mitigated": "after"})
    return table.assign(phase=phase)[["phase", "measure", "value", "ci_low", "ci_high", "n_users", *CHANGE]]


def missed(maps: Mapping[str, GroupMap], people: int) -> pd.DataFrame:
    """How far each phase's map misses what it stands for, as rows of `twins.csv`."""
    rows = [{"phase": phase, "measure": "unexplained", "value": each.unexplained} for phase, each in maps.items()]
    return pd.DataFrame(rows).assign(n_users=people, **dict.fromkeys(("ci_low", "ci_high", *CHANGE), np.nan))


def matched(
    before: Representations,
    after: Representations,
    attribute: Attribute,
    seen: csr_matrix,
    there: NDArray[np.bool_],
    seed: int,
) -> pd.DataFrame:
    """Each person beside the nearest one of another group: a matched comparison, not a counterfactual.

    Who is nearest is decided on the vectors after mitigation, standardised. The two have chosen different things, and
    have been found because they are alike afterwards; so even a large overlap does not say what the attribute does.

    Parameters
    ----------
    seen : users × items, left out of both lists of a pair
    there : people with training interactions
    """
    rng = np.random.default_rng(seed)
    candidates = _drawn(np.flatnonzero(there & (attribute.codes >= 0)), CANDIDATES, rng)
    own = _drawn(candidates, MATCHED, rng)
    other = candidates[nearest_other(after.user, attribute.codes, own, candidates)]
    start, end = (Pairs(model, model.user[own], model.user[other]) for model in (before, after))
    return compared(start, end, (seen[own] + seen[other]).tocsr(), seed)


def nearest_other(
    vectors: Floats, codes: Codes, own: NDArray[np.int64], candidates: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Which of `candidates` is nearest to each of `own` among people of another group, by standardised vectors."""
    known = vectors[candidates].astype(np.float64)
    mean, spread = known.mean(axis=0), known.std(axis=0)
    z = (vectors.astype(np.float64) - mean) / np.where(spread > 0, spread, 1.0)
    theirs = z[candidates]
    distance = (theirs**2).sum(axis=1) - 2 * z[own] @ theirs.T  # (own, candidates), up to one's own length
    distance[codes[own][:, None] == codes[candidates]] = np.inf
    return distance.argmin(axis=1)


def _drawn(people: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return people if len(people) <= most else np.sort(rng.choice(people, most, replace=False))
