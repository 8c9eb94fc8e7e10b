"""One partition of people for all attributes: by class, and by a hash of user id and seed, never by row."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fmm_core.types import Codes

FOLDS = 5
FOLD_DRAW = 1_000_003
"""Added to the seed for each further draw of the folds: far from whatever seed a person would choose next."""


def hashed(users: Sequence[str] | NDArray[np.str_], seed: int) -> NDArray[np.uint64]:
    """A number per user that depends on id and seed only."""
    digests = (hashlib.blake2b(f"{seed}|{user}".encode(), digest_size=8).digest() for user in users)
    return np.fromiter((int.from_bytes(digest, "little") for digest in digests), np.uint64, len(users))


def deal(users: NDArray[np.str_], codes: Sequence[Codes], seed: int) -> NDArray[np.int64]:
    """Fold of every user: people of one joint class stand together, in order of their hash, and are dealt in turn.

    Every joint class is spread over the folds to within one person, and each attribute's classes nearly so.
    """
    order = np.lexsort(np.array([hashed(users, seed), *(code.astype(np.uint64) for code in reversed(codes))]))
    folds = np.empty(len(users), np.int64)
    folds[order] = np.arange(len(users)) % FOLDS
    return folds


def landmarks(users: NDArray[np.str_], count: int, seed: int) -> NDArray[np.int64]:
    """`count` rows drawn by hash."""
    return np.argsort(hashed(users, seed + 1), kind="stable")[:count]
