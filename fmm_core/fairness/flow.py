"""Witness flow: everyone is moved, a little at a time, to where no combination of fresh attackers tells groups apart.

METHOD.md's "flow E", changed where measurements on the frozen vectors of MovieLens-1M said so (docs/flow.md):

- the combination reads *all* outputs of an attribute at once and answers in log posteriors, as an attacker would. One
  group against the rest, each by its own outputs, left age readable at 0.69 where this leaves 0.56;
- besides being pushed away from what is read, people are drawn back to the list they had. What an early, chance push
  did and no later one needs is undone: at the same leakage a point of accuracy;
- people start from the closed-form repair, of half weight at most: what groups share is moved at once, and cheaply;
- choices are softened to one perplexity, not by one power: the same guard on every base.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from fmm_core.fairness.context import Context, moved_people, unchanged
from fmm_core.fairness.features import scale
from fmm_core.fairness.ranking_metric import RankingMetric
from fmm_core.fairness.repair import start_from
from fmm_core.fairness.sights import Glance, glances
from fmm_core.fairness.soft_lists import SoftLists
from fmm_core.fairness.specs import FlowConfig
from fmm_core.fairness.witness import FOLDS, Question, Reading, Witness, question, read
from fmm_core.threads import one_torch_thread
from fmm_core.types import Codes, Mitigated

FARTHEST = 3.0
"""Nobody goes farther in one step than so many times the mean."""
DRAWN_BACK = 0.6
"""Share of the rounds in which people are drawn back, ever less: at the end nothing is read that was just undone."""
TINY = 1e-20
WORKERS = 2
"""Each looks at people in its own way on one thread: nobody waits for another, and no sum depends on the machine."""
MOST_SEED = 2**62


class Flow:
    """Moves people's vectors until a stack of attackers, drawn anew each round and read out of fold, is guessing.

    A weight w is the share of the readable difference that is taken away: rounds aim at ``(1 − w)`` of what the first
    attackers read of the base, group by group and from both sides, never below. People start from the closed-form
    repair of weight ``min(w, start)``; each step from there is a damped Newton step in the geometry of everyone's
    own list (`RankingMetric`). Item vectors stay as they are.

    Needs to know a person's attribute. People who did not disclose it are not moved for it, and those without training
    interactions are not moved at all; what it promises holds for the people it was fitted on.
    """

    def __init__(self, config: FlowConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        shares = context.shares()
        if not shares:
            return unchanged(context.base)
        rows = np.flatnonzero(context.trained)
        codes = {name: context.codes[name][rows] for name in shares}
        with one_torch_thread(), ThreadPoolExecutor(WORKERS) as workers:
            moved = self._flow(rows, codes, shares, context, workers)
        return moved_people(context.base, rows, moved.numpy())

    def _flow(
        self,
        rows: NDArray[np.int64],
        codes: Mapping[str, Codes],
        shares: Mapping[str, float],
        context: Context,
        workers: Executor,
    ) -> Tensor:
        config, random = self.config, Generator().manual_seed(context.seed)
        base = context.base.with_user(context.base.user[rows])
        vectors = torch.from_numpy(base.user)
        questions = {name: question(code) for name, code in codes.items()}
        metric = RankingMetric(
            base,
            context.train[rows],
            _left_over(vectors, questions),
            prior=config.prior,
            perplexity=config.perplexity,
        )
        lists = SoftLists(base, context.train[rows], context.seed) if config.lists else None
        attackers = _Attackers(questions, glances(lists, config.features), random, workers)
        aims = {name: (1 - shares[name]) * found.difference for name, found in attackers.read(vectors).items()}
        vectors = torch.from_numpy(start_from(context, config.start)[rows])
        for done in range(config.rounds):
            left = 1 - done / config.rounds
            drawn = config.pull * max(0.0, 1 - done / (DRAWN_BACK * config.rounds))
            back = workers.submit(_back, metric, vectors, drawn)
            pushes, figures = _pushes(attackers, aims, metric, vectors)
            step = back.result()
            for push in pushes:
                step += config.damping * min(1.0, 2 * left) * push
            vectors = vectors - step
            context.progress(done + 1, config.rounds, **figures)
        return vectors


class _Attackers:
    """A stack of attackers for every attribute, drawn anew each time and trained out of fold."""

    def __init__(
        self, questions: Mapping[str, Question], looks: Sequence[Glance], random: Generator, workers: Executor
    ) -> None:
        self.questions, self.looks, self.random, self.workers = questions, looks, random, workers
        self.columns = torch.cat([each.columns for each in questions.values()], dim=1)
        self.places = _places(questions)

    def read(self, vectors: Tensor) -> dict[str, Witness]:
        """What they read of everyone, by attribute."""
        folds = torch.randperm(len(vectors), generator=self.random).chunk(FOLDS)
        seeds = torch.randint(MOST_SEED, (len(self.looks),), generator=self.random)
        readings = list(self.workers.map(partial(_reading, vectors, self.columns, folds), self.looks, seeds.tolist()))
        return {name: Witness(each, readings, self.places[name], folds) for name, each in self.questions.items()}


def _places(questions: Mapping[str, Question]) -> dict[str, slice]:
    """Which columns of the regression are whose."""
    edges = np.cumsum([0, *(each.columns.shape[1] for each in questions.values())])
    return {name: slice(low, high) for name, low, high in zip(questions, edges[:-1], edges[1:], strict=True)}


def _reading(vectors: Tensor, columns: Tensor, folds: Sequence[Tensor], look: Glance, seed: int) -> Reading:
    """What one kind of attacker reads of everyone."""
    return read(look(vectors, Generator().manual_seed(seed)), columns, folds)


def _pushes(
    attackers: _Attackers, aims: Mapping[str, Tensor], metric: RankingMetric, vectors: Tensor
) -> tuple[list[Tensor], dict[str, float]]:
    """A step of everybody for each attribute, and how far its groups lie apart.

    Attackers are large: those of one round are gone before the next are drawn.
    """
    witnesses = attackers.read(vectors)
    pushes = [
        _newton(each, each.difference - aims[name], metric, vectors, attackers.workers)
        for name, each in witnesses.items()
    ]
    return pushes, {name: float(each.difference.square().mean().sqrt()) for name, each in witnesses.items()}


def _back(metric: RankingMetric, vectors: Tensor, share: float) -> Tensor:
    """A share of the way back to everyone's own list."""
    return share * metric.back(vectors) if share > 0 else torch.zeros_like(vectors)


def _left_over(vectors: Tensor, questions: Mapping[str, Question]) -> Tensor:
    """Covariance of what is left of the vectors once all attributes are taken out additively, d × d."""
    hot = torch.cat([each.one_hot for each in questions.values()], dim=1).double()
    left = vectors.double() - hot @ (torch.linalg.pinv(hot) @ vectors.double())
    return (left.T @ left / len(left)).float()


def _newton(witness: Witness, excess: Tensor, metric: RankingMetric, vectors: Tensor, workers: Executor) -> Tensor:
    """The step that would bring ``½ Σ excess²`` to zero if it were quadratic, in the geometry of `metric`.

    Along ``P g`` the excess falls in proportion; it is gone after ``Σ excess² / gᵀ P g`` of it.
    """
    gradient = witness.gradient(excess, workers)
    steered = metric.steer(gradient)
    step = excess.square().sum() / (gradient * steered).sum().clamp(min=TINY) * steered
    length = (step * scale(vectors)).norm(dim=1, keepdim=True)
    return step * (FARTHEST * length.mean() / length.clamp(min=TINY)).clamp(max=1)
