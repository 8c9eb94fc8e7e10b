"""The floor: everyone gets what most people chose."""

import numpy as np
from scipy.sparse import csr_matrix

from fmm_core.types import Representations


def popularity(train: csr_matrix) -> Representations:
    """Score every item by its training interactions; vectors are empty (width 1, all zeros)."""
    n_users, n_items = train.shape
    counts = np.asarray(train.sum(axis=0), np.float32).ravel()
    return Representations(np.zeros((n_users, 1), np.float32), np.zeros((n_items, 1), np.float32), counts)
