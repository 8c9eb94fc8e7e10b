"""Groups as attacks and tables see them."""

import numpy as np
from data_worlds import three_people
from hypothesis import given
from hypothesis import strategies as st

from fmm_core.data.dataset import Attribute, merge_small


def people(**sizes: int) -> Attribute:
    """An attribute with so many people per group, in this order, and two who did not say."""
    codes = np.repeat(np.arange(len(sizes)), list(sizes.values()))
    return Attribute(tuple(sizes), np.append(codes, [-1, -1]).astype(np.int16))


def sizes(attribute: Attribute) -> dict[str, int]:
    return dict(zip(attribute.groups, attribute.counts.tolist(), strict=True))


def test_small_groups_become_other() -> None:
    merged = merge_small(people(a=30, b=12, c=20, d=9))
    assert sizes(merged) == {"a": 30, "c": 20, "other": 21}
    assert (merged.codes < 0).sum() == 2


def test_an_other_that_stays_small_is_left_out_and_can_be_counted() -> None:
    before = people(a=30, b=12, c=20, d=7)
    merged = merge_small(before)
    assert sizes(merged) == {"a": 30, "c": 20}
    assert (merged.codes < 0).sum() - (before.codes < 0).sum() == 12 + 7


def test_small_groups_join_an_other_that_is_there() -> None:
    assert sizes(merge_small(people(a=30, other=25, b=3))) == {"a": 30, "other": 28}


def test_a_small_other_takes_the_small_groups_with_it() -> None:
    assert sizes(merge_small(people(other=15, a=30, b=10))) == {"a": 30, "other": 25}


def test_groups_without_people_vanish_and_those_of_exactly_twenty_stay() -> None:
    assert sizes(merge_small(people(a=20, nobody=0, b=20))) == {"a": 20, "b": 20}


def test_edges_stay_only_with_every_band() -> None:
    bands = Attribute(("under 18", "18 and over"), np.repeat([0, 1], [30, 40]).astype(np.int16), (18.0,))
    assert merge_small(bands).edges == (18.0,)
    assert merge_small(bands, minimum=35).edges is None


@given(st.lists(st.integers(0, 45), min_size=1, max_size=8))
def test_merging_keeps_who_is_with_whom(counts: list[int]) -> None:
    before = people(**{f"g{index}": count for index, count in enumerate(counts)})
    merged = merge_small(before)
    assert all(count >= 20 for count in merged.counts)
    for index, count in enumerate(counts):
        where = set(merged.codes[before.codes == index].tolist())
        assert len(where) == min(count, 1)
        if count >= 20:
            assert merged.groups[where.pop()] == f"g{index}"
    assert (merged.codes[before.codes < 0] < 0).all()


def test_sizes_of_a_data_set() -> None:
    dataset = three_people()
    assert (dataset.n_users, dataset.n_items) == (3, 4)
