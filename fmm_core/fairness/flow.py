"""Witness flow: everyone is moved, a little at a time, to where no combination of fresh attackers tells groups apart.

METHOD.md's "flow E", changed where measurements on the frozen vectors of MovieLens-1M said so (docs/flow.md):

- the combination reads *all* outputs of an attribute at once and answers in log posteriors, as an attacker would. One
  group against the rest, each by its own outputs, left age readable at 0.69 where this leaves 0.56;
- besides being pushed away from what is read, people are drawn back to the list they had. What an early, chance push
  did and no later one needs is undone: at the same leakage a point of accuracy;
- among the attackers is a discriminant of lists with nothing masked: it sees how the lists of a group differ among each
  other, which a straight attacker does not (gender read at 0.55 off such lists instead of 0.58);
- people start from the closed-form repair, of half weight at most: what groups share is moved at once, and cheaply;
- choices are softened to one perplexity, not by one power: the same guard on every base.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from fmm_core.fairness.context import Context, moved_people, unchanged
from fmm_core.fairness.features import scale
from fmm_core.fairness.inquiry import FOLDS, Inquiry, Question, question
from fmm_core.fairness.ranking_metric import RankingMetric
from fmm_core.fairness.read_outs import Reading
from fmm_core.fairness.repair import start_from
from fmm_core.fairness.sights import Glance, glances
from fmm_core.fairness.soft_lists import SoftLists
from fmm_core.fairness.specs import FlowConfig
from fmm_core.fairness.witness import Witness
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
    interactions are not moved at all; what it promises holds for the people it was fitted on. An attribute that fewer
    than `FOLDS` people put outside its largest group is left alone: nothing can be learned of it out of fold.
    """

    def __init__(self, config: FlowConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        rows = np.flatnonzero(context.trained)
        shares = {name: share for name, share in context.shares().items() if _enough(context.codes[name][rows])}
        if not shares:
            return unchanged(context.base)
        context = replace(context, weights=shares)
        with one_torch_thread(), ThreadPoolExecutor(WORKERS) as workers:
            moved = self._flow(rows, context, workers)
        return moved_people(context.base, rows, moved.numpy())

    def _flow(self, rows: NDArray[np.int64], context: Context, workers: Executor) -> Tensor:
        config, random = self.config, Generator().manual_seed(context.seed)
        base = context.base.with_user(context.base.user[rows])
        vectors = torch.from_numpy(base.user)
        questions = {name: question(context.codes[name][rows]) for name in context.weights}
        metric = RankingMetric(
            base,
            context.train[rows],
            _left_over(vectors, questions),
            prior=config.prior,
            perplexity=config.perplexity,
        )
        lists = SoftLists(base, context.train[rows], context.seed) if config.lists else None
        attackers = _Attackers(questions, glances(lists, config.features), random, workers)
        aims = {name: (1 - context.weights[name]) * found.difference for name, found in attackers.read(vectors).items()}
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


def _enough(codes: Codes) -> bool:
    """Whether a group beside the largest can be learned from others of it, out of fold."""
    counts = np.sort(np.bincount(codes[codes >= 0]))
    return len(counts) > 1 and counts[:-1].sum() >= FOLDS


class _Attackers:
    """A stack of attackers for every attribute, drawn anew each time and trained out of fold."""

    def __init__(
        self, questions: Mapping[str, Question], looks: Sequence[Glance], random: Generator, workers: Executor
    ) -> None:
        self.questions, self.looks, self.random, self.workers = questions, looks, random, workers

    def read(self, vectors: Tensor) -> dict[str, Witness]:
        """What they read of everyone, by attribute."""
        folds = torch.randperm(len(vectors), generator=self.random).chunk(FOLDS)
        seeds = torch.randint(MOST_SEED, (len(self.looks),), generator=self.random)
        inquiry = Inquiry(self.questions, folds)
        readings = list(self.workers.map(partial(_reading, vectors, inquiry), self.looks, seeds.tolist()))
        return {name: Witness(inquiry, name, readings) for name in self.questions}


def _reading(vectors: Tensor, inquiry: Inquiry, look: Glance, seed: int) -> Reading:
    """What one kind of attacker reads of everyone."""
    return look(vectors, inquiry, Generator().manual_seed(seed))


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
