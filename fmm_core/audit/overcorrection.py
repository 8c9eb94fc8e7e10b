"""Over-correction by how many labels the attacker knows (AUDIT.md, "Why not the obvious way", last row).

Groups that were made to match on the very people who are attacked are told apart *wrongly* by a linear attacker: leave
some out, and the others differ a little the other way round. The fewer are left out, the more surely so. An attacker
who knows that turns the answers round.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fmm_core.audit.attackers import LINEAR_RIDGE
from fmm_core.audit.folds import deal
from fmm_core.audit.intervals import Estimate, estimate
from fmm_core.types import Floats

FOLDS_BY_SHARE = {50: 2, 80: 5, 90: 10}
"""Into how many folds people are dealt so that an attacker knows so many percent of the labels."""


@dataclass(frozen=True)
class Known:
    """The plain linear attacker who knows `percent` of the labels, and what groups that match exactly would read."""

    percent: int
    figure: Estimate
    matched: float


def by_share(z: Floats, codes: NDArray[np.integer], users: NDArray[np.str_], seed: int = 0) -> list[Known]:
    """The plain linear attacker, two-sided, who knows 50, 80 and 90 % of the labels.

    Parameters
    ----------
    z : people × d, standardised
    codes : group of every person, 0 … classes − 1, none undisclosed

    Returns
    -------
    One entry per share. AUCs below ½ are what is left after over-correction: turned round they read 1 − AUC. Intervals
    with ν = 1.
    """
    one_hot = (codes[:, None] == np.arange(codes.max() + 1)).astype(np.float64)
    targets = one_hot[:, 1:] if one_hot.shape[1] == 2 else one_hot
    everyone = np.ones(len(codes), bool)
    found = []
    for percent, count in FOLDS_BY_SHARE.items():
        folds = deal(users, [codes.astype(np.int16)], seed, count)
        figure = estimate(_out_of_fold(z.astype(np.float64), targets, folds), None, codes, folds, everyone)
        found.append(Known(percent, figure, exact_match(z.shape[1], count, np.bincount(codes))))
    return found


def exact_match(dimensions: int, folds: int, counts: NDArray[np.integer]) -> float:
    """AUC of a linear attacker where the groups' means are equal to the last digit: ``Φ(−√(d(K−1)(1/m+1/n)/2))``.

    Parameters
    ----------
    counts : people per group; with several groups, each against the rest, averaged
    """
    m = counts[1:] if len(counts) == 2 else counts
    n = counts.sum() - m
    return float(ndtr(-np.sqrt(dimensions * (folds - 1) * (1 / m + 1 / n) / 2)).mean())


def _out_of_fold(z: NDArray[np.float64], targets: NDArray[np.float64], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ridge scores (people × columns) of every fold by the others; up to a constant per fold, which no rank sees."""
    scores = np.empty(targets.shape)
    for fold in np.unique(folds):
        inside = folds == fold
        centre, known = z[~inside].mean(axis=0), targets[~inside]
        x = z[~inside] - centre
        system = x.T @ x + LINEAR_RIDGE * np.eye(x.shape[1])
        scores[inside] = (z[inside] - centre) @ np.linalg.solve(system, x.T @ (known - known.mean(axis=0)))
    return scores
