"""The loop of every method that trains vectors against adversaries, on a frozen base.

Per batch of interactions: one step of what is trained (ranking loss, minus what the adversaries lose), then several
steps of every adversary on the same vectors, taken before the step (METHOD.md, section 4).

Two forms. *ours*: adversaries see standardised vectors, a person counts once a batch however often they chose, dropout
is off while the vectors step, and an adversary is pushed up to what guessing costs and no further, since one that is
wrong on purpose knows as much as one that is right. The epoch is chosen by accuracy *and* a validation attacker.
*paper*: vectors as they are, a person counts as often as they chose, dropout on, no bound, the epoch of the best
validation Recall@20.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fmm_core.data.splitting import row_normalised
from fmm_core.errors import RunError
from fmm_core.fairness.adversary import Adversaries, Gaze, Labels, prior_entropies, standardised
from fmm_core.fairness.context import Context
from fmm_core.fairness.specs import TuningConfig
from fmm_core.recommenders.graphs import Graph
from fmm_core.recommenders.training import PairSampler, batch_size, bpr_loss, device, penalty, threads
from fmm_core.types import Mitigated, Representations

CHECKS = 10
"""How often the form *ours* asks the validation attacker in all."""

Draw = Callable[[np.random.Generator, int], Sequence[int]]
"""Which of so many attributes a batch is about."""


class Trainable(nn.Module):
    """What is trained. The base holds the frozen vectors and trains nothing; methods override what they change."""

    user: Tensor
    item: Tensor

    def __init__(self, base: Representations) -> None:
        super().__init__()
        self.register_buffer("user", torch.tensor(base.user))
        self.register_buffer("item", torch.tensor(base.item))

    def users(self, rows: Tensor, chosen: Sequence[int]) -> Tensor:  # noqa: ARG002 (what filters are asked for)
        """Vectors of some users, rows × d, as the filters of the chosen attributes make them."""
        return self.user[rows]

    def items(self, chosen: Sequence[int]) -> Tensor:  # noqa: ARG002
        """Vectors of all items, items × d."""
        return self.item


def every_attribute(rng: np.random.Generator, count: int) -> Sequence[int]:  # noqa: ARG001 (one of several draws)
    """All attributes in every batch."""
    return range(count)


def tune(context: Context, config: TuningConfig, model: Trainable, gaze: Gaze, draw: Draw) -> Mitigated:
    """Train `model` against adversaries of the context's protected attributes and return the best epoch's vectors.

    Raises
    ------
    RunError
        The loss is no longer a finite number.
    Cancelled
        From the context's progress.
    """
    with threads(context.train.nnz):
        return _Tuning(context, config, model, gaze, draw).run()


@dataclass(frozen=True)
class _Best:
    score: float
    vectors: Mitigated


class _Tuning:
    def __init__(self, context: Context, config: TuningConfig, model: Trainable, gaze: Gaze, draw: Draw) -> None:
        self.context, self.config, self.gaze, self.draw = context, config, gaze, draw
        self.model = model.to(device())
        self.ours = config.form == "ours"
        strengths = context.strengths()
        self.names = list(strengths)
        self.strengths = torch.tensor(list(strengths.values()), device=device())
        codes = np.stack([np.where(context.trained, context.codes[name], -1) for name in self.names])
        self.codes = torch.from_numpy(codes.astype(np.int64)).to(device())
        self.entropies = prior_entropies(self.codes)
        self.histories = row_normalised(context.train)
        self.sampler = PairSampler(context.train, context.seed)
        self.size = batch_size(config.batch_size, config.most_steps, len(self.sampler.user))
        self.rng = np.random.default_rng(context.seed)
        self.bias = None if context.base.item_bias is None else torch.from_numpy(context.base.item_bias).to(device())
        self.adversaries = self._adversaries()
        self.optimiser = torch.optim.Adam(list(model.parameters()), lr=config.learning_rate, fused=True)

    def _adversaries(self) -> Adversaries:
        people = min(self.size, self.context.train.shape[0])
        largest = people * (2 if len(self.gaze.weights) == 1 and self.gaze.needs_history else 1)
        classes = [int(row.max()) + 1 for row in self.codes]
        return Adversaries(
            self.context.base.user.shape[1],
            classes,
            len(self.gaze.weights),
            learning_rate=self.config.learning_rate,
            largest=largest,
            seed=self.context.seed,
        )

    def run(self) -> Mitigated:
        """All epochs; the vectors of the best."""
        epochs = self.config.epochs
        every = max(epochs // CHECKS, 1) if self.ours else 1
        base = self.context.validate(self.context.base) if self.ours else 1.0
        best: _Best | None = None
        for epoch in range(1, epochs + 1):
            figures = self._epoch()
            if not math.isfinite(figures["loss"]):
                mend = "Choose a smaller weight or learning rate."
                raise RunError(f"the loss is no longer a number in epoch {epoch}", "mitigation", mend, code="tune.loss")
            if epoch % every and epoch < epochs:
                self.context.progress(epoch, epochs, **figures)
                continue
            best = self._better(best, epoch, figures, base)
        assert best is not None  # the last epoch is always judged
        return best.vectors

    def _better(self, best: _Best | None, epoch: int, figures: dict[str, float], base: float) -> _Best:
        """Judge the vectors as they stand; in our form a point of AUC beyond guessing costs a percent of recall."""
        vectors = self.vectors()
        score = recall = self.context.validate(vectors)
        figures["recall"] = recall
        if self.ours:
            found = self.context.attack(vectors.user)
            beyond = [abs(found[name] - 0.5) for name in self.names]
            figures["attacker"] = 0.5 + max(beyond)
            score = recall / max(base, 1e-12) - float(np.mean(beyond))
        self.context.progress(epoch, self.config.epochs, **figures)
        return _Best(score, vectors) if best is None or score > best.score else best

    def vectors(self) -> Mitigated:
        """All users and items as they stand, every attribute's filter taking part."""
        everyone = torch.arange(len(self.context.base.user), device=device())
        chosen = range(len(self.names))
        self.model.train(False)
        with torch.no_grad():
            user, item = (
                part.detach().cpu().numpy().copy()
                for part in (self.model.users(everyone, chosen), self.model.items(chosen))
            )
        self.model.train(True)
        return Mitigated(user, item, self.context.base.item_bias)

    def _epoch(self) -> dict[str, float]:
        """Mean ranking loss, and what the adversaries knew: nats beyond guessing, mean over those who were asked."""
        totals = [self._batch(*batch) * len(batch[0]) for batch in self.sampler.epoch(self.size)]
        loss, known, asked = torch.stack(totals).sum(dim=0).tolist()
        return {"loss": loss / len(self.sampler.user), "known": known / max(asked, 1.0)}

    def _batch(self, users: NDArray[np.int64], liked: NDArray[np.int64], other: NDArray[np.int64]) -> Tensor:
        """One step of what is trained, then the adversaries'; ranking loss, what they knew, whether asked."""
        who, place, counts = np.unique(users, return_inverse=True, return_counts=True)
        chosen = self.draw(self.rng, len(self.names))
        user, item = self.model.users(torch.from_numpy(who).to(device()), chosen), self.model.items(chosen)
        ranking = self._ranking(user, item, *(torch.from_numpy(part).to(device()) for part in (place, liked, other)))
        if not len(chosen):  # no filter takes part and the base is frozen: nothing to step
            return torch.stack([ranking.detach(), torch.zeros_like(ranking), torch.zeros_like(ranking)])
        columns, labels = self._seen(user, item, who, counts)
        known = self._known(columns, labels, chosen)
        loss = ranking + self._pull(known, chosen)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.adversaries.train(columns, labels, chosen, self.config.adversary_steps)
        return torch.stack([ranking, known.mean(), torch.ones_like(ranking)]).detach()

    def _ranking(self, user: Tensor, item: Tensor, rows: Tensor, better: Tensor, worse: Tensor) -> Tensor:
        """The base's loss and the norms of the vectors that take part; `rows` are places in `user`."""
        head_start = 0.0 if self.bias is None else self.bias[better] - self.bias[worse]
        loss = bpr_loss(user[rows], item[better], item[worse], head_start)
        if self.config.regularisation:
            loss = loss + self.config.regularisation * penalty(user, item, rows, better, worse)
        return loss

    def _seen(
        self, user: Tensor, item: Tensor, who: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> tuple[Tensor, Labels]:
        """What the adversaries are shown of the people of a batch, and their labels."""
        history = Graph(self.histories[who], device()) @ item if self.gaze.needs_history else None
        if self.ours:
            user, history = standardised(user), None if history is None else standardised(history)
        votes = torch.from_numpy(np.ones(len(who), np.float32) if self.ours else counts.astype(np.float32))
        labels = Labels.of(self.codes[:, torch.from_numpy(who).to(device())], votes.to(device()))
        return self.gaze.columns(user, history), self.gaze.labels(labels)

    def _known(self, columns: Tensor, labels: Labels, chosen: Sequence[int]) -> Tensor:
        """Nats by which the adversaries beat guessing: entropy minus cross-entropy, attributes × views."""
        places = list(chosen)
        return self.entropies[places, None] - self.adversaries.losses(columns, labels, places, dropout=not self.ours)

    def _pull(self, known: Tensor, chosen: Sequence[int]) -> Tensor:
        """``Σ_s λ_s Σ_views weight · known``, in our form cut at 0. The entropy in it has no gradient."""
        felt = known.clamp_min(0) if self.ours else known
        return (self.strengths[list(chosen)] * (felt @ self.gaze.weights)).sum()
