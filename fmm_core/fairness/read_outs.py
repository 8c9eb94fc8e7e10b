"""What one attacker sees of everyone, and what ridge regressions say of it, out of fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from fmm_core.fairness.features import View
from fmm_core.fairness.inquiry import Inquiry


class Sight:
    """What attackers of one kind see of everyone.

    Parameters
    ----------
    given : people × d, a leaf
    view : made of it
    """

    def __init__(self, given: Tensor, view: View) -> None:
        self.raw_weights = view.raw_weights
        self._given, self._view = given, view

    def parts(self, folds: Sequence[Tensor]) -> list[Tensor]:
        """Centred features of each fold's people (rows × m); not kept, for there are many."""
        found = self._view.features.detach()
        mean = found.mean(dim=0)
        return [found[rows] - mean for rows in folds]

    def pull(self, weights: Tensor) -> Tensor:
        """Gradient by the vectors of the sum of the raw features so weighted (people × m); people × d."""
        (found,) = torch.autograd.grad(self._view.raw, self._given, weights, retain_graph=True)
        return found


class Answers(Protocol):
    """What attackers of one kind with one sight say of everyone, each made without the person's own fold."""

    @property
    def scores(self) -> Tensor:
        """People × attackers × columns of all questions."""

    def weights(self, by_score: Tensor, name: str) -> Tensor:
        """Slope, by the raw features, of the sum of an attribute's scores so weighted, the attackers held fixed.

        Parameters
        ----------
        by_score : people × (attackers · columns of the attribute)
        name : of the attribute

        Returns
        -------
        Tensor
            people × m
        """


class Reading:
    """All that is said of everyone from one sight.

    Attributes
    ----------
    scores : people × attackers × columns of all questions
    """

    def __init__(self, sight: Sight, *answers: Answers) -> None:
        self._sight, self._answers = sight, answers
        self.scores = torch.cat([each.scores for each in answers], dim=1)

    def pull(self, by_score: Tensor, name: str) -> Tensor:
        """As `Answers.weights`, by the vectors; people × d."""
        columns = by_score.shape[1] // self.scores.shape[1]
        own = by_score.split([columns * each.scores.shape[1] for each in self._answers], dim=1)
        weights = [each.weights(part, name) for each, part in zip(self._answers, own, strict=True)]
        return self._sight.pull(sum(weights[1:], weights[0]))


@dataclass(frozen=True)
class ReadOuts:
    """`Answers` by ridge regressions.

    Attributes
    ----------
    scores : people × ridges × columns
    solutions : weights of the raw features, folds × ridges × m × columns
    """

    scores: Tensor
    solutions: Tensor
    inquiry: Inquiry

    def weights(self, by_score: Tensor, name: str) -> Tensor:
        """See `Answers`."""
        found = torch.empty(len(by_score), self.solutions.shape[2])
        for rows, solutions in zip(self.inquiry.folds, self.solutions, strict=True):
            read_outs = solutions[..., self.inquiry.places[name]].transpose(1, 2).flatten(0, 1)  # (read-outs, m)
            found[rows] = by_score[rows] @ read_outs
        return found


def regress(sight: Sight, inquiry: Inquiry, ridges: Sequence[float]) -> ReadOuts:
    """Regress all columns on a sight. Moments of folds are additive: a fold costs a solve.

    Parameters
    ----------
    ridges : penalties, a regression each
    """
    folds, columns = inquiry.folds, inquiry.columns
    own = sight.parts(folds)
    width = own[0].shape[1]
    grams = torch.empty(len(folds), width, width)
    for part, into in zip(own, grams, strict=True):
        torch.matmul(part.T, part, out=into)
    crossed = torch.stack([part.T @ columns[rows] for part, rows in zip(own, folds, strict=True)])
    gram, cross = grams.sum(dim=0), crossed.sum(dim=0)
    scores = torch.empty(len(columns), len(ridges), columns.shape[1])
    solutions = torch.empty(len(folds), len(ridges), width, columns.shape[1])
    for fold, rows in enumerate(folds):
        for place, ridge in enumerate(ridges):
            system = gram - grams[fold]
            system.diagonal().add_(ridge)
            solution = torch.cholesky_solve(cross - crossed[fold], torch.linalg.cholesky(system))
            scores[rows, place] = own[fold] @ solution
            solutions[fold, place] = sight.raw_weights(solution)
    return ReadOuts(scores, solutions, inquiry)
