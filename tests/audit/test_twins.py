"""Maps that carry a mitigation to new people, and pairs of people compared."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix

from fmm_core.audit.twins import MATCHED, GroupMap, Pairs, combined, compared, matched, missed, nearest_other
from fmm_core.data.dataset import Attribute
from fmm_core.types import Representations

WIDTH = 4


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def vectors(rng: np.random.Generator, people: int) -> np.ndarray:
    return rng.normal(size=(people, WIDTH)).astype(np.float32)


def test_affine_maps_of_groups_are_found_exactly(rng: np.random.Generator) -> None:
    """Two groups, two maps: new people move as the known ones did."""
    tables = rng.normal(size=(2, WIDTH, WIDTH)).astype(np.float32)
    shifts = rng.normal(size=(2, WIDTH)).astype(np.float32)
    truth = lambda x, g: np.einsum("nd,nde->ne", x, tables[g]) + shifts[g]  # noqa: E731
    group = np.repeat([0, 1], 30)
    before = vectors(rng, 60)
    found = GroupMap.of(before, truth(before, group), group)
    new, theirs = vectors(rng, 6), np.array([0, 1, 0, 1, 1, 0])
    assert_allclose(found.move(new, theirs), truth(new, theirs), rtol=1e-4, atol=1e-4)
    assert found.unexplained < 1e-9


def test_what_is_not_affine_is_unexplained(rng: np.random.Generator) -> None:
    """Movements that have nothing to do with the vectors: people left out of the fit are missed altogether."""
    before = vectors(rng, 200)
    moved = before + vectors(rng, 200)
    assert 0.9 < GroupMap.of(before, moved, np.zeros(200, np.int64)).unexplained < 1.2


def test_a_small_group_is_only_shifted(rng: np.random.Generator) -> None:
    """Nine people are under 2 (4 + 1): any map through their vectors would be made up."""
    before = vectors(rng, 9)
    after = before + np.float32(2) + vectors(rng, 9)
    found = GroupMap.of(before, after, np.zeros(9, np.int64))
    new = vectors(rng, 3)
    assert_allclose(
        found.move(new, np.zeros(3, np.int64)) - new, np.tile((after - before).mean(axis=0), (3, 1)), rtol=1e-5
    )


def test_nothing_moved_leaves_nothing_unexplained(rng: np.random.Generator) -> None:
    before = vectors(rng, 40)
    found = GroupMap.of(before, before, np.zeros(40, np.int64))
    assert found.unexplained == 0
    assert_array_equal(found.move(before, np.zeros(40, np.int64)), before)


def test_a_group_nobody_was_in_is_not_known(rng: np.random.Generator) -> None:
    found = GroupMap.of(vectors(rng, 40), vectors(rng, 40), np.repeat([0, 2], 20))
    assert found.knows(np.array([0, 1, 2])).tolist() == [True, False, True]


def test_groups_are_combined_one_by_one() -> None:
    gender, age = np.array([0, 1, 0, -1], np.int16), np.array([2, 2, 1, 2], np.int16)
    assert len(set(combined([gender, age], 4).tolist())) == 4
    assert_array_equal(combined([gender], 4) == combined([gender], 4)[0], [True, False, True, False])
    assert_array_equal(combined([], 4), np.zeros(4))


def model(rng: np.random.Generator, people: int) -> Representations:
    return Representations(vectors(rng, people), rng.normal(size=(80, WIDTH)).astype(np.float32))


def test_the_same_person_twice_is_entirely_alike(rng: np.random.Generator) -> None:
    base = model(rng, 10)
    apart, same = Pairs(base, base.user, base.user[::-1]), Pairs(base, base.user, base.user)
    table = compared(apart, same, csr_matrix((10, 80), dtype=np.float32), seed=0).set_index(["phase", "measure"])
    assert table.value["after", "rbo"] == pytest.approx(1)
    assert table.value["after", "jaccard"] == 1
    assert table.value["after", "score_shift"] == 0
    for measure in ("rbo", "jaccard", "score_shift"):
        change = table.value["after", measure] - table.value["before", measure]
        assert_allclose(table.paired_difference["after", measure], change)
    assert table.value["before", "jaccard"] < 0.6


def test_what_either_has_chosen_is_recommended_to_neither(rng: np.random.Generator) -> None:
    """Everything but 20 items is masked: whoever they are, both get those."""
    base = model(rng, 10)
    masked = csr_matrix(np.tile((np.arange(80) >= 20).astype(np.float32), (10, 1)))
    strangers = Pairs(base, base.user, base.user[::-1])
    table = compared(strangers, strangers, masked, seed=0).set_index(["phase", "measure"])
    assert table.value["before", "jaccard"] == 1


def test_the_nearest_of_another_group_by_hand() -> None:
    """On one line at 0, 1, 3 and 10; the group changes after 1."""
    line = np.array([[0], [1], [3], [10]], np.float32)
    everyone = np.arange(4)
    found = nearest_other(line, np.array([0, 0, 1, 1], np.int16), everyone, everyone)
    assert found.tolist() == [2, 2, 1, 1]


def test_every_number_of_a_vector_counts_alike() -> None:
    """The first number is a thousand times as spread: without standardising it alone would decide."""
    plane = np.array([[0, 0], [1000, 0.1], [100, 5], [-2000, 1]], np.float32)
    codes = np.array([0, 1, 1, 0], np.int16)
    assert nearest_other(plane, codes, np.array([0]), np.arange(4)).tolist() == [1]


def test_matched_people_are_those_with_training_interactions(rng: np.random.Generator) -> None:
    base = model(rng, 60)
    codes = np.repeat([0, 1, -1], [25, 25, 10]).astype(np.int16)
    there = np.arange(60) != 3
    seen = csr_matrix((60, 80), dtype=np.float32)
    table = matched(base, base, Attribute(("a", "b"), codes), seen, there, seed=0)
    assert (table["n_users"] == 49).all()
    changes = table.loc[table["phase"] == "after", ["paired_difference", "pd_low", "pd_high"]]
    assert (changes == 0).all(axis=None)


def test_many_people_are_sampled(rng: np.random.Generator) -> None:
    base = model(rng, MATCHED + 300)
    codes = (np.arange(MATCHED + 300) % 2).astype(np.int16)
    seen = csr_matrix((MATCHED + 300, 80), dtype=np.float32)
    table = matched(base, base, Attribute(("a", "b"), codes), seen, np.ones(MATCHED + 300, bool), seed=0)
    assert (table["n_users"] == MATCHED).all()


def test_what_a_map_misses_is_a_row_of_its_phase(rng: np.random.Generator) -> None:
    one = GroupMap.of(vectors(rng, 40), vectors(rng, 40), np.zeros(40, np.int64))
    row = missed({"before": one}, 40).iloc[0]
    assert (row.phase, row.measure, row.value, row.n_users) == ("before", "unexplained", one.unexplained, 40)
