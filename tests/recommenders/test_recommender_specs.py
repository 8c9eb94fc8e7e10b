"""The list of recommenders that forms and the command line show, against what the classes do."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from recommender_contract import checkerboard, constant

from fmm_core.data import synthetic
from fmm_core.data.splitting import split
from fmm_core.errors import ConfigError
from fmm_core.metrics.ranking import recall_at
from fmm_core.recommenders.base import Ids
from fmm_core.recommenders.build import build
from fmm_core.recommenders.popularity import popularity
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.types import silent

ROOT = Path(__file__).resolve().parents[2]
TRAINED = [name for name, spec in RECOMMENDERS.items() if not spec.needs_file]


def test_the_list_loads_no_torch() -> None:
    code = "import sys, fmm_core.recommenders.specs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("name", RECOMMENDERS)
def test_every_preset_can_be_built_and_carries_the_name(name: str) -> None:
    presets = RECOMMENDERS[name].presets
    assert list(presets) == ["quick", "standard", "paper"]
    for config in presets.values():
        assert config.name == name
        assert callable(build(config, Ids(np.array(["a"]), np.array(["b"]))).fit)


@pytest.mark.parametrize("name", TRAINED)
def test_the_list_says_who_needs_modalities(name: str) -> None:
    config = RECOMMENDERS[name].presets["quick"].model_copy(update={"epochs": 1})

    def fit_without() -> None:
        build(config).fit(checkerboard()[0], {}, validate=constant, progress=silent, seed=0)

    if RECOMMENDERS[name].needs_modalities:
        with pytest.raises(ConfigError):
            fit_without()
    else:
        fit_without()


@pytest.mark.parametrize("name", TRAINED)
def test_the_quick_preset_beats_popularity_on_made_up_films(name: str) -> None:
    dataset, _ = synthetic.make(synthetic.SyntheticConfig(n_users=400, n_items=200))
    parts = split(dataset)
    seen = (parts.train + parts.validation).tocsr()
    found = build(RECOMMENDERS[name].presets["quick"]).fit(
        parts.train,
        {label: modality.features for label, modality in dataset.modalities.items()},
        validate=lambda r: recall_at(r, parts.train, parts.validation, 20),
        progress=silent,
        seed=0,
    )
    assert recall_at(found, seen, parts.test, 20) > 1.1 * recall_at(popularity(parts.train), seen, parts.test, 20)
