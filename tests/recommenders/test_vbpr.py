"""VBPR: the contract, and its untrained vectors against the published formula."""

import numpy as np
import torch
from numpy.testing import assert_allclose
from recommender_contract import ITEMS, USERS, TrainedContract, checkerboard, descriptions

from fmm_core.recommenders.base import Recommender
from fmm_core.recommenders.build import build
from fmm_core.recommenders.initial import xavier
from fmm_core.recommenders.specs import VBPRConfig
from fmm_core.recommenders.vbpr import VBPR, VBPRModel


class TestVBPR(TrainedContract):
    subsets = (("text",), ("audio",), ("text", "audio"))
    width = 16

    def build(self, **settings: float) -> Recommender:
        return build(VBPRConfig(**settings))

    def test_its_configuration_builds_it(self) -> None:
        assert isinstance(self.build(), VBPR)

    def test_an_item_is_its_id_vector_beside_its_content(self) -> None:
        """With next to no learning: [E; X W], X all features side by side, W (10 × 8); users are one table."""
        found = self.fit(checkerboard()[0], epochs=1, learning_rate=1e-12, seed=7)
        generator = torch.Generator().manual_seed(7)
        user, ids = xavier(USERS, 16, generator).numpy(), xavier(ITEMS, 8, generator).numpy()
        weight = xavier(8, 10, generator).numpy()
        features = np.hstack([descriptions()["text"], descriptions()["audio"]])
        assert_allclose(found.user, user, atol=1e-6)
        assert_allclose(found.item, np.hstack([ids, features @ weight.T]), atol=1e-5)


def test_the_width_does_not_depend_on_how_many_modalities_there_are() -> None:
    model = VBPRModel(VBPRConfig(embedding_size=8), checkerboard()[0], {"text": descriptions()["text"]}, seed=0)
    user, item = model.propagate()
    assert (user.shape, item.shape) == ((USERS, 16), (ITEMS, 16))


def test_content_learns_features_do_not() -> None:
    model = VBPRModel(VBPRConfig(embedding_size=8), checkerboard()[0], descriptions(), seed=0)
    learned = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    assert learned == {"user": (USERS, 16), "item": (ITEMS, 8), "content.weight": (8, 10), "content.bias": (8,)}


def test_an_item_nobody_chose_is_ranked_by_its_content() -> None:
    """A new item described as the even users' block stands above one described as the other, for an even user."""
    train, _ = checkerboard()
    table = train.toarray()
    table[:, [0, ITEMS - 1]] = 0  # one of each block
    block = np.repeat(np.eye(2, dtype=np.float32), ITEMS // 2, axis=0)  # (items, 2): which block an item is of
    recommender = build(VBPRConfig(embedding_size=8, epochs=30, batch_size=128, learning_rate=0.03))
    found = recommender.fit(
        type(train)(table), {"text": block}, validate=lambda _: 0.0, progress=lambda *_, **__: None, seed=0
    )
    content = found.user[:, 8:] @ found.item[:, 8:].T
    assert (content[::2, 0] > content[::2, -1]).all()
    assert (content[1::2, 0] < content[1::2, -1]).all()
