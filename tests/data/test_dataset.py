"""Merging small groups and repeated interactions, by hand."""

import numpy as np

from fmm_core.data.dataset import Attribute, merge_small, unique_pairs


def attribute(*sizes: int) -> Attribute:
    codes = np.repeat(np.arange(len(sizes)), sizes).astype(np.int16)
    return Attribute(tuple("abcdefg"[: len(sizes)]), codes)


def test_small_groups_become_other() -> None:
    merged = merge_small(attribute(30, 12, 9, 40))
    assert merged.groups == ("a", "d", "other")
    assert merged.counts.tolist() == [30, 40, 21]


def test_an_other_that_stays_too_small_is_left_out() -> None:
    merged = merge_small(attribute(30, 12, 25))
    assert merged.groups == ("a", "c")
    assert merged.counts.tolist() == [30, 25]
    assert (merged.codes == -1).sum() == 12


def test_small_groups_join_an_other_that_is_there() -> None:
    codes = np.repeat([0, 1, 2], [25, 30, 20]).astype(np.int16)
    merged = merge_small(Attribute(("x", "other", "y"), codes), minimum=25)
    assert merged.groups == ("x", "other")
    assert merged.counts.tolist() == [25, 30]
    again = merge_small(
        Attribute(("x", "other", "y", "z"), np.repeat([0, 1, 2, 3], [25, 30, 20, 6]).astype(np.int16)), 25
    )
    assert again.counts.tolist() == [25, 56]


def test_undisclosed_people_stay_undisclosed() -> None:
    codes = np.array([-1] * 5 + [0] * 20 + [1] * 20, np.int16)
    assert (merge_small(Attribute(("a", "b"), codes)).codes == codes).all()


def test_repeated_interactions_are_merged_and_the_earliest_time_is_kept() -> None:
    user, item = np.array([1, 0, 1, 1]), np.array([2, 0, 2, 1])
    pairs, repeats = unique_pairs(user, item, np.array([9.0, 1.0, 3.0, 5.0]), n_items=3)
    assert repeats == 1
    assert pairs.user.tolist() == [0, 1, 1]
    assert pairs.item.tolist() == [0, 1, 2]
    assert pairs.time is not None
    assert pairs.time.tolist() == [1.0, 5.0, 3.0]
