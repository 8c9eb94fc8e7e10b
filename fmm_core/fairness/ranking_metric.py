"""How much a person's own list minds being moved: the geometry in which the flow takes its steps."""

from collections.abc import Iterator

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from fmm_core.metrics.ranking import top_k
from fmm_core.types import Representations

CANDIDATES = 300
"""Best unseen items of every person whose order is guarded."""
BLOCK = 512
HALVINGS = 40
COLDEST, HOTTEST = 1e-3, 1e3
FLATTEST = 1e-6


class RankingMetric:
    """Keeps everyone's list: cheap and dear directions of a step, and the way back.

    A person with vector x chooses among their best unseen items j with probability ``p_j ∝ exp(t (x · v_j + b_j))``,
    where t gives the choice the wanted perplexity. Moving away from the vector x⁰ costs

        D(x) = KL(p⁰ ‖ p) / t²  +  ½ (x − x⁰)ᵀ K (x − x⁰),      K = prior · trace(C H̄) / d · C⁻¹

    whose second derivative is ``H + K`` at x⁰, H the covariance of the items under p⁰ and H̄ its mean (METHOD.md,
    "witness flow", 1, with the temperature a perplexity, so that it means the same on every base). K keeps people where
    people are: C is the covariance of the vectors. METHOD.md weighs H against K by trace(H) / trace(C⁻¹): where vectors
    are flat in some directions that leaves hardly any K in the others, a few people run off, and nobody else moves.

    Parameters
    ----------
    base : representations of the people that are moved, in the order of `seen`
    seen : people × items; what a list leaves out
    spread : C, d × d
    prior : weight of K against H
    perplexity : how many items a person chooses among, as it were

    Notes
    -----
    Memory: d² + 2 · `CANDIDATES` numbers a person.
    """

    def __init__(
        self, base: Representations, seen: csr_matrix, spread: Tensor, *, prior: float, perplexity: float
    ) -> None:
        top = top_k(base, seen, min(CANDIDATES, seen.shape[1]))
        self._items = torch.from_numpy(top.items.astype(np.int64))  # (people, candidates)
        self._start = torch.from_numpy(base.user)
        self._vectors = torch.from_numpy(base.item)
        bias = np.zeros(len(base.item), np.float32) if base.item_bias is None else base.item_bias
        self._bias = torch.from_numpy(bias)
        self._temper = _tempered(torch.from_numpy(top.scores), perplexity)  # (people, 1)
        self._chosen = torch.cat([chosen for _, _, chosen in self._choices(self._start)])
        hessians = self._hessians()
        inverse = _inverse(spread)
        self._prior = prior * (hessians.mean(dim=0) * spread).sum() / len(spread) * inverse
        for rows in _blocks(len(hessians)):
            hessians[rows] = torch.linalg.inv(hessians[rows] + self._prior)
        self._inverse = hessians  # (people, d, d)

    def steer(self, gradient: Tensor) -> Tensor:
        """``(H + K)⁻¹ g`` of everybody: the cheapest step that gains as much along g; people × d."""
        return torch.einsum("nij,nj->ni", self._inverse, gradient)

    def back(self, vectors: Tensor) -> Tensor:
        """``(H + K)⁻¹ ∇D``: what to subtract from the vectors to be back, to first order; people × d."""
        gradient = (vectors - self._start) @ self._prior
        for rows, items, now in self._choices(vectors):
            gradient[rows] += torch.einsum("nk,nkd->nd", now - self._chosen[rows], items) / self._temper[rows]
        return self.steer(gradient)

    def _hessians(self) -> Tensor:
        found = torch.empty(len(self._start), self._start.shape[1], self._start.shape[1])
        for rows, items, chosen in self._choices(self._start):
            centred = items - torch.einsum("nk,nkd->nd", chosen, items)[:, None]
            weighted = chosen.sqrt()[..., None] * centred
            found[rows] = weighted.transpose(1, 2) @ weighted
        return found

    def _choices(self, vectors: Tensor) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """Rows, the vectors of their candidates (rows × candidates × d) and the chances of choosing them."""
        for rows in _blocks(len(vectors)):
            places = self._items[rows].clamp(min=0)
            items = self._vectors[places]
            scores = torch.einsum("nkd,nd->nk", items, vectors[rows]) + self._bias[places]
            yield rows, items, _softmax(self._temper[rows] * scores, self._items[rows] >= 0)


def _inverse(spread: Tensor) -> Tensor:
    """Directions in which hardly anybody differs count as if they differed by `FLATTEST` of the widest."""
    values, axes = torch.linalg.eigh(spread.double())
    return ((axes / values.clamp(min=FLATTEST * float(values[-1]))) @ axes.T).float()


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))


def _softmax(scores: Tensor, there: Tensor) -> Tensor:
    """Over the candidates that are there; nothing for people without any."""
    return torch.softmax(torch.where(there, scores, -torch.inf), dim=1).nan_to_num(0.0)


def _tempered(scores: Tensor, perplexity: float) -> Tensor:
    """Per person the factor that gives the choice its perplexity, by bisection; people × 1.

    Parameters
    ----------
    scores : people × candidates, best first, −∞ where there is none
    """
    there = scores > -torch.inf
    below = torch.where(there, scores - scores[:, :1], 0.0)
    low, high = torch.full((len(scores), 1), COLDEST), torch.full((len(scores), 1), HOTTEST)
    for _ in range(HALVINGS):
        middle = (low * high).sqrt()
        chance = _softmax(middle * below, there)
        spread = torch.special.entr(chance).sum(dim=1, keepdim=True).exp()
        low, high = torch.where(spread > perplexity, middle, low), torch.where(spread > perplexity, high, middle)
    return (low * high).sqrt()
