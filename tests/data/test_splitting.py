"""Who trains and tests on what (METHOD.md, "Data, split, metrics")."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data_worlds import draft, three_people
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Dataset, Pairs
from fmm_core.data.splitting import disclosed_users, held_out_users, row_normalised, split

ML_1M = Path(__file__).resolve().parents[3] / "shared" / "data" / "ml-1m"


def clicks(*counts: int) -> Dataset:
    """People with so many clicks each."""
    user = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    item = np.concatenate([np.arange(count) for count in counts]).astype(np.int32)
    ids = np.array([str(index) for index in range(len(counts))])
    items = np.array([str(index) for index in range(max(counts))])
    return draft(users=ids, items=items, pairs=Pairs(user, item), modalities={}, attributes={}, titles=None)


def sizes(dataset: Dataset, seed: int = 42) -> list[tuple[int, ...]]:
    parts = split(dataset, seed)
    return list(
        zip(*(np.diff(part.indptr).tolist() for part in (parts.train, parts.validation, parts.test)), strict=True)
    )


def test_the_rule_by_hand() -> None:
    expected = {
        1: (1, 0, 0),
        2: (1, 0, 1),
        3: (1, 1, 1),
        9: (7, 1, 1),
        10: (8, 1, 1),
        14: (12, 1, 1),
        15: (12, 1, 2),  # 3 held out: 1 validates, 2 test
        20: (16, 2, 2),
        25: (20, 2, 3),
        100: (80, 10, 10),
    }
    assert sizes(clicks(*expected)) == list(expected.values())


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12).filter(any), st.integers(0, 2**32))
def test_every_interaction_is_in_exactly_one_part(counts: list[int], seed: int) -> None:
    dataset = clicks(*counts)
    parts = split(dataset, seed)
    whole = csr_matrix((np.ones(len(dataset.pairs.user)), (dataset.pairs.user, dataset.pairs.item)), parts.train.shape)
    np.testing.assert_array_equal((parts.train + parts.validation + parts.test).toarray(), whole.toarray())
    assert (np.diff(parts.train.indptr)[np.array(counts) > 0] > 0).all()


def test_the_seed_decides_and_nothing_else() -> None:
    dataset = clicks(*[30] * 20)
    same = [split(dataset, 1).test.indices.tolist() for _ in range(2)]
    assert same[0] == same[1]
    assert split(dataset, 2).test.indices.tolist() != same[0]


def test_the_order_of_the_source_changes_nothing() -> None:
    people = clicks(30, 12, 9, 2)
    shuffled = np.random.default_rng(0).permutation(len(people.pairs.user))
    pairs = Pairs(people.pairs.user[shuffled], people.pairs.item[shuffled])
    for part in ("train", "validation", "test"):
        before, after = (getattr(split(assemble(replace(people, pairs=p))), part) for p in (people.pairs, pairs))
        np.testing.assert_array_equal(after.toarray(), before.toarray())


def test_every_item_is_as_likely_to_be_held_out() -> None:
    """10 of 100 clicks test: over 2000 people each of the 100 items is tested 200 ± 13 times; six deviations pass."""
    tested = np.asarray(split(clicks(*[100] * 2000), 0).test.sum(axis=0)).ravel()
    assert np.abs(tested - 200).max() < 6 * np.sqrt(2000 * 0.1 * 0.9)


def test_a_split_of_the_source_is_kept() -> None:
    pairs = Pairs(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 3]), None, np.array([2, 0, 1, 0, 0]))
    parts = split(three_people(pairs=pairs), split_seed=5)
    assert parts.test.toarray().tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert parts.validation.toarray().tolist() == [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert parts.train.toarray().tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1]]


def test_a_fifth_is_held_out_and_row_order_changes_nothing() -> None:
    users = np.array([f"u{index}" for index in range(1003)])
    chosen = set(users[held_out_users(users, 3)])
    assert len(chosen) == 200
    shuffled = np.random.default_rng(0).permutation(users)
    assert set(shuffled[held_out_users(shuffled, 3)]) == chosen
    assert set(users[held_out_users(users, 4)]) != chosen


@pytest.mark.parametrize(("people", "held_out"), [(1, 0), (4, 0), (5, 1), (9, 1), (10, 2)])
def test_a_fifth_is_rounded_down(people: int, held_out: int) -> None:
    assert held_out_users(np.array([str(index) for index in range(people)])).sum() == held_out


def test_held_out_users_do_not_follow_the_ids() -> None:
    """Ids in order, as files have them: each fifth of the file gives about 40 of the 200, ± 6 at random."""
    users = np.array([str(index) for index in range(1000)])
    per_fifth = held_out_users(users).reshape(5, 200).sum(axis=1)
    assert np.abs(per_fifth - 40).max() < 24


@pytest.mark.parametrize(("share", "people"), [(1.0, 1000), (0.8, 800), (0.8005, 801), (1e-9, 1)])
def test_a_share_of_the_people_disclose_whatever_the_order_of_rows(share: float, people: int) -> None:
    users = np.array([str(index) for index in range(1000)])
    chosen = set(users[disclosed_users(users, share)])
    assert len(chosen) == people
    shuffled = np.random.default_rng(0).permutation(users)
    assert set(shuffled[disclosed_users(shuffled, share)]) == chosen


def test_who_discloses_has_nothing_to_do_with_who_is_held_out() -> None:
    """Of 2,000 people 400 are held out; 320 of them disclose, give or take 8."""
    users = np.array([str(index) for index in range(2000)])
    both = disclosed_users(users, 0.8) & held_out_users(users)
    assert 290 < both.sum() < 350


def test_rows_sum_to_one_or_are_empty() -> None:
    clicked = csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], np.float32))
    normalised = row_normalised(clicked)
    assert normalised.toarray().tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]]
    assert normalised.dtype == np.float32
    assert clicked.data.tolist() == [1] * 6


def test_profiles_are_means_of_features() -> None:
    features = np.array([[1, 0], [3, 2], [5, 7], [9, 9]], np.float32)
    clicked = csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 0, 0]], np.float32))
    assert (row_normalised(clicked) @ features).tolist() == [[2, 1], [0, 0]]


@pytest.mark.skipif(not ML_1M.exists(), reason="MovieLens-1M is on the project's own machines only")
def test_movielens_1m_is_split_as_published() -> None:
    from fmm_core.data.readers import tables

    parts = split(tables.read(ML_1M))
    assert (parts.train.nnz, parts.validation.nnz, parts.test.nnz) == (802_553, 97_383, 100_273)
