"""AUC within folds, and an interval that knows how attackers share their training people (AUDIT.md, 3 and 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    """An AUC with its 95 % interval and two-sided p-value; NaN where no class could be judged.

    `classes` says over how many classes the AUC is averaged: those with two people inside and two outside.
    """

    value: float
    low: float
    high: float
    p_value: float
    n: int
    classes: int


NOTHING = Estimate(np.nan, np.nan, np.nan, np.nan, 0, 0)


@dataclass(frozen=True)
class Difference:
    """Two AUCs of the same people and how much they differ, after − before, with its 95 % interval; NaN if nothing
    could be judged.
    """

    before: float
    after: float
    value: float
    low: float
    high: float


NO_DIFFERENCE = Difference(np.nan, np.nan, np.nan, np.nan, np.nan)

Scored = tuple[NDArray[np.floating], NDArray[np.floating] | None]
"""Outer scores (people × columns), and retrained scores (people × folds × columns) or None."""


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


def chance_variance(scores: NDArray[np.floating], positive: NDArray[np.bool_], folds: NDArray[np.int64]) -> float:
    """Variance of the macro AUC when labels are dealt out again within folds and the scores stay.

    Parameters
    ----------
    scores, positive : people × columns, one column per class that is judged

    Notes
    -----
    Exact. With ranks R and indicators Y of one fold, both centred, N people, m in a class and n outside it,
    ``Cov(AUC_a, AUC_b) = (RᵀR)_ab (YᵀY)_ab / ((N − 1) m_a n_a m_b n_b)`` (Hoeffding 1951). One column gives
    Mann–Whitney's variance. Several classes are not independent: where one score is high the others are low, and so
    are the labels, so their AUCs rise together; at three classes the error is 1.22 times that of independent ones.
    """
    return _dealt_variance(_ranks(scores, folds), positive, folds)


def _ranks(scores: NDArray[np.floating], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rank of every score within its fold, column by column."""
    ranks = np.empty(scores.shape)
    for fold in np.unique(folds):
        ranks[folds == fold] = rankdata(scores[folds == fold], axis=0)
    return ranks


def _dealt_variance(ranks: NDArray[np.float64], positive: NDArray[np.bool_], folds: NDArray[np.int64]) -> float:
    """`chance_variance` from ranks, or from differences of ranks: then of the difference of two macro AUCs."""
    weights = _fold_weights(positive, folds)  # (folds, columns)
    total = 0.0
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        if len(rows) < 2 or not weights[fold].any():
            continue
        own, inside = ranks[rows] - ranks[rows].mean(axis=0), positive[rows].astype(np.float64)
        count = inside.sum(axis=0)
        pairs = np.maximum(count * (len(rows) - count), 1)
        inside = inside - inside.mean(axis=0)
        scale = weights[fold] / pairs
        total += float(scale @ ((own.T @ own) * (inside.T @ inside)) @ scale) / (len(rows) - 1)
    return total / ranks.shape[1] ** 2


