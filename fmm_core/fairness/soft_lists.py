"""Recommendation lists as something that can be differentiated: who is read by a list is moved with it in view."""

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Generator, Tensor
from torch.autograd import Function

from fmm_core.fairness.features import View, between, held_standard
from fmm_core.metrics.ranking import top_k
from fmm_core.types import Representations

LENGTHS = (10.0, 60.0)
"""Least and greatest length of a list that is looked at."""
BASE_LIST = 60
"""Items are told from each other by who is shown them in lists of this length."""
MOST_ITEMS = 1500
DIRECTIONS = 128
BLOCK = 512
SOFTNESS = 4.0
"""A list's edge is as wide as the scores from half to twice its length, divided by this."""
TINY = 1e-6


class SoftLists:
    """Memberships in everyone's top list, softened at its edge, along the directions in which lists differ.

    With θ the score of the last item and τ the width of the edge, item j belongs to a list of a person with vector x
    by ``m_j = sigmoid((x · v_j + b_j − θ) / τ)``; θ moves so that the list keeps its length. Its length is drawn
    anew each time.

    Parameters
    ----------
    base : of the people that are moved, in the order of `seen`
    seen : people × items; what a masked list leaves out

    Notes
    -----
    Only the `MOST_ITEMS` that are listed most often count. The directions are singular ones of the base's lists.
    """

    def __init__(self, base: Representations, seen: csr_matrix, seed: int) -> None:
        lists = _multi_hot(top_k(base, csr_matrix(seen.shape, dtype=np.float32), BASE_LIST).items, seen.shape[1])
        lists = (lists + _multi_hot(top_k(base, seen, BASE_LIST).items, seen.shape[1])).tocsr()
        kept = np.argsort(-np.asarray(lists.sum(axis=0)).ravel(), kind="stable")[:MOST_ITEMS]
        bias = np.zeros(len(base.item), np.float32) if base.item_bias is None else base.item_bias
        self._items, self._bias = torch.from_numpy(base.item[kept]), torch.from_numpy(bias[kept])
        self._seen = torch.from_numpy(np.asarray(seen[:, kept].astype(bool).todense()))
        self._directions = torch.from_numpy(_directions(lists[:, kept], seed))

    def look(self, given: Tensor, masked: bool, random: Generator) -> View:
        """A view of everyone's lists at their vectors (people × d)."""
        length = min(round(between(LENGTHS, random)), len(self._items) // 2)
        hidden = self._seen if masked else torch.zeros(len(given), 0, dtype=torch.bool)
        return View(held_standard(_Memberships.apply(given, self._items, self._bias, self._directions, hidden, length)))


def _multi_hot(items: np.ndarray, n_items: int) -> csr_matrix:
    rows, places = np.nonzero(items >= 0)
    ones = np.ones(len(rows), np.float32)
    return csr_matrix((ones, (rows, items[rows, places])), shape=(len(items), n_items))


def _directions(lists: csr_matrix, seed: int) -> np.ndarray:
    """Leading right singular vectors, items × directions."""
    from sklearn.decomposition import TruncatedSVD

    rank = max(min(DIRECTIONS, min(lists.shape) - 1), 1)
    return TruncatedSVD(rank, random_state=seed).fit(lists).components_.T.astype(np.float32).copy()


class _Memberships(Function):
    """``m @ directions`` in blocks of people; memberships are computed again on the way back rather than kept."""

    @staticmethod
    def forward(
        ctx: Any, given: Tensor, items: Tensor, bias: Tensor, directions: Tensor, hidden: Tensor, length: int
    ) -> Tensor:
        found, edges = torch.empty(len(given), directions.shape[1]), torch.empty(len(given), 2)
        for rows in _blocks(len(given)):
            scores = _scores(given[rows], items, bias, hidden[rows])
            edges[rows] = _edges(scores, length)
            found[rows] = _members(scores, edges[rows]) @ directions
        ctx.save_for_backward(given, items, bias, directions, hidden, edges)
        return found

    @staticmethod
    def backward(ctx: Any, weights: Tensor) -> tuple[Tensor | None, ...]:
        given, items, bias, directions, hidden, edges = ctx.saved_tensors
        found = torch.empty_like(given)
        for rows in _blocks(len(given)):
            member = _members(_scores(given[rows], items, bias, hidden[rows]), edges[rows])
            slope = member * (1 - member) / edges[rows, 1:]
            pulled = (weights[rows] @ directions.T) * slope
            middle = (slope @ items) / slope.sum(dim=1, keepdim=True).clamp(min=TINY)
            found[rows] = pulled @ items - pulled.sum(dim=1, keepdim=True) * middle
        return found, None, None, None, None, None


def _scores(vectors: Tensor, items: Tensor, bias: Tensor, hidden: Tensor) -> Tensor:
    scores = vectors @ items.T + bias
    return scores.masked_fill(hidden, -torch.inf) if hidden.shape[1] else scores


def _edges(scores: Tensor, length: int) -> Tensor:
    """Score of the last item and width of the edge, people × 2."""
    best = scores.topk(2 * length, dim=1).values
    width = ((best[:, length // 2] - best[:, -1]) / SOFTNESS).nan_to_num(1.0, 1.0, 1.0).clamp(min=TINY)
    return torch.stack([best[:, length - 1], width], dim=1)


def _members(scores: Tensor, edges: Tensor) -> Tensor:
    """Memberships, people × items; none of lists that end in hidden items."""
    return torch.sigmoid((scores - edges[:, :1]) / edges[:, 1:]).nan_to_num(0.0)


def _blocks(count: int) -> list[slice]:
    return [slice(start, start + BLOCK) for start in range(0, count, BLOCK)]
