"""Top-k lists by full ranking, and one value per user and metric (formulas: METHOD.md, "Data, split, metrics")."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.types import Floats, Representations

BLOCK = 1024
"""Users ranked at a time; bounds memory at BLOCK × items scores."""

NO_ITEM = -1
"""Fills a list where a user has fewer candidates than places."""

METRICS = ("recall", "ndcg", "precision", "map")


class Top(NamedTuple):
    """`items` int32 and `scores` float32, users × k, best first."""

    items: NDArray[np.int32]
    scores: Floats


def top_k(representations: Representations, masked: csr_matrix, k: int, block: int = BLOCK) -> Top:
    """Rank all items for every user, leaving out those in `masked`; equal scores are ordered by item.

    Returns
    -------
    Top with users × k entries; `NO_ITEM` and −inf where candidates run out.
    """
    n_users, n_items = masked.shape
    items = np.full((n_users, k), NO_ITEM, np.int32)
    scores = np.full((n_users, k), -np.inf, np.float32)
    for start in range(0, n_users, block):
        rows = slice(start, min(start + block, n_users))
        found, values = _rank(_scores(representations, rows), masked[rows], min(k, n_items))
        width = found.shape[1]
        items[rows, :width], scores[rows, :width] = found, values
    items[np.isneginf(scores)] = NO_ITEM
    return Top(items, scores)


def _scores(representations: Representations, rows: slice) -> Floats:
    scores = representations.user[rows] @ representations.item.T  # (block, items)
    if representations.item_bias is not None:
        scores += representations.item_bias
    return scores


def _rank(scores: Floats, masked: csr_matrix, k: int) -> tuple[NDArray[np.int64], Floats]:
    scores[np.repeat(np.arange(len(scores)), np.diff(masked.indptr)), masked.indices] = -np.inf
    threshold = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    candidates = np.where(scores >= threshold, -scores, np.inf)  # all ties of the last place compete, lowest item first
    if k < scores.shape[1]:
        widest = int((candidates < np.inf).sum(axis=1).max())
        pool = np.sort(np.argpartition(candidates, min(widest, scores.shape[1]) - 1, axis=1)[:, :widest], axis=1)
    else:
        pool = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    values = np.take_along_axis(scores, pool, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(pool, order, axis=1), np.take_along_axis(values, order, axis=1)


def hits(items: NDArray[np.int32], held_out: csr_matrix) -> NDArray[np.bool_]:
    """Whether each recommended item is among the user's held-out ones, users × k."""
    n_users, n_items = held_out.shape
    owned = np.repeat(np.arange(n_users, dtype=np.int64), np.diff(held_out.indptr)) * n_items + held_out.indices
    wanted = np.arange(n_users, dtype=np.int64)[:, None] * n_items + items
    return np.isin(wanted, owned) & (items != NO_ITEM)


def per_user(
    items: NDArray[np.int32], held_out: csr_matrix, ks: Sequence[int]
) -> dict[tuple[str, int], NDArray[np.float64]]:
    """Recall, NDCG, Precision and average precision at every k, one value a user; NaN for users without held-out items.

    Parameters
    ----------
    items : int32, users × at least max(ks), best first
    held_out : users × items
    """
    hit = hits(items, held_out)[:, : max(ks)].astype(np.float64)  # (users, ranks)
    relevant = np.diff(held_out.indptr).astype(np.float64)  # (users,)
    nobody = relevant == 0
    ranks = np.arange(1, hit.shape[1] + 1)
    discount = 1 / np.log2(ranks + 1)
    found = hit.cumsum(axis=1)
    gain = (hit * discount).cumsum(axis=1)
    precision_at_hits = (hit * found / ranks).cumsum(axis=1)
    result = {}
    for k in ks:
        reachable = np.maximum(np.minimum(relevant, k), 1)
        ideal = discount.cumsum()[reachable.astype(int) - 1]
        values = {
            "recall": found[:, k - 1] / np.maximum(relevant, 1),
            "ndcg": gain[:, k - 1] / ideal,
            "precision": found[:, k - 1] / k,
            "map": precision_at_hits[:, k - 1] / reachable,
        }
        for metric, value in values.items():
            result[metric, k] = np.where(nobody, np.nan, value)
    return result


def recall_at(representations: Representations, masked: csr_matrix, held_out: csr_matrix, k: int) -> float:
    """Mean Recall@k over users with held-out items: what early stopping watches."""
    top = top_k(representations, masked, k)
    relevant = np.diff(held_out.indptr)
    judged = relevant > 0
    found = hits(top.items, held_out).sum(axis=1)
    return float((found[judged] / relevant[judged]).mean()) if judged.any() else 0.0
