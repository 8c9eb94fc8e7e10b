"""Shared fixtures. Threads are pinned before any numerical library is loaded: two cores, two test processes."""

import os
import sys
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # figures are those of a CPU; `test_gpu.py` looks again

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
