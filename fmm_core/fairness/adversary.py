"""Adversaries: opponents that learn an attribute from vectors while those vectors are trained to hide it.

Every adversary is ``d → d/2 → 1 or C`` with LeakyReLU 0.2 and dropout 0.2 (METHOD.md, section 4). Those of all
attributes and of both kinds of vector are trained side by side: their first layers are one product over people in
columns, and their dropout masks come from a pool, because drawing them anew would take longer than everything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from fmm_core.recommenders.training import device

SLOPE = 0.2
DROPOUT = 0.2
INITIAL_SPREAD = 0.01
MASKS, PLAY = 4, 1024
"""Pages of the pool of dropout masks, and columns more than the largest batch has: a mask starts at a random one."""


@dataclass(frozen=True)
class Labels:
    """Groups of the people of a batch, and how much each person counts.

    Attributes
    ----------
    codes : int64, attributes × people; anything where the vote is 0
    votes : float32, attributes × people; non-negative, sum 1 per attribute (or all 0 where nobody disclosed)
    """

    codes: Tensor
    votes: Tensor

    @classmethod
    def of(cls, codes: Tensor, counts: Tensor) -> "Labels":
        """Labels of `codes` (attributes × people, −1 undisclosed), each person counting as `counts` says (people)."""
        votes = torch.where(codes >= 0, counts, 0.0)
        return cls(codes.clamp_min(0), votes / votes.sum(dim=1, keepdim=True).clamp_min(1e-12))


class Gaze:
    """What adversaries look at, and how much each view counts. The base looks at user vectors alone.

    Attributes
    ----------
    weights : one per view; a view has adversaries of its own
    """

    needs_history = False

    def __init__(self) -> None:
        self.weights = torch.ones(1, device=device())

    def columns(self, user: Tensor, history: Tensor | None) -> Tensor:  # noqa: ARG002 (the same call for every gaze)
        """Views × d × people, from user vectors and mean item vectors of histories, each people × d."""
        return user.T[None]

    def labels(self, labels: Labels) -> Labels:
        """The labels of the columns."""
        return labels


class TwoAdversaries(Gaze):
    """One adversary for the user vector, another for the history; the latter counts `weight` (FMMRec)."""

    needs_history = True

    def __init__(self, weight: float) -> None:
        self.weights = torch.tensor([1.0, weight], device=device())

    def columns(self, user: Tensor, history: Tensor | None) -> Tensor:
        """See `Gaze.columns`."""
        assert history is not None
        return torch.stack([user.T, history.T])


class OneAdversary(Gaze):
    """One adversary for both; a history counts `weight` beside a user vector (FairGo)."""

    needs_history = True

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.weights = torch.tensor([1.0 + weight], device=device())

    def columns(self, user: Tensor, history: Tensor | None) -> Tensor:
        """See `Gaze.columns`."""
        assert history is not None
        return torch.cat([user, history]).T[None]

    def labels(self, labels: Labels) -> Labels:
        """Everybody twice; the votes of the second time count `weight`."""
        votes = torch.cat([labels.votes, self.weight * labels.votes], dim=1) / (1 + self.weight)
        return Labels(torch.cat([labels.codes, labels.codes], dim=1), votes)


class Adversaries:
    """One adversary per attribute and view.

    Parameters
    ----------
    width : of the vectors
    classes : groups per attribute
    views : kinds of vector that have adversaries of their own
    largest : most columns a batch will have
    """

    def __init__(
        self, width: int, classes: Sequence[int], views: int, *, learning_rate: float, largest: int, seed: int
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.hidden = max(width // 2, 1)
        self.two = [count == 2 for count in classes]
        self.layers = [_layers(views, width, self.hidden, 1 if c == 2 else c, generator) for c in classes]
        parameters = [parameter for layers in self.layers for parameter in layers]
        self.optimiser = torch.optim.Adam(parameters, lr=learning_rate, fused=True)
        shape = (MASKS, views, self.hidden * len(classes), largest + PLAY)
        kept = torch.rand(shape, generator=generator) >= DROPOUT
        self.masks = (kept.float() / (1 - DROPOUT)).to(device())
        self.random = np.random.default_rng(seed)

    def losses(self, columns: Tensor, labels: Labels, chosen: Sequence[int], *, dropout: bool) -> Tensor:
        """Cross-entropy of every chosen attribute's adversaries, attributes × views.

        Parameters
        ----------
        columns : views × d × people
        labels : of all attributes
        chosen : places of the attributes whose adversaries answer
        """
        first = [self.layers[place] for place in chosen]
        weights, offsets = (torch.cat([layers[part] for layers in first], dim=1) for part in (0, 1))
        active = nn.functional.leaky_relu(
            torch.baddbmm(offsets, weights, columns), SLOPE
        )  # views, attributes·h, people
        if dropout:
            active = active * self._mask(active.shape[1], active.shape[2])
        parts = active.split(self.hidden, dim=1)
        return torch.stack([self._loss(place, part, labels) for place, part in zip(chosen, parts, strict=True)])

    def _mask(self, rows: int, people: int) -> Tensor:
        page = self.random.integers(MASKS)
        start = self.random.integers(self.masks.shape[3] - people + 1)
        return self.masks[page, :, :rows, start : start + people]

    def _loss(self, place: int, active: Tensor, labels: Labels) -> Tensor:
        _, _, weights, offsets = self.layers[place]
        answers = torch.baddbmm(offsets, weights, active)  # views, 1 or C, people
        codes = labels.codes[place].expand(len(answers), -1)
        if self.two[place]:
            wrong = nn.functional.binary_cross_entropy_with_logits(answers[:, 0], codes.float(), reduction="none")
        else:
            wrong = nn.functional.cross_entropy(answers, codes, reduction="none")
        return wrong @ labels.votes[place]

    def train(self, columns: Tensor, labels: Labels, chosen: Sequence[int], steps: int) -> None:
        """Take `steps` Adam steps of every chosen adversary on the same columns, which get no gradient."""
        columns = columns.detach()
        for _ in range(steps):
            self.optimiser.zero_grad(set_to_none=True)
            self.losses(columns, labels, chosen, dropout=True).sum().backward()
            self.optimiser.step()


def _layers(views: int, width: int, hidden: int, answers: int, generator: torch.Generator) -> list[nn.Parameter]:
    """First weights and offsets, second weights and offsets; each view has its own."""
    weights = [(views, hidden, width), (views, answers, hidden)]
    first, second = (torch.randn(shape, generator=generator) * INITIAL_SPREAD for shape in weights)
    offsets = (torch.zeros(views, hidden, 1), torch.zeros(views, answers, 1))
    return [nn.Parameter(part.to(device())) for part in (first, offsets[0], second, offsets[1])]


def prior_entropies(codes: Tensor) -> Tensor:
    """Entropy in nats of every attribute's shares, attributes × people with −1 undisclosed: what guessing costs."""
    found = []
    for row in codes:
        shares = torch.bincount(row[row >= 0]).double()
        shares = shares[shares > 0] / shares.sum()
        found.append(-(shares * shares.log()).sum())
    return torch.stack(found).float().to(device())


def standardised(vectors: Tensor) -> Tensor:
    """Every column to mean 0 and standard deviation 1 over the people of the batch, so that size hides nothing."""
    centred = vectors - vectors.mean(dim=0)
    return centred / centred.square().mean(dim=0).add(1e-12).sqrt()
