"""LightGCN: the contract, and its untrained vectors against the published formula."""

import numpy as np
import torch
from numpy.testing import assert_allclose, assert_array_equal
from recommender_contract import ITEMS, USERS, TrainedContract, checkerboard

from fmm_core.recommenders.base import Recommender
from fmm_core.recommenders.build import build
from fmm_core.recommenders.initial import xavier
from fmm_core.recommenders.lightgcn import LightGCN, LightGCNModel
from fmm_core.recommenders.specs import LightGCNConfig


class TestLightGCN(TrainedContract):
    subsets = ((), ("text", "audio"))

    def build(self, **settings: float) -> Recommender:
        return build(LightGCNConfig(**settings))

    def test_its_configuration_builds_it(self) -> None:
        assert isinstance(self.build(), LightGCN)

    def test_modalities_change_nothing(self) -> None:
        train, _ = checkerboard()
        with_them, without = self.fit(train, epochs=2), self.fit(train, {}, epochs=2)
        assert_array_equal(with_them.user, without.user)
        assert_array_equal(with_them.item, without.item)

    def test_vectors_are_the_mean_of_all_layers(self) -> None:
        """With next to no learning: (E + S E + S² E + S³ E) / 4, S = D^-½ Adj D^-½ without self-loops, dense."""
        train, _ = checkerboard()
        found = self.fit(train, epochs=1, learning_rate=1e-12, layers=3, seed=7)
        generator = torch.Generator().manual_seed(7)
        start = np.concatenate([xavier(count, 8, generator).numpy() for count in (USERS, ITEMS)])
        block = train.toarray()
        adjacency = np.block([[np.zeros((USERS, USERS)), block], [block.T, np.zeros((ITEMS, ITEMS))]])
        degrees = adjacency.sum(axis=1)
        step = adjacency / np.sqrt(np.outer(degrees, degrees))
        expected = sum(np.linalg.matrix_power(step, layer) @ start for layer in range(4)) / 4
        assert_allclose(np.concatenate([found.user, found.item]), expected, atol=1e-6)

    def test_the_regulariser_sees_the_tables_not_what_the_graph_makes_of_them(self) -> None:
        model = LightGCNModel(LightGCNConfig(), checkerboard()[0], seed=0)
        assert model.penalised(*model.propagate()) == (model.user, model.item)
