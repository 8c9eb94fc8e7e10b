"""RBF kernel ridge on everybody instead of on landmarks: one inverse per setting holds every refit (panel full)."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import ssymm
from scipy.linalg.lapack import spotrf, spotri

from fmm_core.audit.attackers import Scores, per_left_out, spread
from fmm_core.audit.folds import FOLDS
from fmm_core.types import Floats

WIDTHS = (1 / 2, 1.0, 2.0, 4.0)
"""γ times the number of dimensions."""
RIDGES = (0.1, 1.0)
MOST_PEOPLE = 10_000
"""Memory grows with the square of the people and time with the cube: at this number 1.2 GB."""


def exact_kernel(z: Floats, targets: Floats, partitions: Sequence[NDArray[np.int64]]) -> list[list[Scores]]:
    """Kernel ridge with the kernel ``exp(−γ ‖a − b‖²) + 1``, scored out of fold and out of two folds.

    Parameters
    ----------
    z : float32, people × d; at most `MOST_PEOPLE` rows, above that the panel leaves this attacker out
    targets : float32, people × columns
    partitions : folds of every draw

    Returns
    -------
    Per partition one array per width and ridge, laid out as in `attackers`

    Notes
    -----
    With ``G = (K + λI)⁻¹`` the fit without the people S scores them ``f_S = Y_S − (G_SS)⁻¹ (GY)_S``: G does not know
    the folds, so one inverse serves every set of every partition. In float32 scores are within 10⁻³ of their SD.
    """
    found: list[list[Scores]] = [[] for _ in partitions]
    for inverse in _inverses(z):
        fitted = ssymm(1.0, inverse, targets, lower=1)  # (people, columns)
        for scores, folds in zip(found, partitions, strict=True):
            scores.append(_left_out(inverse, fitted, targets, folds))
    return found


def _inverses(z: Floats) -> Iterator[Floats]:
    """G of every setting; only the lower triangle is filled."""
    length = (z * z).sum(axis=1)
    squared = np.maximum(length[:, None] + length - 2 * (z @ z.T), 0)
    for width, ridge in product(WIDTHS, RIDGES):
        system = np.exp(-width / z.shape[1] * squared).T  # symmetric; LAPACK wants columns to lie together
        system += 1
        system[np.diag_indices_from(system)] += ridge
        root, _ = spotrf(system, lower=1, overwrite_a=1)
        yield spotri(root, lower=1, overwrite_c=1)[0]


def _left_out(inverse: Floats, fitted: Floats, targets: Floats, folds: NDArray[np.int64]) -> Scores:
    scores = np.empty((len(folds), FOLDS, targets.shape[1]), np.float32)
    for left, rows in per_left_out(folds):
        factor = cho_factor(inverse[np.ix_(rows, rows)], lower=True, overwrite_a=True, check_finite=False)
        spread(scores, folds, left, rows, targets[rows] - cho_solve(factor, fitted[rows], check_finite=False))
    return scores
