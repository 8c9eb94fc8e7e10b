"""Affine maps of features: what a modality is split by."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fmm_core.types import Floats

Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """``x ↦ x @ matrix + shift``, the same for items and for people: a mean of mapped items is the mapped mean.

    Attributes
    ----------
    matrix : float64, d × d
    shift : float64, d
    """

    matrix: Vectors
    shift: Vectors

    def apply(self, features: Floats) -> Floats:
        """Map every row of `features` (rows × d)."""
        return (features @ self.matrix + self.shift).astype(np.float32)

    @classmethod
    def about(cls, centre: Vectors, matrix: Vectors) -> "Affine":
        """``x ↦ centre + (x − centre) @ matrix``."""
        return cls(matrix, centre - centre @ matrix)

    @classmethod
    def identity(cls, width: int) -> "Affine":
        """Leaves features of `width` numbers as they are."""
        return cls(np.eye(width), np.zeros(width))


class AffinePair(NamedTuple):
    """The two maps of one modality: the part that shows the attributes, and the part that does not."""

    biased: Affine
    filtered: Affine
