"""The split of METHOD.md, counted by hand, and the fifth of people no choice is made on."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fmm_core.data.dataset import Dataset, Pairs
from fmm_core.data.readers import sniff
from fmm_core.data.splitting import held_out_users, row_normalised, split

ML_1M = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ml-1m"


def dataset(*counts: int, fixed: np.ndarray | None = None) -> Dataset:
    """User u has `counts[u]` interactions, with items 0, 1, 2, …"""
    user = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    item = np.concatenate([np.arange(count) for count in counts]).astype(np.int32)
    users, items = (
        np.array([f"{letter}{n}" for n in range(size)]) for letter, size in (("u", len(counts)), ("i", 100))
    )
    return Dataset("made", users, items, Pairs(user, item, None, fixed), {}, {})


@pytest.mark.parametrize(
    ("n", "train", "validation", "test"),
    [
        (1, 1, 0, 0),
        (2, 1, 0, 1),
        (3, 1, 1, 1),
        (9, 7, 1, 1),
        (10, 8, 1, 1),
        (14, 12, 1, 1),
        (15, 12, 1, 2),
        (50, 40, 5, 5),
    ],
)
def test_counts_per_user(n: int, train: int, validation: int, test: int) -> None:
    parts = split(dataset(n, 20))
    assert [int(part[0].sum()) for part in (parts.train, parts.validation, parts.test)] == [train, validation, test]


def test_every_interaction_is_in_exactly_one_part() -> None:
    made = dataset(5, 30, 0, 12)
    parts = split(made)
    together = parts.train + parts.validation + parts.test
    expected = csr_matrix((np.ones(47), (made.pairs.user, made.pairs.item)), shape=(4, 100))
    assert (together != expected).nnz == 0


def test_the_seed_decides_and_nothing_else() -> None:
    first, again, other = split(dataset(40), 42), split(dataset(40), 42), split(dataset(40), 43)
    assert (first.test != again.test).nnz == 0
    assert (first.test != other.test).nnz > 0


def test_a_split_that_the_source_fixes_is_kept() -> None:
    parts = split(dataset(3, fixed=np.array([2, 0, 1], np.int8)))
    assert parts.test.indices.tolist() == [0]
    assert parts.train.indices.tolist() == [1]
    assert parts.validation.indices.tolist() == [2]


@pytest.mark.skipif(not ML_1M.is_dir(), reason="MovieLens-1M may not be redistributed and is not on this machine")
def test_movielens_1m_splits_as_published() -> None:
    parts = split(sniff.read(ML_1M), 42)
    assert [part.nnz for part in (parts.train, parts.validation, parts.test)] == [802_553, 97_383, 100_273]


def test_held_out_users_do_not_depend_on_the_order_of_rows() -> None:
    users = np.array([f"p{n}" for n in range(1003)])
    chosen = set(users[held_out_users(users, 42)])
    shuffled = np.random.default_rng(0).permutation(users)
    assert len(chosen) == 200
    assert set(shuffled[held_out_users(shuffled, 42)]) == chosen
    assert set(users[held_out_users(users, 7)]) != chosen


def test_rows_are_averages_and_empty_rows_stay_zero() -> None:
    matrix = csr_matrix(np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]], np.float32))
    expected = [[0.5, 0, 0.5], [0, 0, 0], [0, 1, 0]]
    assert row_normalised(matrix).toarray().tolist() == expected
    assert matrix.toarray()[0].tolist() == [1, 0, 1]
