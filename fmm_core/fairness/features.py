"""Features that attackers read vectors by: straight, round about people as landmarks, and by what varies together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

JITTER = 1e-4
SHRINKAGE = 0.02
TINY = 1e-12
FLAT = 1e-6


@dataclass(frozen=True)
class View:
    """Features in two bases: as they depend on the vectors, and with inner products that mean something.

    Attributes
    ----------
    raw : people × m, with gradient
    root : lower triangular, m × m; the features are ``raw @ root⁻ᵀ``. None: they are the raw ones
    """

    raw: Tensor
    root: Tensor | None = None

    @property
    def features(self) -> Tensor:
        """People × m."""
        return self.raw if self.root is None else torch.linalg.solve_triangular(self.root, self.raw.T, upper=False).T

    def raw_weights(self, weights: Tensor) -> Tensor:
        """What weights of the features (m × columns) are as weights of the raw ones."""
        return weights if self.root is None else torch.linalg.solve_triangular(self.root.T, weights, upper=True)


Look = Callable[[Tensor, int, Generator], View]
"""Standardised vectors (people × d), the most features, draws → a view of everyone."""


def standardise(vectors: Tensor) -> Tensor:
    """Every column to mean 0 and variance 1, as the audit does; a constant one to 0."""
    return (vectors - vectors.mean(dim=0)) * scale(vectors)


def held_standard(vectors: Tensor) -> Tensor:
    """As `standardise`, with means and variances held fixed: nobody's gradient depends on anybody else."""
    still = vectors.detach()
    return (vectors - still.mean(dim=0)) * scale(still)


def scale(vectors: Tensor) -> Tensor:
    """One over the standard deviation of every column, 0 for one that hardly varies beside the others."""
    variance = vectors.var(dim=0, correction=0)
    return torch.where(variance > FLAT * variance.mean(), (variance + TINY).rsqrt(), 0.0)


def linear(z: Tensor, most: int, random: Generator) -> View:  # noqa: ARG001 (one of the looks)
    """The vectors themselves."""
    return View(z)


def kernel(widths: tuple[float, float]) -> Look:
    """Nyström features of an RBF kernel over people drawn as landmarks.

    Parameters
    ----------
    widths : least and largest γ times the number of dimensions
    """

    def look(z: Tensor, most: int, random: Generator) -> View:
        marks = z.detach()[torch.randperm(len(z), generator=random)[:most]]
        gamma = between(widths, random) / z.shape[1]
        among = rbf(marks, marks, gamma).double()
        among.diagonal().add_(JITTER)
        return View(rbf(z, marks, gamma), torch.linalg.cholesky(among).float())

    return look


def squares(z: Tensor, most: int, random: Generator) -> View:
    """Squared random projections of the whitened vectors: they see in what groups vary, as a discriminant does."""
    with torch.no_grad():
        covariance = z.T @ z / len(z)
        covariance.diagonal().add_(SHRINKAGE)
        root = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(root, z.T, upper=False).T
    directions = torch.randn(z.shape[1], most, generator=random) / z.shape[1] ** 0.5
    return View((white @ directions).square())


def rbf(a: Tensor, b: Tensor, gamma: float) -> Tensor:
    """``exp(−γ ‖a − b‖²)`` for all rows of a and b."""
    lengths = a.square().sum(dim=1)[:, None], b.square().sum(dim=1)
    return torch.exp(torch.addmm(-gamma * lengths[1], 2 * gamma * a, b.T) - gamma * lengths[0])


def between(ends: tuple[float, float], random: Generator) -> float:
    """Drawn with equal chance per factor."""
    low, high = np.log(ends)
    return float(np.exp(low + (high - low) * float(torch.rand((), generator=random))))
