"""DRAGON: the contract, its two graphs by hand, and its untrained vectors against the published formula."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from recommender_contract import ITEMS, USERS, TrainedContract, checkerboard, descriptions
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.neighbors import NearestNeighbors

from fmm_core.recommenders import dragon
from fmm_core.recommenders.base import Recommender
from fmm_core.recommenders.build import build
from fmm_core.recommenders.dragon import Dragon, DragonModel, item_graph, mixture, user_graph
from fmm_core.recommenders.initial import xavier, xavier_normal
from fmm_core.recommenders.specs import DragonConfig
from fmm_core.recommenders.training import penalty

SMALL = DragonConfig(embedding_size=8, neighbours=4)


def dense_user_graph(table: np.ndarray, k: int) -> np.ndarray:
    """Softmax of log(1 + count) over the k largest counts above 0, user by user."""
    counts = table @ table.T
    graph = np.zeros_like(counts)
    for user, row in enumerate(counts):
        others = [other for other in np.argsort(-row, kind="stable") if other != user and row[other] > 0][:k]
        if others:
            graph[user, others] = softmax(np.log1p(row[others]))
    return graph


def dense_item_graph(features: np.ndarray, k: int) -> np.ndarray:
    """Every one of the k nearest by cosine 1/k, by scikit-learn."""
    nearest = NearestNeighbors(n_neighbors=k, metric="cosine").fit(features)
    return nearest.kneighbors_graph(features).toarray() / k


class TestDragon(TrainedContract):
    subsets = (("text",), ("audio",), ("text", "audio"))
    width = 16

    def build(self, **settings: float) -> Recommender:
        return build(DragonConfig(**settings))

    def test_its_configuration_builds_it(self) -> None:
        assert isinstance(self.build(), Dragon)

    def test_vectors_follow_the_published_form(self) -> None:
        """With next to no learning: Z = Z⁰ + S Z⁰ + S² Z⁰ per modality, then U = u + G u and V = v + A v, dense."""
        train, _ = checkerboard()
        found = self.fit(train, epochs=1, learning_rate=1e-12, neighbours=4, user_neighbours=3, seed=7)
        features = list(descriptions().values())
        generator = torch.Generator().manual_seed(7)
        preferences = [xavier_normal(USERS, 8, generator).numpy() for _ in features]
        block = train.toarray()
        adjacency = np.block([[np.zeros((USERS, USERS)), block], [block.T, np.zeros((ITEMS, ITEMS))]])
        degrees = adjacency.sum(axis=1)
        step = adjacency / np.sqrt(np.outer(degrees, degrees))
        users, items = [], []
        for preference, table in zip(preferences, features, strict=True):
            inner, outer = xavier(32, table.shape[1], generator).numpy(), xavier(8, 32, generator).numpy()
            hidden = table @ inner.T
            content = np.where(hidden > 0, hidden, 0.01 * hidden) @ outer.T
            start = np.concatenate([preference, content])
            start /= np.linalg.norm(start, axis=1, keepdims=True)
            branch = start + step @ start + step @ step @ start
            users.append(branch[:USERS] / 2)
            items.append(branch[USERS:])
        user, item = np.hstack(users), np.hstack(items)
        alike = (8 * dense_item_graph(features[0], 4) + dense_item_graph(features[1], 4)) / 9
        assert_allclose(found.user, user + dense_user_graph(block, 3) @ user, atol=1e-5)
        assert_allclose(found.item, item + alike @ item, atol=1e-5)


def test_the_graph_of_users_by_hand() -> None:
    """Items in common: 0 and 1 two, 0 and 2 one, 1 and 2 none, 3 chose what nobody else did."""
    table = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.float32)
    expected = [[0, 3 / 5, 2 / 5, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert_allclose(user_graph(csr_matrix(table), 40).toarray(), expected)


def test_only_so_many_users_are_kept_and_of_equal_ones_the_first() -> None:
    """User 0 shares two items with user 3 and one with each of 1, 2 and 4."""
    table = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    assert_allclose(user_graph(csr_matrix(table), 2).toarray()[0], [0, 2 / 5, 0, 3 / 5, 0])


@pytest.mark.parametrize("entries", [1, 7 * 40, 10**6])
def test_blocks_of_rows_change_nothing(entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 1 row, of 7 rows, and all rows at once, against plain loops."""
    monkeypatch.setattr(dragon, "ENTRIES", entries)
    rng = np.random.default_rng(0)
    table = (rng.random((40, 30)) < 0.2).astype(np.float32)
    assert_allclose(user_graph(csr_matrix(table), 5).toarray(), dense_user_graph(table, 5), rtol=1e-6)


def test_how_often_a_pair_was_counted_does_not_matter() -> None:
    table = 5 * checkerboard()[0]
    assert_array_equal(user_graph(table, 4).toarray(), user_graph(table / 5, 4).toarray())
    assert (table.data == 5).all()


def test_items_without_features_keep_only_themselves() -> None:
    """Two items point the same way, one the other way, one nowhere."""
    features = np.array([[1, 0], [2, 0], [0, 1], [0, 0]], np.float32)
    graph = item_graph({"knowledge": features}, 2).toarray()
    assert_allclose(graph[[0, 1, 3]], [[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("text", "image", "audio"), [0.8, 0.1, 0.1]),
        (("image", "text"), [1 / 9, 8 / 9]),
        (("audio",), [1.0]),
        (("text", "genre"), [0.5, 0.5]),
        (("knowledge", "genre", "text", "audio"), [0.25] * 4),
    ],
)
def test_how_the_graphs_of_items_are_mixed(names: tuple[str, ...], expected: list[float]) -> None:
    assert mixture(names) == pytest.approx(expected)


def test_the_regulariser_is_the_mean_square_of_preferences_and_shares() -> None:
    """For two users of the batch: Σ_m mean(Q_m²) + mean(W²)."""
    model = DragonModel(SMALL, checkerboard()[0], descriptions(), seed=0)
    with torch.no_grad():
        model.share.normal_(generator=torch.Generator().manual_seed(1))
    users, items = torch.tensor([3, 8]), torch.tensor([0, 5])
    user, item = model.penalised(*model.propagate())
    found = penalty(user, item, users, items, items)
    preference, share = model.preference.detach().numpy()[[3, 8]], model.share.detach().numpy()[[3, 8]]
    expected = sum((preference[:, m] ** 2).mean() for m in range(2)) + (share**2).mean()
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_features_stay_as_they_are_and_all_else_learns() -> None:
    model = DragonModel(SMALL, checkerboard()[0], descriptions(), seed=0)
    learned = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    assert learned == {
        "preference": (USERS, 2, 8),
        "share": (USERS, 2),
        "maps.0.0.weight": (32, 6),
        "maps.0.0.bias": (32,),
        "maps.0.2.weight": (8, 32),
        "maps.0.2.bias": (8,),
        "maps.1.0.weight": (32, 4),
        "maps.1.0.bias": (32,),
        "maps.1.2.weight": (8, 32),
        "maps.1.2.bias": (8,),
    }
    user, item = model.propagate()
    (user.square().sum() + item.square().sum()).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())
