"""The layout of MMRec and FMMRec, as their repositories keep it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from data_worlds import write_files

from fmm_core.data.dataset import Dataset
from fmm_core.data.readers import mmrec
from fmm_core.data.splitting import split
from fmm_core.errors import DataError

INTER = (
    "userID\titemID\trating\ttimestamp\tx_label\n"
    "0\t1\t5.0\t100\t0\n0\t0\t1.0\t300\t1\n0\t2\t4.0\t200\t2\n1\t0\t3.0\t50\t0\n1\t10\t3.0\t60\t0\n"
)
GOOD = {"baby.inter": INTER, "users.csv": "userID,gender\n0,F\n1,M\n"}
FEATURES: dict[str, object] = {"image": np.arange(22.0).reshape(11, 2)}


def read(folder: Path, files: Mapping[str, str] = GOOD, features: Mapping[str, object] = FEATURES) -> Dataset:
    write_files(folder, files)
    for name, rows in features.items():
        np.save(folder / f"{name}_feat.npy", np.asarray(rows))
    assert mmrec.fits(folder)
    return mmrec.read(folder)


def told(dataset: Dataset) -> dict[str, str]:
    return {note.code: note.sentence for note in dataset.notes}


def refusal(folder: Path, files: Mapping[str, str], features: Mapping[str, object] = FEATURES) -> tuple[str, str]:
    with pytest.raises(DataError) as caught:
        read(folder, files, features)
    return caught.value.code, str(caught.value)


def test_the_split_is_kept(tmp_path: Path) -> None:
    dataset = read(tmp_path)
    assert dataset.name == "baby"
    assert dataset.users.tolist() == ["0", "1"]
    assert dataset.items.tolist() == ["0", "1", "10", "2"]
    parts = split(dataset)
    assert parts.train.toarray().tolist() == [[0, 1, 0, 0], [1, 0, 1, 0]]
    assert parts.validation.toarray().tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    assert parts.test.toarray().tolist() == [[0, 0, 0, 1], [0, 0, 0, 0]]
    assert dataset.pairs.time is not None
    assert dataset.pairs.time.tolist() == [300, 100, 200, 50, 60]


def test_rows_of_features_are_item_numbers(tmp_path: Path) -> None:
    """Row n is (2n, 2n + 1); the items stand in the order 0, 1, 10, 2, and seven rows are of other items."""
    dataset = read(tmp_path)
    image = dataset.modalities["image"]
    assert image.features.tolist() == [[0, 1], [2, 3], [20, 21], [4, 5]]
    assert image.source == "image_feat.npy"
    assert told(dataset)["modality.image.unknown"] == (
        "7 rows describe items that are in image_feat.npy and not in the data; left out."
    )


def test_items_beyond_the_rows_get_the_mean(tmp_path: Path) -> None:
    dataset = read(tmp_path, features={"audio": [[1, 0], [2, 0], [6, 3]]})
    assert dataset.modalities["audio"].features.tolist() == [[1, 0], [2, 0], [3, 1], [6, 3]]
    assert told(dataset)["modality.audio.imputed"] == (
        "1 of 4 items has no usable row in audio_feat.npy; for audio it gets the average."
    )


def test_no_features_are_a_normal_case(tmp_path: Path) -> None:
    assert read(tmp_path, features={}).modalities == {}


def test_no_split_is_a_normal_case(tmp_path: Path) -> None:
    dataset = read(tmp_path, GOOD | {"baby.inter": "userID\titemID\n0\t0\n1\t1\n"})
    assert (dataset.pairs.split, dataset.pairs.time) == (None, None)


def test_other_folders_are_not_taken(tmp_path: Path) -> None:
    assert not mmrec.fits(tmp_path)
    np.save(tmp_path / "image_feat.npy", np.ones((2, 2)))
    assert not mmrec.fits(tmp_path)
    write_files(tmp_path / "atomic", {"a.inter": "user_id:token\titem_id:token\n1\t2\n"})
    assert not mmrec.fits(tmp_path / "atomic")


def test_nothing_about_people_is_said(tmp_path: Path) -> None:
    dataset = read(tmp_path, {"baby.inter": INTER})
    assert (dataset.users.tolist(), dataset.attributes) == (["0", "1"], {})
    assert told(dataset)["users.none"] == "There is no table of people, so nothing can be audited."


PEOPLE = {
    "a users file": {"users.csv": "userID,gender\n0,F\n1,M\n"},
    "with tabs": {"users.csv": "userID\tgender\n0\tF\n1\tM\n"},
    "typed": {"baby.user": "user_id:token\tgender:token\n0\tF\n1\tM\n"},
    "named otherwise": {"user_info.csv": "uid,gender\n0,F\n1,M\n", "user_id_mapping.csv": "user_id\tuserID\na\t0\n"},
    "attributes": {"baby_attributes.csv": "user,u_gender\n0,F\n1,M\n", "u_id_mapping.csv": "user_id\tuserID\na\t0\n"},
    "two numberings": {"users.csv": "user_id,userID,gender\nA9,0,F\nB7,1,M\n"},
    "columns without a name": {"users.csv": "userID,gender,,\n0,F,x,y\n1,M,x,z\n"},
    "FMMRec's attackers": {
        "baby_u_gender.attacker.train.tsv": "userID\tu_gender\n1\tM\n",
        "baby_u_gender.attacker.test.tsv": "userID\tu_gender\n0\tF\n",
    },
    "FMMRec's columns": {"baby.inter": "userID\titemID\tx_label\tu_gender\n0\t1\t0\tF\n1\t1\t0\tM\n0\t2\t1\tF\n"},
}


@pytest.mark.parametrize("files", PEOPLE.values(), ids=PEOPLE.keys())
def test_where_attributes_are_found(tmp_path: Path, files: dict[str, str]) -> None:
    dataset = read(tmp_path, {"baby.inter": INTER} | files)
    gender = dataset.attributes["gender"]
    codes = dict(zip(dataset.users.tolist(), gender.codes.tolist(), strict=True))
    assert (list(dataset.attributes), gender.groups, codes) == (["gender"], ("women", "men"), {"0": 0, "1": 1})


def test_a_users_file_goes_before_labels(tmp_path: Path) -> None:
    labels = {"x.attacker.train.tsv": "userID\tu_age\n0\t1\n1\t2\n"}
    assert set(read(tmp_path, GOOD | labels).attributes) == {"gender"}


def test_codes_stay_codes(tmp_path: Path) -> None:
    dataset = read(tmp_path, {"baby.inter": INTER, "x.attacker.test.tsv": "userID\tu_gender\n0\t0\n1\t1\n"})
    assert dataset.attributes["gender"].groups == ("0", "1")


def test_titles_are_read_and_text_of_your_own_takes_their_place(tmp_path: Path) -> None:
    meta = {"meta-baby.csv": "itemID,asin,title,categories\n0,B0,Red bib,\"[['Baby']]\"\n1,B1,Red cup,\n2,B2,Ball,\n"}
    dataset = read(tmp_path, GOOD | meta)
    assert dataset.items.tolist() == ["0", "1", "2", "10"]
    assert dataset.titles == ("Red bib", "Red cup", "Ball", "10")
    assert set(dataset.modalities) == {"image", "text"}
    dataset = read(tmp_path, GOOD | meta, {"text": np.ones((11, 2))})
    assert dataset.modalities["text"].source == "text_feat.npy"
    assert "modality.text.silent" not in told(dataset)


def test_progress_ends_at_its_total(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    mmrec.read(write_files(tmp_path, GOOD), progress=lambda done, total, **_: steps.append((done, total)))
    shares = [done / total for done, total in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1


WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "a split in words": (
        {"baby.inter": "userID\titemID\tx_label\n0\t1\t0\n0\t2\tlater\n1\t1\t3\n"},
        "data.split",
        'baby.inter, column "x_label": 2 unknown values (rows 3, 4). Use train, validation, test, or drop the column.',
    ),
    "another name": (
        {"baby.inter": "userID\tthing\tx_label\n0\t1\t0\n"},
        "data.no_column",
        'baby.inter: there is no column "item_id". Its columns are: userID, thing, x_label. Rename the right one.',
    ),
    "an empty id": (
        {"baby.inter": "userID\titemID\tx_label\n0\t \t0\n"},
        "data.empty_values",
        'baby.inter, column "itemID": 1 empty value (row 2). Fill or remove them.',
    ),
    "two users files": (
        {"baby.inter": INTER, "users.csv": "userID\n0\n", "baby.user": "userID\n0\n"},
        "data.one_file",
        "mine: several files could be the users: baby.user, users.csv. Keep one.",
    ),
    "two sets": (
        {"baby.inter": INTER, "sports.inter": INTER},
        "data.one_file",
        "mine: 2 files end in .inter, one is needed. Keep exactly one.",
    ),
    "people without numbers": (
        {"baby.inter": INTER, "users.csv": "name,gender\nA,F\n"},
        "data.no_column",
        'users.csv: there is no column "user_id". Its columns are: name, gender. Rename the right one.',
    ),
    "items by another id": (
        {"baby.inter": "userID\titemID\n0\tB01\n"},
        "data.unknown_ids",
        'image_feat.npy: none of its 11 ids is an item of the data ("0", "1", "2"). '
        "Write them the same way in all files.",
    ),
}


@pytest.mark.parametrize(("files", "code", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said(tmp_path: Path, files: dict[str, str], code: str, words: str) -> None:
    assert refusal(tmp_path / "mine", files) == (code, words)


def test_two_values_for_one_person_are_no_attribute(tmp_path: Path) -> None:
    inter = "userID\titemID\tx_label\tu_age\n0\t1\t0\t3\n0\t2\t0\t4\n"
    dataset = read(tmp_path, {"baby.inter": inter})
    assert dataset.attributes == {}
    assert told(dataset)["attribute.per_click"] == "age is not offered: it differs between the rows of one person."


def test_pickled_features_are_refused(tmp_path: Path) -> None:
    code, words = refusal(tmp_path, GOOD, {"image": np.array([["a", {}]], dtype=object)})
    assert code == "data.pickled"
    assert words.startswith("image_feat.npy: it holds Python objects, which could run code and are never opened.")
