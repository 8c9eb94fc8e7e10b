"""LATTICE: the contract, and its untrained vectors against the published formula."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from recommender_contract import ITEMS, USERS, RecommenderContract, checkerboard, descriptions
from sklearn.metrics.pairwise import cosine_similarity

from fmm_core.errors import ConfigError
from fmm_core.recommenders.base import Recommender
from fmm_core.recommenders.build import build
from fmm_core.recommenders.lattice import Lattice
from fmm_core.recommenders.lightgcn import xavier
from fmm_core.recommenders.specs import LatticeConfig


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


class TestLattice(RecommenderContract):
    subsets = (("text",), ("audio",), ("text", "audio"))

    def build(self, **settings: float) -> Recommender:
        return build(LatticeConfig(**settings))

    def test_its_configuration_builds_it(self) -> None:
        assert isinstance(self.build(), Lattice)

    def test_no_modality_is_refused_in_words(self) -> None:
        with pytest.raises(ConfigError, match="LATTICE needs at least one modality") as caught:
            self.fit(checkerboard()[0], {})
        assert caught.value.code == "config.no_modality"
        assert "LightGCN" in caught.value.mend

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

    def test_items_without_any_feature_are_served(self) -> None:
        modalities = descriptions()
        modalities["text"][[3, 4]] = 0
        found = self.fit(checkerboard()[0], {"text": modalities["text"]}, epochs=3)
        assert np.isfinite(found.item).all()

    def test_more_neighbours_than_items_means_all_of_them(self) -> None:
        found = self.fit(checkerboard()[0], epochs=2, neighbours=200)
        assert np.isfinite(found.item).all()
