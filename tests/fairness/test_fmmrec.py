"""FMMRec: what every stage hands to the next, and that what is switched off is left out."""

from dataclasses import replace

import numpy as np
import pytest
from mitigation_contract import GENDER, ITEMS, StrengthContract, context
from numpy.testing import assert_allclose, assert_array_equal

from fmm_core.errors import ConfigError
from fmm_core.fairness import fmmrec
from fmm_core.fairness.adversary import Gaze, TwoAdversaries
from fmm_core.fairness.build import build
from fmm_core.fairness.context import Context, Mitigation
from fmm_core.fairness.fmmrec import Filtered
from fmm_core.fairness.relations import profile_graph, relation_graph
from fmm_core.fairness.specs import FmmrecConfig
from fmm_core.fairness.tuning import Trainable
from fmm_core.types import Floats, Mitigated

QUICK = {"epochs": 2, "adversary_steps": 2}


def split(seed: int = 0) -> dict[tuple[str, str], Floats]:
    """Two modalities, each in two parts."""
    rng = np.random.default_rng(seed)
    names = [(modality, kind) for modality in ("text", "audio") for kind in ("biased", "filtered")]
    return {name: rng.normal(size=(ITEMS, 4)).astype(np.float32) for name in names}


class TestFmmrec(StrengthContract):
    def build(self) -> Mitigation:
        return build(FmmrecConfig(**QUICK, disentangle=None))


class TestIndependentFilters(StrengthContract):
    def build(self) -> Mitigation:
        return build(FmmrecConfig(**QUICK, disentangle=None, filters="independent"))


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Trainable, Gaze]]:
    """What reaches the tuning loop; the loop itself returns the base."""
    calls: list[tuple[Trainable, Gaze]] = []

    def spy(given: Context, _: object, model: Trainable, gaze: Gaze, __: object) -> Mitigated:
        calls.append((model, gaze))
        return Mitigated(given.base.user, given.base.item)

    monkeypatch.setattr(fmmrec, "tune", spy)
    return calls


def moved(given: Context, fair: float, unfair: float, centred: bool) -> Floats:
    """Users after the relations, written out."""
    graphs = {
        kind: relation_graph(
            {
                name: profile_graph(given.train, given.profiles[name, kind], 3, centred=centred)
                for name in ("text", "audio")
            },
            {"text": 2.0},
        )
        for kind in ("filtered", "biased")
    }
    user = given.base.user
    return user + 0.1 * (fair * (graphs["filtered"] @ user) - unfair * (graphs["biased"] @ user))


@pytest.mark.parametrize(
    ("settings", "fair", "unfair"),
    [
        ({}, 1, 1),
        ({"form": "paper"}, 1, 1),
        ({"fair_relations": False}, 0, 1),
        ({"unfair_relations": False}, 1, 0),
        ({"relation_weight": 0.0}, 0, 0),
        ({"disentangle": None}, 0, 0),
    ],
)
def test_users_are_moved_along_the_relations_that_are_on(
    tuned: list[tuple[Trainable, Gaze]], settings: dict, fair: int, unfair: int
) -> None:
    given = replace(context({GENDER: 1.0}), profiles=split())
    found = build(FmmrecConfig(neighbours=3, modality_weights={"text": 2.0}, **settings)).fit(given)
    entered = tuned[0][0].user
    assert_allclose(entered, moved(given, fair, unfair, centred="form" not in settings), atol=1e-5)
    assert_array_equal(tuned[0][0].item, given.base.item)
    assert found.profiles.keys() == given.profiles.keys()


def test_disentanglement_without_features_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="FMMRec has no modality to disentangle"):
        build(FmmrecConfig()).fit(context({GENDER: 1.0}))


def test_user_only_filters_leave_items_alone_and_nobody_looks_at_histories(
    tuned: list[tuple[Trainable, Gaze]],
) -> None:
    given = context({GENDER: 1.0})
    build(FmmrecConfig(disentangle=None, filters="user_only")).fit(given)
    model, gaze = tuned[0]
    assert_array_equal(model.items([0]), given.base.item)
    assert not gaze.needs_history


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_the_item_adversary_can_be_switched_off(tuned: list[tuple[Trainable, Gaze]], weight: float) -> None:
    build(FmmrecConfig(disentangle=None, item_weight=weight)).fit(context({GENDER: 1.0}))
    assert isinstance(tuned[0][1], TwoAdversaries) == (weight > 0)


@pytest.mark.parametrize(
    ("settings", "parameters"),
    [
        # width 8, one attribute: in·8 + 8 + 8·8 + 8 a filter; a prompt has 2·8
        ({}, 16 * 8 + 8 + 64 + 8 + 16),
        ({"prompt": "add"}, 8 * 8 + 8 + 64 + 8 + 16),
        ({"prompt": "none"}, 8 * 8 + 8 + 64 + 8),
        ({"filters": "independent"}, 2 * (8 * 8 + 8 + 64 + 8)),
        ({"filters": "user_only"}, 8 * 8 + 8 + 64 + 8),
    ],
)
def test_shared_filters_exist_once_and_independent_ones_twice(
    tuned: list[tuple[Trainable, Gaze]], settings: dict, parameters: int
) -> None:
    build(FmmrecConfig(disentangle=None, **settings)).fit(context({GENDER: 1.0}))
    model = tuned[0][0]
    assert isinstance(model, Filtered)
    assert sum(each.numel() for each in model.parameters()) == parameters
