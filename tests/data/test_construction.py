"""The one door into a data set: repeats merged, types made canonical, broken drafts refused."""

from dataclasses import replace

import numpy as np
import pytest
from data_worlds import draft, three_people
from hypothesis import given
from hypothesis import strategies as st

from fmm_core.data.construction import unique_pairs
from fmm_core.data.dataset import Attribute, Modality, Pairs
from fmm_core.errors import DataError


def test_repeats_are_merged_sorted_and_counted() -> None:
    pairs = Pairs(np.array([2, 0, 0, 2, 0, 1]), np.array([3, 1, 0, 3, 1, 2]))
    dataset = three_people(pairs=pairs)
    assert dataset.pairs.user.tolist() == [0, 0, 1, 2]
    assert dataset.pairs.item.tolist() == [0, 1, 2, 3]
    assert [(note.code, note.count) for note in dataset.notes] == [("pairs.repeated", 2)]
    assert dataset.notes[0].sentence == "2 repeated interactions were merged."


def test_of_equal_interactions_the_earliest_stays() -> None:
    pairs = Pairs(np.array([1, 1, 0, 2]), np.array([2, 2, 0, 1]), np.array([9.0, 4.0, 1.0, 2.0]))
    assert three_people(pairs=pairs).pairs.time.tolist() == [1.0, 4.0, 2.0]  # type: ignore[union-attr]


def test_of_equal_interactions_the_one_from_training_goes_first() -> None:
    pairs = Pairs(np.array([1, 1, 0]), np.array([2, 2, 0]), np.array([1.0, 5.0, 3.0]), np.array([2, 0, 1]))
    kept = three_people(pairs=pairs).pairs
    assert kept.split is not None
    assert kept.split.tolist() == [1, 0]
    assert kept.time is not None
    assert kept.time.tolist() == [3.0, 5.0]


def test_unique_pairs_by_hand() -> None:
    pairs = Pairs(np.array([1, 0, 1, 1, 0]), np.array([0, 2, 0, 0, 1]), np.array([7.0, 1.0, 3.0, 5.0, 2.0]))
    kept, repeats = unique_pairs(pairs, n_items=3)
    assert (kept.user.tolist(), kept.item.tolist(), repeats) == ([0, 0, 1], [1, 2, 0], 2)
    assert kept.time is not None
    assert kept.time.tolist() == [2, 1, 3]
    assert kept.split is None


def test_pairs_of_many_items_are_not_taken_for_each_other() -> None:
    """70,000 · 65,536 and 4,464 · 65,536 are the same in 32 bits."""
    user, item = np.array([70_000, 4_464], np.int32), np.array([1, 1], np.int32)
    kept, repeats = unique_pairs(Pairs(user, item), n_items=65_536)
    assert (kept.user.tolist(), kept.item.tolist(), repeats) == ([4_464, 70_000], [1, 1], 0)


row = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.integers(0, 4))  # user, item, split, time


@given(st.lists(row, min_size=1, max_size=30))
def test_unique_pairs_like_a_loop_over_rows(rows: list[tuple[int, int, int, int]]) -> None:
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for user, item, split, time in rows:
        best[user, item] = min((split, time), best.get((user, item), (9, 9)))
    expected = [(*who_what, *rest) for who_what, rest in sorted(best.items())]
    columns = np.array(rows).T
    kept, repeats = unique_pairs(Pairs(columns[0], columns[1], columns[3], columns[2]), n_items=4)
    assert kept.time is not None
    assert kept.split is not None
    found = zip(kept.user.tolist(), kept.item.tolist(), kept.split.tolist(), kept.time.tolist(), strict=True)
    assert list(found) == expected
    assert repeats == len(rows) - len(expected)


def test_people_without_interactions_stay_and_are_counted() -> None:
    dataset = three_people(pairs=Pairs(np.array([0]), np.array([1])))
    assert dataset.n_users == 3
    assert [(note.code, note.count) for note in dataset.notes] == [("users.idle", 2)]
    assert dataset.notes[0].sentence == "2 people have no interactions and can't be audited."


