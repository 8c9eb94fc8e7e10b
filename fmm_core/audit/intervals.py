"""AUC within folds, and an interval that knows how attackers share their training people (AUDIT.md, 3 and 4)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

from fmm_core.audit.folds import FOLDS

Z95 = 1.959964
SMALL_CLASS = 50
"""Classes with fewer people get at least the variance of pure chance."""


@dataclass(frozen=True)
class Estimate:
    """An AUC with its 95 % interval and two-sided p-value; NaN where no class could be judged."""

    value: float
    low: float
    high: float
    p_value: float
    n: int


NOTHING = Estimate(np.nan, np.nan, np.nan, np.nan, 0)


def auc_columns(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """AUC of every column of `scores` (people × columns); ties count half. NaN if a class is empty."""
    m = int(positive.sum())
    n = len(positive) - m
    if m == 0 or n == 0:
        return np.full(scores.shape[1], np.nan)
    ranks = rankdata(scores, axis=0)
    return (ranks[positive].sum(axis=0) - m * (m + 1) / 2) / (m * n)


def _placements(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For a positive: the share of negatives below it; for a negative: the share of positives above it."""
    m, n = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(scores)
    place = np.empty(len(scores))
    place[positive] = (ranks[positive] - rankdata(scores[positive])) / n
    place[~positive] = 1 - (ranks[~positive] - rankdata(scores[~positive])) / m
    return place


def influence(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], folds: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    """Fold-averaged AUC (folds weighted by their positives) and every person's influence on it (DeLong; LeDell 2015).

    Folds without positives or without negatives are left out.
    """
    weights, areas, places = [], [], []
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        m = int(positive[rows].sum())
        if m == 0 or m == len(rows):
            continue
        place = _placements(scores[rows], positive[rows])
        weights.append(m)
        areas.append(place[positive[rows]].mean())
        places.append((rows, place, m))
    curve = np.zeros(len(scores))
    if not weights:
        return np.nan, curve
    total = sum(weights)
    for (rows, place, m), area in zip(places, areas, strict=True):
        size = np.where(positive[rows], m, len(rows) - m)
        curve[rows] = m / total * (place - area) / size
    return float(np.average(areas, weights=weights)), curve


def mann_whitney_variance(m: int, n: int) -> float:
    """Variance of an AUC of scores that know nothing: ``(m + n + 1) / (12 m n)``."""
    return (m + n + 1) / (12 * m * n)


def stability(
    scores: NDArray[np.floating], retrained: NDArray[np.floating], positive: NDArray[np.bool_], folds: NDArray[np.int64]
) -> float:
    """ν = clip((K − 2)(1/r² − 1), 0, 1): how much the variance grows because the attackers themselves vary.

    Parameters
    ----------
    scores : outer scores, people
    retrained : people × folds; column j comes from the attacker trained without j as well; a person's own column is
        ignored. r is the mean within-class correlation between the two on each fold.
    """
    correlations: list[float] = []
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        if len(rows) < 4:
            continue
        first = _centred(scores[rows], positive[rows])
        for other in range(FOLDS):
            if other != fold:
                second = _centred(retrained[rows, other], positive[rows])
                norm = np.sqrt((first @ first) * (second @ second))
                correlations.append(float(first @ second / norm) if norm > 0 else 0.0)
    r = max(float(np.mean(correlations)) if correlations else 0.0, 1e-6)
    return float(np.clip((FOLDS - 2) * (1 / r**2 - 1), 0, 1))


def _centred(values: NDArray[np.floating], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    centred = values.astype(np.float64)
    for group in (positive, ~positive):
        if group.any():
            centred[group] -= centred[group].mean()
    return centred


def estimate(
    scores: NDArray[np.floating],
    retrained: NDArray[np.floating] | None,
    codes: NDArray[np.integer],
    folds: NDArray[np.int64],
    people: NDArray[np.bool_],
) -> Estimate:
    """Macro one-vs-rest AUC of `people`, its interval, and p against guessing.

    Parameters
    ----------
    scores : people × columns; one column (of class 1) for two classes, else one per class
    retrained : people × folds × columns as in `attackers`, or None: then ν = 1, the most there can be
    people : whom to judge; all others are ignored

    Notes
    -----
    The variance of ``mean over classes`` is that of the classes' influences averaged per person, times 1 + ν, plus what
    small classes lack to the variance of chance. p: ``z = (AUC − ½) / (√2 · Mann–Whitney SE)``, because under chance
    people of different folds sit in each other's training sets and the variance is twice Mann–Whitney's.
    """
    labels = [1] if scores.shape[1] == 1 else list(range(scores.shape[1]))
    code, fold = codes[people], folds[people]
    areas: list[float] = []
    curves: list[NDArray[np.float64]] = []
    novel: list[tuple[float, float]] = []
    chance: list[float] = []
    lacking = 0.0
    for column, label in enumerate(labels):
        positive = code == label
        m, n = int(positive.sum()), int((~positive).sum())
        if min(m, n) < 2:
            continue
        area, curve = influence(scores[people, column], positive, fold)
        if np.isnan(area):
            continue
        variance = float(curve @ curve)
        least = mann_whitney_variance(m, n)
        nu = 1.0
        if retrained is not None:
            nu = stability(scores[people, column], retrained[people, :, column], positive, fold)
        if min(m, n) < SMALL_CLASS:
            lacking += max(least - variance, 0.0)
        areas.append(area)
        curves.append(curve)
        novel.append((nu, max(variance, 1e-12)))
        chance.append(least)
    if not areas:
        return NOTHING
    return _summary(areas, curves, novel, lacking, chance, int(people.sum()))


def _summary(
    areas: list[float],
    curves: list[NDArray[np.float64]],
    novel: list[tuple[float, float]],
    lacking: float,
    chance: list[float],
    n: int,
) -> Estimate:
    count = len(areas)
    value = float(np.mean(areas))
    mean_curve = np.mean(curves, axis=0)
    nu = float(np.average([pair[0] for pair in novel], weights=[pair[1] for pair in novel]))
    variance = (float(mean_curve @ mean_curve) + lacking / count**2) * (1 + nu)
    half = Z95 * np.sqrt(variance)
    z = (value - 0.5) / np.sqrt(2 * sum(chance) / count**2)
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), float(2 * ndtr(-abs(z))), n)
