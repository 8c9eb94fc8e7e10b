"""Where there is a GPU: one seed gives the same vectors there, bit by bit. All other tests run on the CPU."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

RECOMMENDER = """
import numpy as np
from recommender_contract import QUICK, checkerboard, constant, descriptions
from fmm_core.recommenders.build import build
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.recommenders.training import device
from fmm_core.types import silent

assert device().type == "cuda"
config = RECOMMENDERS["{name}"].presets["standard"].model_copy(update=QUICK | {{"patience": 99}})
first, second = (
    build(config).fit(checkerboard()[0], descriptions(), validate=constant, progress=silent, seed=0) for _ in range(2)
)
assert np.array_equal(first.user, second.user) and np.array_equal(first.item, second.item)
"""

FMMREC = """
from dataclasses import replace
import numpy as np
from mitigation_contract import GENDER, ITEMS, context
from fmm_core.fairness import build, disentangle
from fmm_core.fairness.specs import DisentangleConfig, FmmrecConfig
from fmm_core.recommenders.training import device

assert device().type == "cuda"
game = DisentangleConfig(form="{game}", epochs=2)
config = FmmrecConfig(form="{form}", epochs=2, adversary_steps=2, disentangle=game)
world = context({{GENDER: 0.1}})
text = np.random.default_rng(0).normal(size=(ITEMS, 6)).astype(np.float32)


def once():
    profiles = disentangle.disentangle(game, world.train, {{"text": text}}, world.codes, seed=0)
    return profiles, build.build(config).fit(replace(world, profiles=profiles))


(one, first), (two, second) = once(), once()
assert all(np.isfinite(part).all() and np.array_equal(part, two[name]) for name, part in one.items())
assert np.array_equal(first.user, second.user) and np.array_equal(first.item, second.item)
"""

needs_gpu = pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="there is no GPU here")


@needs_gpu
@pytest.mark.parametrize("name", ["bpr", "vbpr", "lightgcn", "lattice", "dragon"])
def test_recommenders(name: str) -> None:
    run(RECOMMENDER.format(name=name))


@needs_gpu
@pytest.mark.parametrize(("form", "game"), [("ours", "adversarial"), ("paper", "paper")])
def test_fmmrec(form: str, game: str) -> None:
    run(FMMREC.format(form=form, game=game))


def run(script: str) -> None:
    """In a process of its own: `conftest.py` hides the GPU from this one."""
    env = {key: value for key, value in os.environ.items() if key != "CUDA_VISIBLE_DEVICES"}
    env["PYTHONPATH"] = os.pathsep.join([str(HERE / "recommenders"), str(HERE / "fairness"), *sys.path])
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
