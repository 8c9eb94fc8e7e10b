"""Fresh attackers, out of fold, stacked into one, and which way everyone would have to move to escape it.

What the combination of attackers reads must be taken away, not what one of them reads: whoever is tuned against one
after another leaves a mixture that their combination reads (METHOD.md, "flow E").
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fmm_core.fairness.features import View
from fmm_core.types import Codes

FOLDS = 5
SHRINKAGE = 0.02
TINY = 1e-9


class Sight:
    """What attackers of one kind see of everyone.

    Parameters
    ----------
    given : people × d, a leaf
    view : made of it
    ridges : penalties of the read-outs that are made of its features
    """

    def __init__(self, given: Tensor, view: View, ridges: tuple[float, ...]) -> None:
        self.ridges, self.raw_weights = ridges, view.raw_weights
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


@dataclass(frozen=True)
class Question:
    """One attribute of everybody, as attackers learn it and as it is judged.

    Attributes
    ----------
    codes : group of every person from 0 on, −1 undisclosed
    groups : how many there are
    known : who disclosed it
    one_hot : people × groups, zeros for those who did not
    columns : centred one-hot columns to regress on; of two groups one says it all
    contrast : people × groups; the mean of ``contrast · x`` is a group's mean of x minus that of all others
    """

    codes: Tensor
    groups: int
    known: Tensor
    one_hot: Tensor
    columns: Tensor
    contrast: Tensor


def question(codes: Codes) -> Question:
    """Of the groups that anybody is in."""
    present, places = np.unique(codes[codes >= 0], return_inverse=True)
    own = np.full(len(codes), -1, np.int64)
    own[codes >= 0] = places
    code = torch.from_numpy(own)
    known = code >= 0
    one_hot = (code[:, None] == torch.arange(len(present))).float()
    share = one_hot[known].mean(dim=0)
    centred = (one_hot - share) * known[:, None]
    columns = centred[:, 1:] if len(present) == 2 else centred
    contrast = centred / (share * (1 - share)) * (len(code) / known.sum())
    return Question(code, len(present), known, one_hot, columns, contrast)


@dataclass(frozen=True)
class Reading:
    """What ridge read-outs of one sight say of everyone, each made without the person's own fold.

    Attributes
    ----------
    scores : people × ridges × columns
    solutions : weights of the raw features, folds × ridges × m × columns
    """

    sight: Sight
    scores: Tensor
    solutions: Tensor


def read(sight: Sight, columns: Tensor, folds: Sequence[Tensor]) -> Reading:
    """Regress all columns (people × columns, centred) on a sight. Moments of folds are additive: a fold costs a solve.

    Parameters
    ----------
    folds : the rows of each
    """
    own = sight.parts(folds)
    width = own[0].shape[1]
    grams = torch.empty(len(folds), width, width)
    for part, into in zip(own, grams, strict=True):
        torch.matmul(part.T, part, out=into)
    crossed = torch.stack([part.T @ columns[rows] for part, rows in zip(own, folds, strict=True)])
    gram, cross = grams.sum(dim=0), crossed.sum(dim=0)
    scores = torch.empty(len(columns), len(sight.ridges), columns.shape[1])
    solutions = torch.empty(len(folds), len(sight.ridges), width, columns.shape[1])
    for fold, rows in enumerate(folds):
        for place, ridge in enumerate(sight.ridges):
            system = gram - grams[fold]
            system.diagonal().add_(ridge)
            solution = torch.cholesky_solve(cross - crossed[fold], torch.linalg.cholesky(system))
            scores[rows, place] = own[fold] @ solution
            solutions[fold, place] = sight.raw_weights(solution)
    return Reading(sight, scores, solutions)


class Witness:
    """The combination of all read-outs on one attribute: per fold a linear discriminant, fitted on the other folds.

    Parameters
    ----------
    readings : of every sight
    columns : those of their columns that belong to the attribute

    Attributes
    ----------
    difference : per group, how far the log posteriors of its people lie above those of all others, in standard
        deviations. 0 is chance; a negative one is as readable as a positive one, turned round
    """

    def __init__(
        self, question: Question, readings: Sequence[Reading], columns: slice, folds: Sequence[Tensor]
    ) -> None:
        self._question, self._readings, self._columns = question, readings, columns
        table = torch.cat([reading.scores[..., columns].flatten(1) for reading in readings], dim=1)
        self._parts = [_read_out(question, table, rows, _others(folds, place)) for place, rows in enumerate(folds)]
        contrast = question.contrast
        self.difference = sum(
            ((contrast[part.rows] * part.told).sum(dim=0) for part in self._parts), torch.zeros(question.groups)
        ) / len(table)

    def gradient(self, excess: Tensor, workers: Executor) -> Tensor:
        """Of ``Σ_groups excess · difference`` by everybody's features, the attackers held fixed; people × d.

        Parameters
        ----------
        excess : one number a group, held fixed
        workers : each takes another sight
        """
        by_score = self._by_score(self._question.contrast * excess / len(self._question.codes))
        widths = [reading.scores[..., self._columns].flatten(1).shape[1] for reading in self._readings]
        return sum(workers.map(self._pulled, self._readings, by_score.split(widths, dim=1)), torch.zeros(()))

    def _by_score(self, by_told: Tensor) -> Tensor:
        """From the gradient by the log posteriors (people × groups) to that by the scores (people × read-outs)."""
        found = torch.empty(len(by_told), len(self._parts[0].weight))
        for part in self._parts:
            wanted = by_told[part.rows] / part.spread
            found[part.rows] = (wanted - part.chance * wanted.sum(dim=1, keepdim=True)) @ part.weight.T
        return found

    def _pulled(self, reading: Reading, by_score: Tensor) -> Tensor:
        """The gradient by the vectors of one sight's scores so weighted (people × its read-outs)."""
        weights = torch.empty(len(by_score), reading.solutions.shape[2])
        for part, solutions in zip(self._parts, reading.solutions, strict=True):
            read_outs = solutions[..., self._columns].transpose(1, 2).flatten(0, 1)  # (read-outs, m)
            weights[part.rows] = by_score[part.rows] @ read_outs
        return reading.sight.pull(weights)


