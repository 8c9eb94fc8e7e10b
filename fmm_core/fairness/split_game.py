"""Disentanglement by opponents: affine maps trained against networks that guess the attributes (METHOD.md, 2).

Two rules of one game. In both, the biased map helps its opponents and the filtered map, held close to the profile,
works against its own:

    L = [1 − cos(F p, p)] + 0.1 · max(0, cos(B p, F p)) + Σ_s (0.1 · CE(D_s(B p), s) + w · CE(D'_s(F p), aim))

*published*: w = −0.1, aim = the true class, of more than two classes a random one of all but the last; people vote as
often as they interact; the maps of the last step are kept. *corrected*: aim = the classes' shares, so that the best F
leaves opponents at a guess, where maximising an error has no end; one vote each; opponents see standardised vectors,
so F cannot starve them by its scale, and answer without dropout while the maps step; profiles are centred and cut to
their main directions, because what an invertible map leaves can be read back; fresh attackers on people the game never
saw say which epoch is kept.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional

from fmm_core.recommenders.training import device

APART = 0.1
"""Weight of the likeness of the two parts."""
ADVERSARIAL = 0.1
"""Weight of an attribute's cross-entropies."""


@dataclass(frozen=True)
class Rules:
    """Where the published game and the corrected one differ.

    Attributes
    ----------
    view : what opponents see of a batch of mapped profiles
    aim : (labels, classes' shares) -> class probabilities the filtered map wants to be told, people × C
    weight : of the cross-entropy with that aim
    dropout : whether opponents drop units while the maps step
    opponent_steps : of every opponent per step of the maps
    """

    view: Callable[[Tensor], Tensor]
    aim: Callable[[Tensor, Tensor], Tensor]
    weight: float
    dropout: bool
    opponent_steps: int


def standardised(batch: Tensor) -> Tensor:
    """Every column to mean 0 and standard deviation 1."""
    return (batch - batch.mean(dim=0)) / (batch.std(dim=0, unbiased=False) + 1e-6)


def as_it_is(batch: Tensor) -> Tensor:
    """The published opponents' view."""
    return batch


def shares_as_aim(labels: Tensor, shares: Tensor) -> Tensor:
    """The classes' shares for everybody: opponents that know nothing answer so."""
    return shares.expand(len(labels), -1)


def published_aim(labels: Tensor, shares: Tensor) -> Tensor:
    """The true class; of more than two classes a fresh random one, and never the last."""
    classes = len(shares)
    drawn = labels if classes == 2 else torch.randint(0, classes - 1, labels.shape).to(labels.device)
    return functional.one_hot(drawn, classes).float()


CORRECTED = Rules(standardised, shares_as_aim, ADVERSARIAL, dropout=False, opponent_steps=5)
PUBLISHED = Rules(as_it_is, published_aim, -ADVERSARIAL, dropout=True, opponent_steps=1)


class Opponents(nn.Module):
    """The two guessers of one attribute: one reads biased profiles, one filtered ones."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        hidden, outputs = max(width // 2, 1), 1 if classes == 2 else classes
        self.biased, self.filtered = (
            nn.Sequential(nn.Linear(width, hidden), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(hidden, outputs))
            for _ in range(2)
        )


def cross_entropy(logits: Tensor, wanted: Tensor) -> Tensor:
    """Mean cross-entropy with class probabilities (people × C); two classes have one logit, of class 1."""
    if logits.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(logits[:, 0], wanted[:, 1])
    return functional.cross_entropy(logits, wanted)


class Game:
    """Two maps, and two opponents per attribute.

    Parameters
    ----------
    biased, filtered : the maps, width -> width, trained in place; what is drawn comes from torch's own generator
    codes : {attribute: int64 tensor, group of every person from 0 on, −1 undisclosed}
    """

    def __init__(
        self, biased: nn.Module, filtered: nn.Module, width: int, codes: Mapping[str, Tensor], rules: Rules, rate: float
    ) -> None:
        self.biased, self.filtered = biased.to(device()), filtered.to(device())
        self.width, self.codes, self.rules = width, codes, rules
        self.shares = {name: torch.bincount(code[code >= 0]) / (code >= 0).sum() for name, code in codes.items()}
        self.opponents = {name: Opponents(width, len(part)).to(device()) for name, part in self.shares.items()}
        self._move = torch.optim.Adam([*self.biased.parameters(), *self.filtered.parameters()], lr=rate)
        self._guess = torch.optim.Adam(chain(*(pair.parameters() for pair in self.opponents.values())), lr=rate)

    def step(self, profiles: Tensor, people: Tensor) -> float:
        """One step of the maps, then those of the opponents, on the profiles of `people`; the maps' loss."""
        rows = profiles[people]
        biased, filtered = self.biased(rows), self.filtered(rows)
        self._drop(self.rules.dropout)
        loss = self.loss(rows, biased, filtered, people)
        self._move.zero_grad()
        loss.backward()
        self._move.step()
        self._drop(True)
        questions = list(self._questions(biased.detach(), filtered.detach(), people))
        for _ in range(self.rules.opponent_steps):
            self._guess.zero_grad()
            torch.stack([cross_entropy(guesser(seen), truth) for guesser, seen, truth in questions]).sum().backward()
            self._guess.step()
        return float(loss.detach())

    def loss(self, rows: Tensor, biased: Tensor, filtered: Tensor, people: Tensor) -> Tensor:
        """L above."""
        close = 1 - functional.cosine_similarity(filtered, rows).mean()
        alike = functional.cosine_similarity(biased, filtered).clamp(min=0).mean()
        total = close + APART * alike
        for name, known, labels, truth in self._disclosed(people):
            pair = self.opponents[name]
            aim = self.rules.aim(labels, self.shares[name])
            shown, hidden = self.rules.view(biased[known]), self.rules.view(filtered[known])
            total = total + ADVERSARIAL * cross_entropy(pair.biased(shown), truth)
            total = total + self.rules.weight * cross_entropy(pair.filtered(hidden), aim)
        return total

    def _questions(
        self, biased: Tensor, filtered: Tensor, people: Tensor
    ) -> Iterable[tuple[nn.Module, Tensor, Tensor]]:
        """Per opponent: itself, what it sees, and the true classes."""
        for name, known, _, truth in self._disclosed(people):
            pair = self.opponents[name]
            yield pair.biased, self.rules.view(biased[known]), truth
            yield pair.filtered, self.rules.view(filtered[known]), truth

    def _disclosed(self, people: Tensor) -> Iterable[tuple[str, Tensor, Tensor, Tensor]]:
        """Per attribute: who of the batch disclosed it, their labels, and those as probabilities."""
        for name, code in self.codes.items():
            known = code[people] >= 0
            labels = code[people][known]
            if len(labels):
                yield name, known, labels, functional.one_hot(labels, len(self.shares[name])).float()

    def _drop(self, units: bool) -> None:
        for pair in self.opponents.values():
            pair.train(units)