def _fold_weights(positive: NDArray[np.bool_], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of a class's people in each fold that holds some of them and some others, folds × columns."""
    inside = np.array([positive[folds == fold].sum(axis=0) for fold in range(FOLDS)], np.float64)
    size = np.array([[(folds == fold).sum()] for fold in range(FOLDS)])
    inside[inside == size] = 0
    return inside / np.maximum(inside.sum(axis=0), 1)


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
    small classes lack to the variance of chance. p: ``z = (AUC − ½) / √(2 · chance_variance)``, because under chance
    people of different folds sit in each other's training sets and the variance is twice that of fixed scores.
    """
    return estimate_over_draws([(scores, retrained)], codes, [folds], people)


def estimate_over_draws(
    draws: Sequence[Scored],
    codes: NDArray[np.integer],
    partitions: Sequence[NDArray[np.int64]],
    people: NDArray[np.bool_],
) -> Estimate:
    """`estimate` of one attacker in several partitions of the same people: AUCs and influences averaged per person.

    Parameters
    ----------
    draws : scores and retrained scores, one pair per partition

    Notes
    -----
    What the draw of folds adds to a person's influence averages out and the interval narrows; ν is the draws' mean.
    p stays careful: the variance by chance is the mean of the draws', more than that of their mean. Classes that some
    draw cannot judge are left out.
    """
    pairs = zip(draws, partitions, strict=True)
    found = [_classes(scored, codes, folds, people) for scored, folds in pairs]
    common = set.intersection(*({one.label for one in classes} for classes in found))
    if not common:
        return NOTHING
    found = [[one for one in classes if one.label in common] for classes in found]
    chance = np.mean([_chance(classes, folds[people]) for classes, folds in zip(found, partitions, strict=True)])
    return _summary([_averaged(same) for same in zip(*found, strict=True)], float(chance))


def paired_difference(
    before: Scored, after: Scored, codes: NDArray[np.integer], folds: NDArray[np.int64], people: NDArray[np.bool_]
) -> Difference:
    """How much the macro AUC of the same attack on the same `people`, in the same `folds`, has changed.

    Parameters
    ----------
    before, after : scores and retrained scores as in `estimate`
    people : whom to judge; all others are ignored

    Notes
    -----
    ``value ± 1.96 √((1 + ν) Σ_users (IC_after − IC_before)²)``, IC a person's influence on the macro AUC as in
    `estimate`: whoever is read well before and after is so for one reason, and that chance cancels. Classes under
    `SMALL_CLASS` people get at least the variance that the difference has when labels are dealt out again within folds
    and both scores stay: `chance_variance` with differences of ranks. Equal scores give an interval of width 0.

    Approximate in three ways. ν is the larger of the two phases', though what two attackers owe to the people they
    share for training may cancel as well or may not. The influences are those of given scores, so the choice of the
    attacker enters only through ν. What is covered is the difference of the average AUCs, on new people of the same
    kind, of the attackers fitted here: not that of the best possible ones, nor of another run of the mitigation, and a
    mitigation that matched these very people finds new ones another kind. Covers 91.5–100 % (mean 96) in 21 cells of
    planted leaks and the linear attacker.

    Pairing can widen: where people who were read well are now read wrongly (correlation of influences −0.6 after D2D-R
    on MovieLens-100K), errors add up instead of cancelling.
    """
    first, second = _classes(before, codes, folds, people), _classes(after, codes, folds, people)
    if not first:
        return NO_DIFFERENCE
    pairs = list(zip(first, second, strict=True))
    old_area, new_area = (float(np.mean([one.area for one in found])) for found in (first, second))
    curve = np.mean([new.curve - old.curve for old, new in pairs], axis=0)
    lacking = sum(_lacking_change(old, new, folds[people]) for old, new in pairs) / len(pairs) ** 2
    half = Z95 * float(np.sqrt((float(curve @ curve) + lacking) * (1 + max(_nu(first), _nu(second)))))
    value = new_area - old_area
    return Difference(old_area, new_area, value, max(value - half, -1.0), min(value + half, 1.0))


def _classes(
    scored: Scored, codes: NDArray[np.integer], folds: NDArray[np.int64], people: NDArray[np.bool_]
) -> list["_OneClass"]:
    """Every class that can be judged; which ones depends on codes, folds and people alone."""
    scores, retrained = scored
    code, fold = codes[people], folds[people]
    found: list[_OneClass] = []
    for column, label in enumerate([1] if scores.shape[1] == 1 else range(scores.shape[1])):
        again = None if retrained is None else retrained[people, :, column]
        found += _one_class(label, scores[people, column], again, code == label, fold)
    return found


@dataclass(frozen=True)
class _OneClass:
    """One class against the rest: its AUC, everybody's influence on it, ν, and what a small class lacks."""

    label: int
    scores: NDArray[np.floating]
    positive: NDArray[np.bool_]
    area: float
    curve: NDArray[np.float64]
    nu: float
    lacking: float


def _one_class(
    label: int,
    scores: NDArray[np.floating],
    retrained: NDArray[np.floating] | None,
    positive: NDArray[np.bool_],
    folds: NDArray[np.int64],
) -> list[_OneClass]:
    """The class, or nothing if too few people are inside or outside of it to say anything."""
    m, n = int(positive.sum()), int((~positive).sum())
    if min(m, n) < 2:
        return []
    area, curve = influence(scores, positive, folds)
    if np.isnan(area):
        return []
    nu = 1.0 if retrained is None else stability(scores, retrained, positive, folds)
    return [_OneClass(label, scores, positive, area, curve, nu, _lacking(positive, curve))]


def _lacking(positive: NDArray[np.bool_], curve: NDArray[np.float64]) -> float:
    """What the variance of a small class lacks to that of pure chance."""
    m, n = int(positive.sum()), int((~positive).sum())
    return max(mann_whitney_variance(m, n) - float(curve @ curve), 0.0) if min(m, n) < SMALL_CLASS else 0.0


def _averaged(draws: Sequence[_OneClass]) -> _OneClass:
    """One class over several partitions; what is asked of single scores is asked before."""
    curve = np.mean([one.curve for one in draws], axis=0)
    area, nu = (float(np.mean(values)) for values in zip(*((one.area, one.nu) for one in draws), strict=True))
    return replace(draws[0], area=area, curve=curve, nu=nu, lacking=_lacking(draws[0].positive, curve))


def _chance(found: list[_OneClass], folds: NDArray[np.int64]) -> float:
    scores, positive = np.column_stack([one.scores for one in found]), np.column_stack([one.positive for one in found])
    return chance_variance(scores, positive, folds)


def _summary(found: list[_OneClass], chance: float) -> Estimate:
    count = len(found)
    value = float(np.mean([one.area for one in found]))
    curve = np.mean([one.curve for one in found], axis=0)
    variance = (float(curve @ curve) + sum(one.lacking for one in found) / count**2) * (1 + _nu(found))
    half = Z95 * float(np.sqrt(variance))
    # all scores equal: nothing was said, and nothing can be rejected
    p_value = float(2 * ndtr(-abs(value - 0.5) / np.sqrt(2 * chance))) if chance > 0 else 1.0
    classes = max(count, 2)  # one column judges two classes
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), p_value, len(curve), classes)


def _nu(found: list[_OneClass]) -> float:
    """ν of the macro AUC: classes count by their variance."""
    return float(
        np.average([one.nu for one in found], weights=[max(float(one.curve @ one.curve), 1e-12) for one in found])
    )


def _lacking_change(old: _OneClass, new: _OneClass, folds: NDArray[np.int64]) -> float:
    """What a small class's difference lacks to the variance it has by chance."""
    m, n = int(old.positive.sum()), int((~old.positive).sum())
    if min(m, n) >= SMALL_CLASS:
        return 0.0
    ranks = _ranks(new.scores[:, None], folds) - _ranks(old.scores[:, None], folds)
    curve = new.curve - old.curve
    return max(_dealt_variance(ranks, old.positive[:, None], folds) - float(curve @ curve), 0.0)
