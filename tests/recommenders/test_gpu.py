"""Where there is a GPU: one seed gives the same vectors there, bit by bit. All other tests run on the CPU."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TWICE = """
import sys
import numpy as np
import torch
from recommender_contract import QUICK, checkerboard, constant, descriptions
from fmm_core.recommenders.build import build
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.types import silent

assert torch.cuda.is_available()
config = RECOMMENDERS[sys.argv[1]].presets["standard"].model_copy(update=QUICK | {"patience": 99})
first, second = (
    build(config).fit(checkerboard()[0], descriptions(), validate=constant, progress=silent, seed=0) for _ in range(2)
)
assert np.array_equal(first.user, second.user) and np.array_equal(first.item, second.item)
"""


@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="there is no GPU here")
@pytest.mark.parametrize("name", ["bpr", "vbpr", "lightgcn", "lattice", "dragon"])
def test_one_seed_gives_bit_equal_vectors_on_a_gpu(name: str) -> None:
    """In a process of its own: `conftest.py` hides the GPU from this one."""
    here = Path(__file__).resolve().parent
    env = {key: value for key, value in os.environ.items() if key != "CUDA_VISIBLE_DEVICES"}
    env["PYTHONPATH"] = os.pathsep.join([str(here), *sys.path])
    done = subprocess.run([sys.executable, "-c", TWICE, name], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
