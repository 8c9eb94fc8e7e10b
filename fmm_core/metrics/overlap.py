"""How alike two lists, or two people's scores, are; one value a pair."""

import numpy as np
from numpy.typing import NDArray

from fmm_core.metrics.ranking import NO_ITEM, SCORES
from fmm_core.types import Floats, Representations

PERSISTENCE = 0.9
"""Chance that a reader of a list goes on to the next place: the first ten places carry 86 % of the weight."""

Lists = NDArray[np.int32]
Values = NDArray[np.float64]


def jaccard(first: Lists, second: Lists) -> Values:
    """Items in both lists divided by items in either, pair by pair; NaN where both are empty.

    Parameters
    ----------
    first, second : pairs × ranks, filled up with `NO_ITEM`
    """
    shared = _same(first, second).sum(axis=(1, 2))
    either = (first != NO_ITEM).sum(axis=1) + (second != NO_ITEM).sum(axis=1) - shared
    return np.divide(shared, either, out=np.full(len(first), np.nan), where=either > 0)


def rbo(first: Lists, second: Lists, p: float = PERSISTENCE) -> Values:
    """Rank-biased overlap, extrapolated: ``(X_k/k) pᵏ + (1 − p)/p Σ_{d=1}^k (X_d/d) pᵈ`` (Webber et al. 2010, eq. 32).

    X_d is how many items the first d places of both lists share. 1: the same order; 0: nothing shared.

    Parameters
    ----------
    first, second : pairs × k, best first
    """
    k = first.shape[1]
    deeper = np.maximum(np.arange(k)[:, None], np.arange(k))  # the depth from which on two places are both seen
    same = _same(first, second)
    shared = np.stack([same[:, deeper == depth].sum(axis=1) for depth in range(k)], axis=1).cumsum(axis=1)
    depth = np.arange(1, k + 1)
    agreement = shared / depth  # (pairs, depths)
    return agreement[:, -1] * p**k + (1 - p) / p * (agreement * p**depth).sum(axis=1)


def _same(first: Lists, second: Lists) -> NDArray[np.bool_]:
    return (first[:, :, None] == second[:, None, :]) & (first != NO_ITEM)[:, :, None]


def score_shift(representations: Representations, first: Floats, second: Floats) -> Values:
    """Mean absolute difference of two people's scores over all items, each person's scores at mean 0 and spread 1.

    0: the same taste; two unrelated people with normal scores: ``2/√π`` ≈ 1.13.

    Parameters
    ----------
    first, second : user vectors, pairs × d, in place of `representations.user`
    """
    block = max(1, SCORES // len(representations.item))
    parts = [
        np.abs(_standard(representations, first[rows]) - _standard(representations, second[rows])).mean(axis=1)
        for rows in (slice(start, start + block) for start in range(0, len(first), block))
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _standard(representations: Representations, user: Floats) -> Values:
    scores = (user @ representations.item.T).astype(np.float64)
    if representations.item_bias is not None:
        scores += representations.item_bias
    centred = scores - scores.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
