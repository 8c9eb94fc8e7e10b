"""Several runs at once: which configurations a training of every mix of modalities is made of."""

import pytest

from fmm_core.errors import ConfigError
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs.config import RunConfig, make_config
from fmm_core.runs.sweep import base, modality_subsets


def opened(**changes: object) -> RunConfig:
    common = {"recommender": "lattice", "preset": "standard", "weights": {"gender": 1}, "panel": "full"}
    common |= {"seed": 3, "fingerprint": "f", "modalities": ("text", "audio")}
    return make_config("synthetic", **common | changes)


def test_every_mix_is_a_quick_run_without_mitigation() -> None:
    plans = modality_subsets(opened())
    assert [plan.modalities for plan in plans] == [(), ("text",), ("audio",), ("text", "audio")]
    for plan in plans:
        assert (plan.preset, plan.panel, plan.mitigation.name, plan.active_weights) == ("quick", "fast", "none", {})
        assert (plan.seed, plan.fingerprint) == (3, "f")


def test_with_no_modality_clicks_alone_are_learned_from() -> None:
    first, *others = modality_subsets(opened(recommender="vbpr"))
    assert first.recommender == RECOMMENDERS["lightgcn"].presets["quick"]
    assert all(plan.recommender == RECOMMENDERS["vbpr"].presets["quick"] for plan in others)


def test_four_modalities_are_sixteen_runs() -> None:
    assert len(modality_subsets(opened(modalities=("a", "b", "c", "d")))) == 16


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"recommender": "bpr"},
         "mixes of modalities: BPR-MF looks at no modality. Choose one of: lattice, vbpr, dragon."),
        ({"modalities": ("text",)},
         "mixes of modalities: mixes are trained of two to 4 modalities, not of 1. Choose them by name."),
        ({"modalities": tuple("abcde")},
         "mixes of modalities: mixes are trained of two to 4 modalities, not of 5. Choose them by name."),
    ],
)  # fmt: skip
def test_what_has_no_mixes_to_train_says_why(changes: dict, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        modality_subsets(opened(**changes))
    assert str(caught.value) == sentence


def test_runs_share_a_base_whatever_was_done_to_it_afterwards() -> None:
    run = opened(preset="quick")
    assert base(run) == base(run.with_weights({})) == base(modality_subsets(run)[-1])
    assert base(run) != base(run.with_weights({}, seed=4))
    assert base(run) != base(opened())
    assert base(run) != base(run.model_copy(update={"modalities": ("text",)}))
