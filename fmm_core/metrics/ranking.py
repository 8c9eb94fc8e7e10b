"""Top-k lists by full ranking, and one value per user and metric (formulas: METHOD.md, "Data, split, metrics")."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.types import Floats, Representations

SCORES = 4_000_000
"""Scores held at a time (16 MB): users are ranked in blocks of `SCORES` ÷ items."""

NO_ITEM = -1
"""Fills a list where a user has fewer candidates than places."""

METRICS = ("recall", "ndcg", "precision", "map")


class Top(NamedTuple):
    """`items` int32 and `scores` float32, users × k, best first."""

    items: NDArray[np.int32]
    scores: Floats


def top_k(representations: Representations, masked: csr_matrix, k: int, block: int | None = None) -> Top:
    """Rank all items for every user, leaving out those in `masked`; equal scores are ordered by item.

    Parameters
    ----------
    masked : users × items
    block : users ranked at a time; as many as `SCORES` allows if not given

    Returns
    -------
    Top with users × k entries; `NO_ITEM` and −inf where candidates run out.
    """
    n_users, n_items = masked.shape
    block = block or max(1, SCORES // n_items)
    top = Top(np.full((n_users, k), NO_ITEM, np.int32), np.full((n_users, k), -np.inf, np.float32))
    for start in range(0, n_users, block):
        rows = slice(start, start + block)
        scores = _scores(representations, rows)
        hidden = masked[rows]
        scores[np.repeat(np.arange(len(scores)), np.diff(hidden.indptr)), hidden.indices] = -np.inf
        user, rank, item = _best(scores, min(k, n_items))
        top.items[start + user, rank] = item
        top.scores[start + user, rank] = scores[user, item]
    return top


def _scores(representations: Representations, rows: slice) -> Floats:
    scores = representations.user[rows] @ representations.item.T  # (block, items)
    if representations.item_bias is not None:
        scores += representations.item_bias
    return scores


def _best(scores: Floats, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Row, rank and item of the k best of every row; −inf is no candidate."""
    last = scores.shape[1] - k
    threshold = np.partition(scores, last, axis=1)[:, last : last + 1]
    row, item = np.nonzero((scores >= threshold) & (scores > -np.inf))  # everything that ties with the k-th best
    order = np.lexsort((-scores[row, item], row))  # stable, so that equal scores stay in the order of items
    row, item = row[order], item[order]
    counts = np.bincount(row, minlength=len(scores))
    rank = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts)
    kept = rank < k
    return row[kept], rank[kept], item[kept]


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
    """Mean Recall@k over users with held-out items, 0 without any such user: what early stopping watches."""
    judged = np.flatnonzero(np.diff(held_out.indptr))
    if len(judged) == 0:
        return 0.0
    wanted = held_out[judged]
    top = top_k(representations.with_user(representations.user[judged]), masked[judged], k)
    return float((hits(top.items, wanted).sum(axis=1) / np.diff(wanted.indptr)).mean())
