"""The shared training loop: pairs, negatives, loss, and which epoch is handed on."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from recommender_contract import checkerboard
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.errors import DataError, RunError
from fmm_core.recommenders import trained
from fmm_core.recommenders.specs import RECOMMENDERS, TrainingConfig
from fmm_core.recommenders.trained import Trained
from fmm_core.recommenders.training import PairSampler, batch_size, bpr_loss, penalty, squared_norms, train
from fmm_core.types import Floats, Representations, silent


class Factors(nn.Module):
    """The least model the loop accepts; what it hands on is stale until it is refreshed, as graphs are."""

    decay = 1.0

    def __init__(self, users: int, items: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.user = nn.Parameter(torch.randn(users, 3, generator=generator))
        self.item = nn.Parameter(torch.randn(items, 3, generator=generator))
        self.derived = torch.zeros(users, 1)

    def start_epoch(self, epoch: int) -> None: ...

    def refresh(self) -> None:
        self.derived = self.user.detach().sum(dim=1, keepdim=True)

    def penalised(self, user: Tensor, item: Tensor) -> tuple[Tensor, Tensor]:
        return user, item

    def propagate(self) -> tuple[Tensor, Tensor]:
        """Users carry the derived number as a last column, items a 0 there, so it is no part of any score."""
        return torch.cat([self.user, self.derived], dim=1), torch.nn.functional.pad(self.item, (0, 1))


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
    """4000 people own item 0 of 5: the other four are drawn 1000 times each, give or take five standard deviations."""
    table = np.zeros((4001, 5), np.float32)
    table[:-1, 0], table[-1] = 1, 1
    [(user, _, negative)] = epochs(PairSampler(csr_matrix(table), 1), 1)
    drawn = negative[user < 4000]
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
    """Margins 1 and −2."""
    user = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    positive, negative = torch.tensor([[1.0, 0.0], [0.0, -1.0]]), torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    expected = (np.log1p(np.exp(-1)) + np.log1p(np.exp(2))) / 2
    assert bpr_loss(user, positive, negative).item() == pytest.approx(expected, rel=1e-6)


def test_a_head_start_is_added_to_the_margin() -> None:
    user = torch.tensor([[1.0, 0.0]])
    positive, negative = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    loss = bpr_loss(user, positive, negative, torch.tensor([2.0]))
    assert loss.item() == pytest.approx(np.log1p(np.exp(-3)), rel=1e-6)


def test_penalty_of_a_batch_by_hand() -> None:
    """Users named have squares 1 and 4, items named 9, 0 and 9, 9; the batch holds two."""
    user, item = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[3.0, 0.0], [0.0, 0.0]])
    both, first = torch.tensor([0, 1]), torch.tensor([0, 0])
    assert penalty(user, item, both, both, first).item() == pytest.approx((1 + 4 + 9 + 0 + 9 + 9) / 4)


def test_norms_of_rows_by_hand() -> None:
    """Squares sum to 5, 9 and 16; the first row is named twice, the second never."""
    table = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 4.0]])
    assert squared_norms(table, torch.tensor([0, 2, 0])).item() == pytest.approx(26)


def test_regularisation_keeps_vectors_small() -> None:
    interactions, _ = checkerboard()

    def size(regularisation: float) -> float:
        config = TrainingConfig(
            epochs=10, validate_every=10, batch_size=64, learning_rate=0.05, regularisation=regularisation
        )
        found = train(Factors(*interactions.shape), config, interactions, lambda _: 0.0, silent, 0)
        return float(np.square(found.user).sum())

    sizes = [size(weight) for weight in (0.0, 0.1, 1.0)]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(("pairs", "expected"), [(90, 10), (100, 10), (101, 11), (1000, 100)])
def test_large_data_get_larger_batches_instead_of_more_steps(pairs: int, expected: int) -> None:
    assert batch_size(10, 10, pairs) == expected


def test_nothing_to_train_on_is_said() -> None:
    empty = csr_matrix((3, 4), dtype=np.float32)
    with pytest.raises(DataError, match="no interactions to train on") as caught:
        train(Factors(3, 4), TrainingConfig(), empty, lambda _: 0.0, silent, 0)
    assert caught.value.code == "train.empty"


def test_a_loss_that_is_no_number_is_said() -> None:
    interactions, _ = checkerboard()
    model = Factors(*interactions.shape)
    with torch.no_grad():
        model.user[3, 0] = torch.nan
    with pytest.raises(RunError, match="no longer a number in epoch 1") as caught:
        train(model, TrainingConfig(), interactions, lambda _: 0.0, silent, 0)
    assert caught.value.code == "train.diverged"


def test_the_best_epoch_is_handed_on_graphs_rebuilt() -> None:
    interactions, _ = checkerboard()
    model, validate = Factors(*interactions.shape), Script([0.1, 0.5, 0.3, 0.5])
    config = TrainingConfig(epochs=4, validate_every=1, patience=10, batch_size=64)
    found = train(model, config, interactions, validate, silent, 0)
    assert len(validate.shown) == 4
    assert_array_equal(found.user, validate.shown[1].user)
    assert_array_equal(found.item, validate.shown[1].item)
    assert not np.array_equal(found.user, validate.shown[3].user)
    assert_allclose(found.user[:, 3], found.user[:, :3].sum(axis=1), rtol=1e-5, atol=1e-6)


def test_training_stops_after_so_many_validations_without_a_better_one() -> None:
    """The wait starts anew with every better one, and an equal one is not better."""
    interactions, _ = checkerboard()
    done: list[int] = []
    validate = Script([0.1, 0.05, 0.2, 0.2, 0.15, *[9.0] * 10])
    config = TrainingConfig(epochs=50, validate_every=3, patience=2, batch_size=64)
    found = train(
        Factors(*interactions.shape), config, interactions, validate, lambda epoch, _, **__: done.append(epoch), 0
    )
    assert len(validate.shown) == 5
    assert done == list(range(1, 16))
    assert_array_equal(found.user, validate.shown[2].user)


def test_training_lowers_the_loss() -> None:
    interactions, _ = checkerboard()
    losses: list[float] = []
    config = TrainingConfig(epochs=20, patience=20, batch_size=64, learning_rate=0.05)
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


@pytest.mark.parametrize(("where", "expected"), [("cuda", True), ("cpu", False)])
def test_a_model_is_built_and_trained_with_sums_in_one_order_on_a_gpu(monkeypatch, where, expected) -> None:
    """LATTICE adds up edges while it is built; out of order there, one seed gave two models."""
    orders: list[bool] = []

    class Watched(Trained):
        def model(self, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> Factors:  # noqa: ARG002
            orders.append(torch.are_deterministic_algorithms_enabled())
            return Factors(*train.shape)

    def validate(_: Representations) -> float:
        orders.append(torch.are_deterministic_algorithms_enabled())
        return 0.0

    monkeypatch.setattr(trained, "device", lambda: torch.device(where))
    config = RECOMMENDERS["lightgcn"].presets["quick"].model_copy(update={"epochs": 1, "validate_every": 1})
    Watched(config).fit(checkerboard()[0], {}, validate=validate, progress=silent, seed=0)
    assert orders == [expected, expected]
    assert not torch.are_deterministic_algorithms_enabled()