def test_types_are_canonical() -> None:
    pairs = Pairs(np.array([0, 1, 2]), np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0, 1, 2]))
    sound = Modality(np.ones((4, 2)), np.ones(4), "trailers")
    gender = Attribute(("women", "men"), np.array([0, 1, -1]))
    dataset = three_people(pairs=pairs, modalities={"audio": sound}, attributes={"gender": gender})
    kinds = [
        part.dtype.str for part in (dataset.pairs.user, dataset.pairs.item, dataset.pairs.time, dataset.pairs.split)
    ]
    assert kinds == ["<i4", "<i4", "<f8", "|i1"]
    assert dataset.modalities["audio"].features.dtype == np.float32
    assert dataset.modalities["audio"].present.dtype == bool
    assert dataset.attributes["gender"].codes.dtype == np.int16


SOUND = draft().modalities["audio"]
GENDER = draft().attributes["gender"]
AGE = draft().attributes["age"]
BROKEN = {
    "no user": (
        {"users": np.array([], str)},
        "users: a list with at least one id is needed",
    ),
    "an empty id": (
        {"users": np.array(["007", "", "x"])},
        "users: an id is empty",
    ),
    "an id twice": (
        {"items": np.array(["a", "b", "c", "a"])},
        "items: an id is there twice",
    ),
    "no interaction": (
        {"pairs": Pairs(np.array([], int), np.array([], int))},
        "pairs.user: positions from 0 to 2 are needed, and at least one",
    ),
    "a user too many": (
        {"pairs": Pairs(np.array([0, 3]), np.array([0, 1]))},
        "pairs.user: positions from 0 to 2 are needed, and at least one",
    ),
    "an unknown item": (
        {"pairs": Pairs(np.array([0, 1]), np.array([0, -1]))},
        "pairs.item: positions from 0 to 3 are needed, and at least one",
    ),
    "a time too few": (
        {"pairs": Pairs(np.array([0, 1]), np.array([0, 1]), np.array([1.0]))},
        "pairs.time: one entry per interaction is needed",
    ),
    "no time": (
        {"pairs": Pairs(np.array([0, 1]), np.array([0, 1]), np.array([1.0, np.nan]))},
        "pairs.time: a time is not a number",
    ),
    "a fourth part": (
        {"pairs": Pairs(np.array([0, 1]), np.array([0, 1]), None, np.array([0, 3]))},
        "pairs.split: 0, 1 or 2 is needed",
    ),
    "a title too few": (
        {"titles": ("Alien", "Brazil", "Casablanca")},
        "titles: 3 titles for 4 items",
    ),
    "a row too few": (
        {"modalities": {"audio": replace(SOUND, features=SOUND.features[:3])}},
        'modality "audio": features of shape (3, 2) for 4 items',
    ),
    "no column": (
        {"modalities": {"audio": replace(SOUND, features=SOUND.features[:, :0])}},
        'modality "audio": features of shape (4, 0) for 4 items',
    ),
    "no number": (
        {"modalities": {"audio": replace(SOUND, features=SOUND.features * np.nan)}},
        'modality "audio": a feature is not a number',
    ),
    "presence too short": (
        {"modalities": {"audio": replace(SOUND, present=SOUND.present[:2])}},
        'modality "audio": one entry of `present` per item is needed',
    ),
    "a path as name": (
        {"modalities": {"../audio": SOUND}},
        'modality "../audio": letters, digits and . _ - are needed',
    ),
    "one name twice": (
        {"modalities": {"audio": SOUND, "Audio": SOUND}},
        "modalities: two names differ only in upper case",
    ),
    "a code too few": (
        {"attributes": {"gender": replace(GENDER, codes=GENDER.codes[:2])}},
        'attribute "gender": 2 codes for 3 users',
    ),
    "a code too high": (
        {"attributes": {"gender": replace(GENDER, groups=("women",))}},
        'attribute "gender": codes from -1 to 0 are needed',
    ),
    "a group twice": (
        {"attributes": {"gender": replace(GENDER, groups=("women", "women"))}},
        'attribute "gender": a group\'s name is empty or there twice',
    ),
    "edges out of order": (
        {"attributes": {"age": replace(AGE, groups=("a", "b", "c"), edges=(30.0, 20.0))}},
        'attribute "age": the edges do not fit the bands',
    ),
    "an edge too many": (
        {"attributes": {"age": replace(AGE, edges=(18.0, 30.0))}},
        'attribute "age": the edges do not fit the bands',
    ),
}


@pytest.mark.parametrize(("changes", "problem"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_draft_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(DataError) as caught:
        three_people(**changes)
    assert caught.value.code == "data.contract"
    assert str(caught.value) == f"{problem}. Correct what made this data set."
