"""Fresh attackers, out of fold, stacked into one, and which way everyone would have to move to escape it.

What the combination of attackers reads must be taken away, not what one of them reads: whoever is tuned against one
after another leaves a mixture that their combination reads (METHOD.md, "flow E").
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import torch
from torch import Tensor

from fmm_core.fairness.inquiry import Inquiry, Question
from fmm_core.fairness.read_outs import Reading

SHRINKAGE = 0.02
FLATTEST = 1e-3
"""Columns have variance 1: groups that are points are taken for this wide."""
TINY = 1e-9


class Witness:
    """The combination of all read-outs on one attribute: per fold a linear discriminant, fitted on the other folds.

    Parameters
    ----------
    name : of the attribute
    readings : of every sight

    Attributes
    ----------
    difference : per group, how far the log posteriors of its people lie above those of all others, in standard
        deviations. 0 is chance; a negative one is as readable as a positive one, turned round
    """

    def __init__(self, inquiry: Inquiry, name: str, readings: Sequence[Reading]) -> None:
        self._name, self._readings = name, readings
        self._question, folds = inquiry.questions[name], inquiry.folds
        tables = [reading.scores[..., inquiry.places[name]].flatten(1) for reading in readings]
        self._widths = [table.shape[1] for table in tables]
        table = torch.cat(tables, dim=1)
        self._parts = [
            _read_out(self._question, table, rows, _others(folds, place)) for place, rows in enumerate(folds)
        ]
        contrast = self._question.contrast
        self.difference = sum(
            ((contrast[part.rows] * part.told).sum(dim=0) for part in self._parts), torch.zeros(self._question.groups)
        ) / len(table)

    def gradient(self, excess: Tensor, workers: Executor) -> Tensor:
        """Of ``Σ_groups excess · difference`` by everybody's features, the attackers held fixed; people × d.

        Parameters
        ----------
        excess : one number a group, held fixed
        workers : each takes another sight
        """
        by_score = self._by_score(self._question.contrast * excess / len(self._question.codes))
        pulled = workers.map(self._pulled, self._readings, by_score.split(self._widths, dim=1))
        return sum(pulled, torch.zeros(()))

    def _by_score(self, by_told: Tensor) -> Tensor:
        """From the gradient by the log posteriors (people × groups) to that by all scores (people × columns)."""
        found = torch.empty(len(by_told), len(self._parts[0].weight))
        for part in self._parts:
            wanted = by_told[part.rows] / part.spread
            found[part.rows] = (wanted - part.chance * wanted.sum(dim=1, keepdim=True)) @ part.weight.T
        return found

    def _pulled(self, reading: Reading, by_score: Tensor) -> Tensor:
        return reading.pull(by_score, self._name)


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
    centre = judged.mean(dim=0).nan_to_num(0.0)  # nobody in the fold may have disclosed it
    spread = (judged - centre).square().mean(dim=0).sqrt()
    spread = torch.where(spread > TINY, spread, torch.inf)  # they tell nothing
    return _Part(rows, weight, log_chance.exp(), (log_chance - centre) / spread, spread)


def _discriminant(table: Tensor, codes: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """Linear discriminant of standardised columns, shrunk: weights (columns × groups) and offsets (groups)."""
    scale = table.std(dim=0, correction=0).clamp(min=TINY)
    table = table / scale
    hot = (codes[:, None] == torch.arange(groups)).float()
    count = hot.sum(dim=0).clamp(min=1)  # 0 where a whole group is in the fold left out
    means = hot.T @ table / count[:, None]
    centred = table - means[codes]
    within = centred.T @ centred / max(len(table) - groups, 1)
    within.diagonal().add_(SHRINKAGE * within.diagonal().mean().clamp(min=FLATTEST))
    weight = torch.cholesky_solve(means.T, torch.linalg.cholesky(within))  # (columns, groups)
    return weight / scale[:, None], torch.log(count / len(table)) - 0.5 * (means.T * weight).sum(dim=0)
