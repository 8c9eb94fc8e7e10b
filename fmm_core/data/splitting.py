"""Who trains and tests on what, and on whom no choice is ever made (METHOD.md, "Data, split, metrics")."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.data.dataset import Dataset


@dataclass(frozen=True)
class Split:
    """Interactions as users × items matrices of ones (float32)."""

    train: csr_matrix
    validation: csr_matrix
    test: csr_matrix


def split(dataset: Dataset, split_seed: int = 42) -> Split:
    """Split every user's interactions, in random order, into train, validation and test.

    A user with n < 10 interactions gives one to validation and one to test (n = 2: one to test, n = 1: none), any
    other ⌊0.2 n⌋ held out, of which the smaller half validates. A split that the source fixes is kept.
    """
    pairs = dataset.pairs
    part = _draw_parts(pairs.user, dataset.n_users, split_seed) if pairs.split is None else pairs.split
    shape = (dataset.n_users, dataset.n_items)

    def matrix(which: int) -> csr_matrix:
        chosen = part == which
        ones = np.ones(int(chosen.sum()), np.float32)
        return csr_matrix((ones, (pairs.user[chosen], pairs.item[chosen])), shape=shape)

    return Split(matrix(0), matrix(1), matrix(2))


def _draw_parts(user: NDArray[np.int32], n_users: int, seed: int) -> NDArray[np.int8]:
    """0, 1 or 2 for every pair: rank each user's pairs at random and cut the ranking."""
    draw = np.random.default_rng(seed).random(len(user))
    order = np.lexsort((draw, user))
    counts = np.bincount(user, minlength=n_users)
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(user), np.int64)
    rank[order] = np.arange(len(user)) - starts[user[order]]
    validation, test = _held_out_counts(counts)
    from_end = counts[user] - 1 - rank  # 0 is the last of the user's random order
    is_test = from_end < test[user]
    is_validation = ~is_test & (from_end < (test + validation)[user])
    return (2 * is_test + is_validation).astype(np.int8)


def _held_out_counts(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    held = counts // 5  # ⌊0.2 n⌋ without rounding surprises
    few = counts < 10
    validation = np.where(few, counts >= 3, held // 2)
    test = np.where(few, counts >= 2, held - held // 2)
    return validation.astype(np.int64), test.astype(np.int64)


def held_out_users(users: NDArray[np.str_], user_split_seed: int = 42) -> NDArray[np.bool_]:
    """The seeded fifth of users on whom no choice of strength, weight or method is made.

    Dealt by a hash of seed and user id, so the order of rows changes nothing.
    """
    return _drawn(users, str(user_split_seed), len(users) // 5)


def disclosed_users(users: NDArray[np.str_], share: float, user_split_seed: int = 42) -> NDArray[np.bool_]:
    """The seeded share of users whose labels a mitigation may see, rounded up.

    Dealt as `held_out_users` are and independently of them, so that the same share of both parts is disclosed.
    """
    return _drawn(users, f"disclosed|{user_split_seed}", int(np.ceil(share * len(users) - 1e-9)))


def _drawn(users: NDArray[np.str_], salt: str, count: int) -> NDArray[np.bool_]:
    """`count` users by a hash of salt and id."""
    hashes = [hashlib.sha256(f"{salt}|{user}".encode()).digest() for user in users]
    order = np.argsort(np.array(hashes, dtype="S32"), kind="stable")
    chosen = np.zeros(len(users), bool)
    chosen[order[:count]] = True
    return chosen


def row_normalised(interactions: csr_matrix) -> csr_matrix:
    """Each row divided by its sum: `R` of METHOD.md; a user without interactions keeps a zero row."""
    sums = np.asarray(interactions.sum(axis=1)).ravel()
    scale = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0).astype(np.float32)
    normalised = interactions.astype(np.float32, copy=True)
    normalised.data *= np.repeat(scale, np.diff(normalised.indptr))
    return normalised
