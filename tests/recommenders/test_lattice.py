"""LATTICE: the contract, and its untrained vectors against the published formula."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from recommender_contract import ITEMS, USERS, TrainedContract, checkerboard, descriptions
from sklearn.metrics.pairwise import cosine_similarity

from fmm_core.recommenders import graphs
from fmm_core.recommenders.base import Recommender
from fmm_core.recommenders.build import build
from fmm_core.recommenders.initial import xavier
from fmm_core.recommenders.lattice import Lattice, LatticeModel
from fmm_core.recommenders.specs import LatticeConfig
from fmm_core.recommenders.training import PairSampler


def dense_knn(features: np.ndarray, k: int) -> np.ndarray:
    """kNN graph with cosines as weights, the row itself among its k."""
    alike = cosine_similarity(features)
    kept = np.argsort(-alike, axis=1)[:, :k]
    graph = np.zeros_like(alike)
    np.put_along_axis(graph, kept, np.take_along_axis(alike, kept, axis=1), axis=1)
    return graph


def norm(graph: np.ndarray) -> np.ndarray:
    sums = graph.sum(axis=1)
    scale = np.where(sums > 0, 1 / np.sqrt(np.where(sums > 0, sums, 1)), 0)
    return scale[:, None] * graph * scale


class TestLattice(TrainedContract):
    subsets = (("text",), ("audio",), ("text", "audio"))

    def build(self, **settings: float) -> Recommender:
        return build(LatticeConfig(**settings))

    def test_its_configuration_builds_it(self) -> None:
        assert isinstance(self.build(), Lattice)

    @pytest.mark.parametrize("raw_share", [1.0, 0.9, 0.0])
    def test_vectors_follow_the_published_form(self, raw_share: float) -> None:
        """With next to no learning: clicks over two row-averaged layers; items also over their likeness (METHOD, 1)."""
        train, _ = checkerboard()
        features = list(descriptions().values())
        found = self.fit(train, epochs=1, learning_rate=1e-12, neighbours=4, raw_share=raw_share, seed=7)
        generator = torch.Generator().manual_seed(7)
        start = np.concatenate([xavier(count, 8, generator).numpy() for count in (USERS, ITEMS)])
        maps = [xavier(8, table.shape[1], generator).numpy().T for table in features]

        block = train.toarray()
        clicks = np.block([[np.eye(USERS), block], [block.T, np.eye(ITEMS)]])
        clicks /= clicks.sum(axis=1, keepdims=True)
        mean = (start + clicks @ start + clicks @ clicks @ start) / 3
        raw = sum(norm(dense_knn(table, 4)) for table in features) / 2
        learned = norm(sum(dense_knn(table @ weight, 4) for table, weight in zip(features, maps, strict=True)) / 2)
        alike = (raw_share * raw + (1 - raw_share) * learned) @ start[USERS:]
        alike /= np.linalg.norm(alike, axis=1, keepdims=True)
        assert_allclose(found.user, mean[:USERS], atol=1e-5)
        assert_allclose(found.item, mean[USERS:] + alike, atol=1e-5)

    def test_neighbours_are_sought_once_in_so_many_epochs_whatever_the_batches(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Six epochs, a search in each or in every third: four searches fewer."""
        calls: list[int] = []
        nearest = graphs.nearest
        monkeypatch.setattr(graphs, "nearest", lambda *given: calls.append(1) or nearest(*given))

        def searches(**settings: int) -> int:
            calls.clear()
            self.fit(checkerboard()[0], {"text": descriptions()["text"]}, epochs=6, validate_every=6, **settings)
            return len(calls)

        assert searches(learn_graph_every=1) - searches(learn_graph_every=3) == 4
        assert searches(batch_size=40) == searches(batch_size=400)

    def test_items_without_any_feature_are_served(self) -> None:
        modalities = descriptions()
        modalities["text"][[3, 4]] = 0
        found = self.fit(checkerboard()[0], {"text": modalities["text"]}, epochs=3)
        assert np.isfinite(found.item).all()

    def test_more_neighbours_than_items_means_all_of_them(self) -> None:
        found = self.fit(checkerboard()[0], epochs=2, neighbours=200)
        assert np.isfinite(found.item).all()


SMALL = LatticeConfig(embedding_size=8, neighbours=4)


def graph_gradients(model: LatticeModel) -> list[torch.Tensor | None]:
    """Gradients of everything that shapes the item graph, after one backward pass."""
    model.zero_grad(set_to_none=True)
    _, item = model.propagate()
    item[:, 0].sum().backward()
    shaping = [model.mixture, *model.features, *(linear.weight for linear in model.maps)]
    return [parameter.grad for parameter in shaping]


def test_the_item_graph_learns_in_the_first_batch_of_an_epoch_only() -> None:
    model = LatticeModel(SMALL, checkerboard()[0], descriptions(), seed=0)
    model.start_epoch(1)
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in graph_gradients(model))
    assert all(gradient is None for gradient in graph_gradients(model))