@dataclass(frozen=True)
class _Part:
    """One fold's people as the combination fitted on the others sees them.

    Attributes
    ----------
    rows : who they are
    weight : scores × groups
    chance : posteriors, people × groups
    told : log posteriors, centred and divided by their `spread` among those who disclosed the attribute
    spread : per group
    """

    rows: Tensor
    weight: Tensor
    chance: Tensor
    told: Tensor
    spread: Tensor


def _others(folds: Sequence[Tensor], left_out: int) -> Tensor:
    return torch.cat([rows for place, rows in enumerate(folds) if place != left_out])


def _read_out(question: Question, table: Tensor, rows: Tensor, others: Tensor) -> _Part:
    known = others[question.known[others]]
    weight, offset = _discriminant(table[known], question.codes[known], question.groups)
    log_chance = torch.log_softmax(table[rows] @ weight + offset, dim=1)
    judged = log_chance[question.known[rows]]
    spread = judged.std(dim=0, correction=0).clamp(min=TINY)
    return _Part(rows, weight, log_chance.exp(), (log_chance - judged.mean(dim=0)) / spread, spread)


def _discriminant(table: Tensor, codes: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """Linear discriminant of standardised columns, shrunk: weights (columns × groups) and offsets (groups)."""
    scale = table.std(dim=0, correction=0).clamp(min=TINY)
    table = table / scale
    hot = (codes[:, None] == torch.arange(groups)).float()
    count = hot.sum(dim=0).clamp(min=1)  # 0 where a whole group is in the fold left out
    means = hot.T @ table / count[:, None]
    centred = table - means[codes]
    within = centred.T @ centred / (len(table) - groups)
    within.diagonal().add_(SHRINKAGE * within.diagonal().mean())
    weight = torch.cholesky_solve(means.T, torch.linalg.cholesky(within))  # (columns, groups)
    return weight / scale[:, None], torch.log(count / len(table)) - 0.5 * (means.T * weight).sum(dim=0)
