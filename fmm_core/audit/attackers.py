"""Closed-form attackers, each scored by models that never saw the person (AUDIT.md, "The estimate", 1).

All return one array `scores`, people × folds × columns: ``scores[i, j]`` comes from an attacker trained without the
person's own fold and without fold j; ``scores[i, fold(i)]`` is the plain out-of-fold score. The same array thus holds
the outer scores, the inner scores (people outside k, column k) and the retrained scores that measure stability.
Moments of folds are additive, so each left-out set costs one small solve.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.special import log_softmax

from fmm_core.audit.folds import FOLDS
from fmm_core.types import Floats

LINEAR_RIDGE = 300.0
KERNEL_WIDTHS = (1 / 8, 1 / 2, 1.0, 2.0)
"""γ times the number of dimensions."""
KERNEL_RIDGES = (0.3, 1.0, 10.0)
LANDMARKS = 1000
DISCRIMINANT_STRENGTHS = (30.0, 300.0, np.inf)
"""How many people's worth of pooled covariance each class's covariance is mixed with."""
JITTER = 1e-4

Scores = NDArray[np.float32]


def left_out_sets() -> list[tuple[int, ...]]:
    """Every fold alone and every pair of folds."""
    return [(fold,) for fold in range(FOLDS)] + list(combinations(range(FOLDS), 2))


def spread(scores: Scores, folds: NDArray[np.int64], left: tuple[int, ...], rows: NDArray, values: Floats) -> None:
    """Put the scores of one left-out set where they belong."""
    if len(left) == 1:
        scores[rows, left[0]] = values
        return
    first, second = left
    other = np.where(folds[rows] == first, second, first)
    scores[rows, other] = values


def per_left_out(folds: NDArray[np.int64]) -> Iterator[tuple[tuple[int, ...], NDArray[np.int64]]]:
    for left in left_out_sets():
        yield left, np.flatnonzero(np.isin(folds, left))


def ridge(features: Floats, targets: Floats, folds: NDArray[np.int64], ridges: tuple[float, ...]) -> list[Scores]:
    """Ridge regression of every column of `targets`, one array of scores per ridge.

    Parameters
    ----------
    features : float32, people × m; a constant is added and not penalised
    targets : float32, people × columns, centred or not
    """
    phi = np.column_stack([features, np.ones(len(features), np.float32)])
    own = [phi[folds == fold] for fold in range(FOLDS)]
    gram = np.array([part.T @ part for part in own])  # (folds, m, m)
    cross = np.array([part.T @ targets[folds == fold] for fold, part in enumerate(own)])  # (folds, m, columns)
    all_gram, all_cross = gram.sum(axis=0), cross.sum(axis=0)
    results = [np.empty((len(phi), FOLDS, targets.shape[1]), np.float32) for _ in ridges]
    diagonal = np.arange(len(all_gram) - 1)
    for left, rows in per_left_out(folds):
        without, right = all_gram - gram[list(left)].sum(axis=0), all_cross - cross[list(left)].sum(axis=0)
        for scores, strength in zip(results, ridges, strict=True):
            system = without.copy()
            system[diagonal, diagonal] += strength
            system[-1, -1] += JITTER
            solution = cho_solve(cho_factor(system, overwrite_a=True, check_finite=False), right, check_finite=False)
            spread(scores, folds, left, rows, phi[rows] @ solution)
    return results


def linear(z: Floats, targets: Floats, folds: NDArray[np.int64]) -> list[Scores]:
    """The plain linear attacker."""
    return ridge(z, targets, folds, (LINEAR_RIDGE,))


def kernel(z: Floats, targets: Floats, folds: NDArray[np.int64], marks: NDArray[np.int64]) -> list[Scores]:
    """RBF ridge on Nyström features over the landmarks `marks`, one array per width and ridge."""
    found = []
    for width in KERNEL_WIDTHS:
        found += ridge(nystroem(z, marks, width / z.shape[1]), targets, folds, KERNEL_RIDGES)
    return found


def nystroem(z: Floats, marks: NDArray[np.int64], gamma: float) -> Floats:
    """Features whose inner products approximate ``exp(−γ ‖a − b‖²)``, people × landmarks."""
    among = rbf(z[marks], z[marks], gamma).astype(np.float64)
    among[np.diag_indices_from(among)] += JITTER
    root = cholesky(among, lower=True, check_finite=False).astype(np.float32)
    return solve_triangular(root, rbf(z, z[marks], gamma).T, lower=True, check_finite=False).T.copy()


def rbf(a: Floats, b: Floats, gamma: float) -> Floats:
    """``exp(−γ ‖a − b‖²)`` for all rows of a and b."""
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * (a @ b.T)
    return np.exp(-gamma * np.maximum(squared, 0)).astype(np.float32)


def discriminant(z: Floats, codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]) -> list[Scores]:
    """Regularised discriminant analysis (Friedman, JASA 1989), one array per strength; sees shapes, not only centres.

    Columns are log posteriors, for two classes their difference.
    """
    moments = [_class_moments(z[folds == fold], codes[folds == fold], classes) for fold in range(FOLDS)]
    columns = 1 if classes == 2 else classes
    results = [np.empty((len(z), FOLDS, columns), np.float32) for _ in DISCRIMINANT_STRENGTHS]
    for left, rows in per_left_out(folds):
        kept = [moments[fold] for fold in range(FOLDS) if fold not in left]
        count, total, square = (np.sum(parts, axis=0) for parts in zip(*kept, strict=True))
        for scores, strength in zip(results, DISCRIMINANT_STRENGTHS, strict=True):
            density = _log_densities(z[rows], count, total, square, strength)
            posterior = log_softmax(density + np.log(count), axis=1)
            values = posterior[:, 1:] - posterior[:, :1] if classes == 2 else np.maximum(posterior, -30)
            spread(scores, folds, left, rows, values.astype(np.float32))
    return results


def _class_moments(z: Floats, codes: NDArray[np.integer], classes: int) -> tuple[NDArray, NDArray, NDArray]:
    count = np.bincount(codes, minlength=classes).astype(np.float64)
    parts = [z[codes == label].astype(np.float64) for label in range(classes)]
    return count, np.array([part.sum(axis=0) for part in parts]), np.array([part.T @ part for part in parts])


def _log_densities(z: Floats, count: NDArray, total: NDArray, square: NDArray, strength: float) -> NDArray[np.float64]:
    """Log density of every row under every class's Gaussian, up to a constant, people × classes."""
    mean = total / count[:, None]
    within = square - count[:, None, None] * mean[:, :, None] * mean[:, None, :]
    pooled = within.sum(axis=0) / (count.sum() - len(count))
    pooled += 0.02 * np.trace(pooled) / len(pooled) * np.eye(len(pooled))
    shared = _inverse_root(pooled) if np.isinf(strength) else None
    densities = np.empty((len(z), len(count)))
    for label in range(len(count)):
        root, log_volume = shared or _inverse_root((within[label] + strength * pooled) / (count[label] + strength))
        whitened = (z - mean[label].astype(np.float32)) @ root
        densities[:, label] = -0.5 * (whitened * whitened).sum(axis=1) - log_volume
    return densities


def _inverse_root(covariance: NDArray[np.float64]) -> tuple[Floats, float]:
    """L⁻ᵀ with covariance = L Lᵀ, and log |L|."""
    root = cholesky(covariance, lower=True, check_finite=False)
    inverse = solve_triangular(root, np.eye(len(root)), lower=True, check_finite=False)
    return inverse.T.astype(np.float32), float(np.log(np.diag(root)).sum())