def test_a_lazy_item_graph_learns_every_third_epoch() -> None:
    lazy = SMALL.model_copy(update={"learn_graph_every": 3})
    model = LatticeModel(lazy, checkerboard()[0], descriptions(), seed=0)
    learned = []
    for epoch in range(1, 8):
        model.start_epoch(epoch)
        learned.append(graph_gradients(model)[0] is not None)
    assert learned == [True, False, False, True, False, False, True]


def test_the_pass_with_gradient_equals_the_pass_without() -> None:
    model = LatticeModel(SMALL, checkerboard()[0], descriptions(), seed=0)
    model.start_epoch(1)
    learning = model.propagate()[1].detach()
    model.refresh()
    assert_allclose(learning, model.propagate()[1].detach(), rtol=1e-5, atol=1e-6)


def test_modalities_count_by_the_softmax_of_their_weights() -> None:
    """With all the weight on one modality, the vectors are those of a model that never had the other."""
    both = LatticeModel(SMALL, checkerboard()[0], descriptions(), seed=0)
    alone = LatticeModel(SMALL, checkerboard()[0], {"text": descriptions()["text"]}, seed=0)
    with torch.no_grad():
        both.mixture.copy_(torch.tensor([50.0, 0.0]))
    for model in (both, alone):
        model.refresh()
    assert_allclose(both.propagate()[1].detach(), alone.propagate()[1].detach(), atol=1e-6)


def plain_training(
    train: np.ndarray, model: LatticeModel, batches: list[list[tuple]]
) -> tuple[list[float], np.ndarray, np.ndarray]:
    """Losses per epoch and final vectors by dense matrices, plain indexing and plain Adam, from the model's start.

    Learning rate 0.02, falling as published; regularisation 0.1; three neighbours.
    """
    users, items = model.user.detach().clone().requires_grad_(), model.item.detach().clone().requires_grad_()
    features = [table.detach().clone().requires_grad_() for table in model.features]
    maps = [
        (of.weight.detach().clone().requires_grad_(), of.bias.detach().clone().requires_grad_()) for of in model.maps
    ]
    mixture = torch.zeros(len(features), requires_grad=True)
    optimiser = torch.optim.Adam([users, items, *features, *(part for of in maps for part in of), mixture], fused=False)
    clicks = torch.from_numpy(np.block([[np.eye(len(train)), train], [train.T, np.eye(train.shape[1])]])).float()
    clicks = clicks / clicks.sum(dim=1, keepdim=True)
    raw = [torch.from_numpy(norm(dense_knn(table.detach().numpy(), 3))).float() for table in features]

    def knn(table: torch.Tensor) -> torch.Tensor:
        unit = torch.nn.functional.normalize(table, dim=1)
        return unit @ unit.T * torch.from_numpy(dense_knn(table.detach().numpy(), 3) != 0)

    def item_graph() -> torch.Tensor:
        omega = torch.softmax(mixture, dim=0)
        mixed = sum(o * knn(table @ w.T + b) for o, table, (w, b) in zip(omega, features, maps, strict=True))
        sums = mixed.sum(dim=1)
        learned = mixed / torch.sqrt(sums[:, None] * sums[None, :])
        return 0.9 * sum(o * graph for o, graph in zip(omega, raw, strict=True)) + 0.1 * learned

    def vectors(alike: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        start = torch.cat([users, items])
        mean = (start + clicks @ start + clicks @ clicks @ start) / 3
        return mean[: len(train)], mean[len(train) :] + torch.nn.functional.normalize(alike @ items, dim=1)

    losses = []
    for epoch, of_epoch in enumerate(batches):
        optimiser.param_groups[0]["lr"] = 0.02 * 0.96 ** (epoch / 50)
        graph, total = item_graph(), 0.0
        for user, liked, other in of_epoch:
            u, v = vectors(graph)
            u, better, worse = u[user], v[liked], v[other]
            norms = sum((part**2).sum() for part in (u, better, worse)) / (2 * len(user))
            loss = -torch.log(torch.sigmoid((u * better).sum(1) - (u * worse).sum(1))).mean() + 0.1 * norms
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            graph, total = graph.detach(), total + loss.item() * len(user)
        losses.append(total / sum(len(user) for user, _, _ in of_epoch))
    return losses, *(table.detach().numpy() for table in vectors(item_graph()))


def test_training_equals_plain_full_propagation() -> None:
    """Three epochs of four batches."""
    train, losses = checkerboard()[0], []
    config = LatticeConfig(
        embedding_size=8, neighbours=3, epochs=3, batch_size=100, learning_rate=0.02, regularisation=0.1
    )
    found = build(config).fit(
        train,
        descriptions(),
        validate=lambda _: float(len(losses)),  # the last is always the best
        progress=lambda *_, **figures: losses.append(figures["loss"]),
        seed=3,
    )
    sampler = PairSampler(train, 3)
    batches = [list(sampler.epoch(100)) for _ in range(3)]
    expected, users, items = plain_training(
        train.toarray(), LatticeModel(config, train, descriptions(), seed=3), batches
    )
    assert_allclose(losses, expected, rtol=1e-5)
    assert_allclose(found.user, users, rtol=1e-4, atol=1e-5)
    assert_allclose(found.item, items, rtol=1e-4, atol=1e-5)
