"""The training loop every gradient-trained recommender shares: Bayesian personalised ranking with early stopping."""

import copy
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor

from fmm_core.recommenders.specs import TrainingConfig
from fmm_core.types import Progress, Representations, Validate

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

    def finish(self) -> None:
        """Rebuild graphs from the parameters as they stand."""

    def parameters(self) -> Iterator[torch.nn.Parameter]: ...

    def state_dict(self) -> dict[str, Tensor]: ...

    def load_state_dict(self, state: dict[str, Tensor]) -> object: ...


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


def bpr_loss(user: Tensor, positive: Tensor, negative: Tensor, regularisation: float) -> Tensor:
    """``−mean log σ(s⁺ − s⁻) + reg · ½ (Σ‖u‖² + Σ‖v⁺‖² + Σ‖v⁻‖²) / B`` for a batch of vectors, each (batch, d)."""
    margin = (user * (positive - negative)).sum(dim=1)
    size = (user.square().sum() + positive.square().sum() + negative.square().sum()) / (2 * len(user))
    return -torch.nn.functional.logsigmoid(margin).mean() + regularisation * size


def train(
    model: Model, config: TrainingConfig, interactions: csr_matrix, validate: Validate, progress: Progress, seed: int
) -> Representations:
    """Train with Adam until validation Recall@20 has not risen for `patience` validations.

    Returns
    -------
    The representations of the best epoch, graphs rebuilt, one forward pass without gradient.
    """
    parameters = list(model.parameters())
    optimiser = torch.optim.Adam(parameters, lr=config.learning_rate, fused=True)
    sampler = PairSampler(interactions, seed)
    best, best_state, waited = -1.0, copy.deepcopy(model.state_dict()), 0
    for epoch in range(1, config.epochs + 1):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * model.decay ** ((epoch - 1) / 50)
        loss = _one_epoch(model, config, sampler, optimiser, epoch)
        if epoch % config.validate_every and epoch < config.epochs:
            progress(epoch, config.epochs, loss=loss)
            continue
        recall = validate(represent(model))
        progress(epoch, config.epochs, loss=loss, recall=recall)
        if recall > best:
            best, best_state, waited = recall, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
            if waited >= config.patience:
                break
    model.load_state_dict(best_state)
    model.finish()
    return represent(model)


def _one_epoch(
    model: Model, config: TrainingConfig, sampler: PairSampler, optimiser: torch.optim.Optimizer, epoch: int
) -> float:
    model.start_epoch(epoch)
    losses = []
    for batch in sampler.epoch(config.batch_size):
        users, positives, negatives = (torch.from_numpy(part).to(device()) for part in batch)
        user, item = model.propagate()
        loss = bpr_loss(user[users], item[positives], item[negatives], config.regularisation)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    return float(torch.stack(losses).mean())


def represent(model: Model) -> Representations:
    """One forward pass without gradient, as arrays."""
    with torch.no_grad():
        user, item = model.propagate()
    return Representations(user.cpu().numpy().copy(), item.cpu().numpy().copy())
