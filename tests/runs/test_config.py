"""Settings: presets, overrides, and errors that say what to do."""

import pytest

from fmm_core.errors import ConfigError
from fmm_core.runs.config import make_config, parse_config
from fmm_core.runs.sweep import curve


def test_settings_win_over_the_preset() -> None:
    config = make_config("synthetic", preset="quick", settings={"recommender.epochs": 7, "seed": 3})
    assert config.recommender.epochs == 7
    assert config.seed == 3
    assert config.preset == "quick"


def test_a_stored_config_reads_back_equal() -> None:
    config = make_config("synthetic", weights={"gender": 0.5}, attributes=("gender",))
    assert parse_config(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"recommender": "magic"},
            'there is no recommender "magic". Choose one of: lattice, lightgcn, bpr, vbpr, dragon, pretrained.',
        ),
        (
            {"recommender": "pretrained"},
            "setting recommender.path: no file is named; add --set recommender.path=FILE.npz.",
        ),
        (
            {"method": "hope"},
            'there is no method "hope". '
            "Choose one of: flow, repair, ridge, fmmrec, leace, d2dr, fairgo, cal, al, none.",
        ),
        ({"preset": "fast"}, 'there is no preset "fast". Choose one of: quick, standard, paper.'),
        ({"panel": "best"}, "setting panel: Input should be 'fast' or 'full'."),
        ({"settings": {"recommender.depth": 2}}, "setting recommender.depth: Extra inputs are not permitted."),
        (
            {"settings": {"recommender.epochs": 0}},
            "setting recommender.epochs: Input should be greater than or equal to 1.",
        ),
        ({"weights": {"gender": -1}}, "settings: the weight of gender is -1.0; a weight is 0 or more."),
        (
            {"weights": {"gender": 1}, "attributes": ("age",)},
            "settings: gender has a weight but is not among the attributes to audit.",
        ),
    ],
)
def test_wrong_settings_end_in_one_sentence(arguments: dict, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_config("synthetic", **arguments)
    assert str(caught.value) == sentence


def test_active_weights_leave_out_zeros() -> None:
    assert make_config("synthetic", weights={"gender": 1, "age": 0}).active_weights == {"gender": 1}


def test_curve_makes_one_run_per_weight_and_seed() -> None:
    base = make_config("synthetic", weights={"age": 0.5}, seed=10)
    runs = curve(base, ["gender"], [0, 1], seeds=2)
    expected = [(10, 0), (10, 1), (11, 0), (11, 1)]
    assert [(run.seed, run.weights["gender"]) for run in runs] == expected
    assert all(run.weights["age"] == 0.5 for run in runs)
