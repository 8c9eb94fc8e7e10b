"""Made-up people whose leak is known, for the tests of the audit."""

import numpy as np

from fmm_core.audit.folds import deal
from fmm_core.data.dataset import Attribute
from fmm_core.types import Codes, Floats


def names(n: int) -> np.ndarray:
    return np.array([f"u{number}" for number in range(n)])


def gaussian(n: int, d: int, shift: float, seed: int) -> tuple[Floats, Codes]:
    """Two equal groups, unit covariance; the means differ by `shift` along the first axis."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(n) % 2).astype(np.int16)
    vectors = rng.normal(size=(n, d))
    vectors[:, 0] += shift * codes
    return vectors.astype(np.float32), codes


def xor(n: int, d: int, seed: int) -> tuple[Floats, Codes]:
    """The group is whether two of the numbers have the same sign: nothing linear, everything to be known."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, d))
    vectors[:, :2] += 1.5 * np.sign(vectors[:, :2])
    return vectors.astype(np.float32), (vectors[:, 0] * vectors[:, 1] > 0).astype(np.int16)


def dealt(codes: Codes, seed: int = 0) -> np.ndarray:
    return deal(names(len(codes)), [codes], seed)


def two_groups(codes: Codes) -> dict[str, Attribute]:
    return {"gender": Attribute(("women", "men"), codes)}
