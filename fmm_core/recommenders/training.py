"""The training loop every gradient-trained recommender shares: Bayesian personalised ranking with early stopping."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.errors import DataError, RunError
from fmm_core.recommenders.specs import TrainingConfig
from fmm_core.types import Progress, Representations, Validate

SMALL = 500_000
"""Interactions up to which training uses one thread."""

MOST_REDRAWS = 100
"""A user who has chosen nearly everything keeps a wrong negative after so many tries."""


class Model(Protocol):
    """What the loop needs of a model; in practice a `torch.nn.Module`."""

    decay: float
    """Learning rate after 50 epochs, as a share of the first."""

    def start_epoch(self, epoch: int) -> None:
        """Rebuild what is constant within an epoch."""

    def propagate(self) -> tuple[Tensor, Tensor]:
        """User vectors (users, d) and item vectors (items, d), with gradient."""
        ...

    def penalised(self, user: Tensor, item: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors the regulariser keeps small, (users, d) and (items, d), given the propagated ones."""
        ...

    def refresh(self) -> None:
        """Rebuild graphs from the parameters as they stand, without gradient."""

    def parameters(self) -> Iterator[nn.Parameter]: ...


os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
"""What cuBLAS asks of those who want its sums `repeatable`; read when it is first used."""


def device() -> torch.device:
    """CUDA where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class PairSampler:
    """Training pairs in fresh random order, one negative each, uniform over items seen in training."""

    def __init__(self, train: csr_matrix, seed: int) -> None:
        self.user = np.repeat(np.arange(train.shape[0], dtype=np.int64), np.diff(train.indptr))
        self.item = train.indices.astype(np.int64)
        self.n_items = train.shape[1]
        self.owned = np.sort(self.user * self.n_items + self.item)
        self.seen = np.unique(self.item)
        self.rng = np.random.default_rng(seed)

    def epoch(self, batch_size: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """Batches of (users, positives, negatives)."""
        order = self.rng.permutation(len(self.user))
        user, positive = self.user[order], self.item[order]
        negative = self._negatives(user)
        for start in range(0, len(order), batch_size):
            part = slice(start, start + batch_size)
            yield user[part], positive[part], negative[part]

    def _negatives(self, user: NDArray[np.int64]) -> NDArray[np.int64]:
        drawn = self.rng.choice(self.seen, len(user))
        wrong = np.flatnonzero(self._is_owned(user, drawn))
        for _ in range(MOST_REDRAWS):
            if len(wrong) == 0:
                break
            drawn[wrong] = self.rng.choice(self.seen, len(wrong))
            wrong = wrong[self._is_owned(user[wrong], drawn[wrong])]
        return drawn

    def _is_owned(self, user: NDArray[np.int64], item: NDArray[np.int64]) -> NDArray[np.bool_]:
        keys = user * self.n_items + item
        place = np.searchsorted(self.owned, keys)
        return self.owned[np.minimum(place, len(self.owned) - 1)] == keys


def bpr_loss(user: Tensor, positive: Tensor, negative: Tensor, head_start: Tensor | float = 0.0) -> Tensor:
    """``−mean log σ(s⁺ − s⁻)`` for a batch of vectors, each (batch, d) (Rendle et al., UAI 2009).

    `head_start` is what the items' biases add to the margin.
    """
    margin = (user * (positive - negative)).sum(dim=1) + head_start
    return -nn.functional.logsigmoid(margin).mean()


def penalty(user: Tensor, item: Tensor, users: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """``½ (Σ‖u‖² + Σ‖v⁺‖² + Σ‖v⁻‖²) / B`` over the rows of two tables that a batch of B names."""
    norms = squared_norms(user, users) + squared_norms(item, torch.cat([positives, negatives]))
    return norms / (2 * len(users))


def train(
    model: Model, config: TrainingConfig, interactions: csr_matrix, validate: Validate, progress: Progress, seed: int
) -> Representations:
    """Train with Adam until validation Recall@20 has not risen for `patience` validations.

    Returns
    -------
    The representations of the best epoch: graphs rebuilt, one forward pass without gradient.

    Raises
    ------
    DataError
        There is nothing to train on.
    RunError
        The loss is no longer a finite number.
    Cancelled
        From `progress`.
    """
    if interactions.nnz == 0:
        mend = "Choose a data set in which people have at least three interactions."
        raise DataError("there are no interactions to train on", "training split", mend, code="train.empty")
    with threads(interactions.nnz):
        return _epochs(model, config, interactions, validate, progress, seed)


@contextmanager
def threads(pairs: int) -> Iterator[None]:
    """One thread for small data: several wait for each other more than they work once anything else runs beside them,
    and with one the result does not depend on the number of cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if pairs < SMALL else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def repeatable(where: torch.device) -> Iterator[None]:
    """On a GPU, sums in one order: the same seed gives the same vectors, bit by bit. It takes no longer (measured)."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(before or where.type == "cuda")
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def _epochs(
    model: Model, config: TrainingConfig, interactions: csr_matrix, validate: Validate, progress: Progress, seed: int
) -> Representations:
    optimiser = torch.optim.Adam(list(model.parameters()), lr=config.learning_rate, fused=True)
    sampler = PairSampler(interactions, seed)
    best, best_recall, waited = represent(model), -1.0, 0
    for epoch in range(1, config.epochs + 1):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * model.decay ** ((epoch - 1) / 50)
        loss = _one_epoch(model, config, sampler, optimiser, epoch)
        if epoch % config.validate_every and epoch < config.epochs:
            progress(epoch, config.epochs, loss=loss)
            continue
        candidate = represent(model)
        recall = validate(candidate)
        progress(epoch, config.epochs, loss=loss, recall=recall)
        if recall > best_recall:
            best, best_recall, waited = candidate, recall, 0
            continue
        waited += 1
        if waited >= config.patience:
            break
    return best


def _one_epoch(
    model: Model, config: TrainingConfig, sampler: PairSampler, optimiser: torch.optim.Optimizer, epoch: int
) -> float:
    model.start_epoch(epoch)
    total = torch.zeros((), device=device())
    batches = sampler.epoch(batch_size(config.batch_size, config.most_steps, len(sampler.user)))
    for batch in batches:
        users, positives, negatives = (torch.from_numpy(part).to(device()) for part in batch)
        loss = _batch_loss(model, users, positives, negatives, config.regularisation)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total += loss.detach() * len(users)
    mean = float(total) / len(sampler.user)
    if not math.isfinite(mean):
        mend = "Choose a smaller learning rate."
        raise RunError(f"the loss is no longer a number in epoch {epoch}", "training", mend, code="train.diverged")
    return mean


def _batch_loss(model: Model, users: Tensor, positives: Tensor, negatives: Tensor, regularisation: float) -> Tensor:
    user, item = model.propagate()
    # index_select's gradient takes less than half the time of plain indexing's
    batch = user.index_select(0, users), item.index_select(0, positives), item.index_select(0, negatives)
    loss = bpr_loss(*batch)
    if regularisation == 0:
        return loss
    return loss + regularisation * penalty(*model.penalised(user, item), users, positives, negatives)


def squared_norms(table: Tensor, rows: Tensor) -> Tensor:
    """``Σ ‖table[row]‖²`` over the rows named, each as often as it is named, without copying them out."""
    counts = torch.bincount(rows, minlength=len(table))
    return table.square().sum(dim=1) @ counts.to(table.dtype)


def batch_size(wanted: int, most_steps: int, pairs: int) -> int:
    """Interactions per step: as wanted, or more where an epoch would take more than `most_steps`."""
    return max(wanted, math.ceil(pairs / most_steps))


def represent(model: Model) -> Representations:
    """Graphs rebuilt and one forward pass without gradient, as arrays."""
    with torch.no_grad():
        model.refresh()
        user, item = model.propagate()
    return Representations(*(table.detach().cpu().numpy().copy() for table in (user, item)))
