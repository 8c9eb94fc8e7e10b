"""The shared training loop: pairs, negatives, loss, and which epoch is handed on."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from recommender_contract import checkerboard
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.recommenders.specs import TrainingConfig
from fmm_core.recommenders.training import PairSampler, bpr_loss, train
from fmm_core.types import Representations, silent


class Factors(nn.Module):
    """The least model the loop accepts; its `rebuilt` state is derived, as graphs are."""

    decay = 1.0

    def __init__(self, users: int, items: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.user = nn.Parameter(torch.randn(users, 3, generator=generator))
        self.item = nn.Parameter(torch.randn(items, 3, generator=generator))
        self.finished_with: list[np.ndarray] = []

    def start_epoch(self, epoch: int) -> None: ...

    def finish(self) -> None:
        self.finished_with.append(self.user.detach().numpy().copy())

    def propagate(self) -> tuple[Tensor, Tensor]:
        return self.user, self.item


class Script:
    """A validation that answers from a list and remembers what it was shown."""

    def __init__(self, recalls: list[float]) -> None:
        self.recalls, self.shown = recalls, []

    def __call__(self, representations: Representations) -> float:
        self.shown.append(representations)
        return self.recalls[len(self.shown) - 1]


def epochs(sampler: PairSampler, count: int, batch_size: int = 50) -> Iterator[tuple[np.ndarray, ...]]:
    for _ in range(count):
        yield tuple(np.concatenate(parts) for parts in zip(*sampler.epoch(batch_size), strict=True))


def test_negatives_are_never_among_the_users_items_and_always_seen_in_training() -> None:
    table = checkerboard()[0].toarray()
    table[:, 5] = 0  # never seen
    for user, _, negative in epochs(PairSampler(csr_matrix(table), 0), 10):
        assert not table[user, negative].any()
        assert 5 not in negative


def test_negatives_are_uniform_over_the_items_left() -> None:
    """One user owns item 0 of 5: the other four are drawn 1000 times each, give or take five standard deviations."""
    table = np.zeros((2, 5), np.float32)
    table[0, 0], table[1] = 1, 1
    drawn = np.concatenate([n[u == 0] for u, _, n in epochs(PairSampler(csr_matrix(table), 1), 4000)])
    counts = np.bincount(drawn, minlength=5)
    assert counts[0] == 0
    assert np.abs(counts[1:] - 1000).max() < 5 * np.sqrt(4000 * 0.25 * 0.75)


def test_an_epoch_holds_every_pair_once_in_fresh_order() -> None:
    interactions, _ = checkerboard()
    first, second = epochs(PairSampler(interactions, 0), 2)
    expected = list(zip(*interactions.nonzero(), strict=True))
    for user, positive, _ in (first, second):
        assert sorted(zip(user, positive, strict=True)) == sorted(expected)
    assert not np.array_equal(first[1], second[1])


def test_the_last_batch_holds_what_is_left() -> None:
    sizes = [len(user) for user, _, _ in PairSampler(csr_matrix(np.ones((1, 7), np.float32)), 0).epoch(3)]
    assert sizes == [3, 3, 1]


def test_a_user_who_owns_everything_does_not_hang() -> None:
    """They keep a wrong negative after so many tries; there is no right one."""
    (user, _, negative), *_ = epochs(PairSampler(csr_matrix(np.ones((2, 3), np.float32)), 0), 1)
    assert len(user) == len(negative) == 6


def test_loss_by_hand() -> None:
    """Margins 1 and −2; squared norms 2, 2 and 2 over a batch of two."""
    user = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    positive, negative = torch.tensor([[1.0, 0.0], [0.0, -1.0]]), torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    expected = (np.log1p(np.exp(-1)) + np.log1p(np.exp(2))) / 2
    assert bpr_loss(user, positive, negative, 0.0).item() == pytest.approx(expected, rel=1e-6)
    assert bpr_loss(user, positive, negative, 0.1).item() == pytest.approx(expected + 0.1 * 6 / 4, rel=1e-6)


def test_the_best_epoch_is_handed_on_graphs_rebuilt() -> None:
    interactions, _ = checkerboard()
    model, validate = Factors(*interactions.shape), Script([0.1, 0.5, 0.3, 0.5])
    config = TrainingConfig(epochs=4, validate_every=1, patience=10, batch_size=64)
    found = train(model, config, interactions, validate, silent, 0)
    assert len(validate.shown) == 4
    assert_array_equal(found.user, validate.shown[1].user)
    assert_array_equal(found.item, validate.shown[1].item)
    assert not np.array_equal(found.user, validate.shown[3].user)
    assert_array_equal(model.finished_with[-1], found.user)


def test_training_stops_after_so_many_validations_without_a_better_one() -> None:
    interactions, _ = checkerboard()
    done: list[int] = []
    validate = Script([0.1, 0.2, 0.2, 0.15, *[9.0] * 10])
    config = TrainingConfig(epochs=50, validate_every=3, patience=2, batch_size=64)
    found = train(
        Factors(*interactions.shape), config, interactions, validate, lambda d, _, **figures: done.append(d), 0
    )
    assert len(validate.shown) == 4
    assert done == list(range(1, 13))
    assert_array_equal(found.user, validate.shown[1].user)


def test_training_lowers_the_loss() -> None:
    interactions, _ = checkerboard()
    losses: list[float] = []
    config = TrainingConfig(epochs=20, batch_size=64, learning_rate=0.05)
    train(
        Factors(*interactions.shape),
        config,
        interactions,
        lambda _: 0.0,
        lambda _, __, **figures: losses.append(figures["loss"]),
        0,
    )
    assert losses[-1] < 0.5 * losses[0]


def test_what_is_handed_on_does_not_share_memory_with_the_model() -> None:
    interactions, _ = checkerboard()
    model = Factors(*interactions.shape)
    found = train(model, TrainingConfig(epochs=1), interactions, lambda _: 0.0, silent, 0)
    kept = found.user.copy()
    with torch.no_grad():
        model.user.add_(1.0)
    assert_allclose(found.user, kept)
