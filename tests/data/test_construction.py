"""The one door into a data set: repeats merged, types made canonical, broken drafts refused."""

from dataclasses import replace

import numpy as np
import pytest
from data_worlds import draft, three_people

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
    "no user": {"users": np.array([], str)},
    "an empty id": {"users": np.array(["007", "", "x"])},
    "an id twice": {"items": np.array(["a", "b", "c", "a"])},
    "no interaction": {"pairs": Pairs(np.array([], int), np.array([], int))},
    "a user too many": {"pairs": Pairs(np.array([0, 3]), np.array([0, 1]))},
    "an unknown item": {"pairs": Pairs(np.array([0, 1]), np.array([0, -1]))},
    "a time too few": {"pairs": Pairs(np.array([0, 1]), np.array([0, 1]), np.array([1.0]))},
    "no time": {"pairs": Pairs(np.array([0, 1]), np.array([0, 1]), np.array([1.0, np.nan]))},
    "a fourth part": {"pairs": Pairs(np.array([0, 1]), np.array([0, 1]), None, np.array([0, 3]))},
    "a title too few": {"titles": ("Alien", "Brazil", "Casablanca")},
    "a row too few": {"modalities": {"audio": replace(SOUND, features=SOUND.features[:3])}},
    "no column": {"modalities": {"audio": replace(SOUND, features=SOUND.features[:, :0])}},
    "no number": {"modalities": {"audio": replace(SOUND, features=SOUND.features * np.nan)}},
    "presence too short": {"modalities": {"audio": replace(SOUND, present=SOUND.present[:2])}},
    "a path as name": {"modalities": {"../audio": SOUND}},
    "one name twice": {"modalities": {"audio": SOUND, "Audio": SOUND}},
    "a code too few": {"attributes": {"gender": replace(GENDER, codes=GENDER.codes[:2])}},
    "a code too high": {"attributes": {"gender": replace(GENDER, groups=("women",))}},
    "a group twice": {"attributes": {"gender": replace(GENDER, groups=("women", "women"))}},
    "edges out of order": {"attributes": {"age": replace(AGE, groups=("a", "b", "c"), edges=(30.0, 20.0))}},
    "an edge too many": {"attributes": {"age": replace(AGE, edges=(18.0, 30.0))}},
}  # fmt: skip


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_draft_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DataError) as caught:
        three_people(**changes)
    assert caught.value.code == "data.contract"
    assert caught.value.where
