"""A folder of tables: what it becomes, and what is said when something is wrong with it."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from data_worlds import write_files

from fmm_core.data.dataset import Dataset
from fmm_core.data.readers import tables
from fmm_core.data.splitting import split
from fmm_core.errors import DataError

GOOD = {
    "interactions.csv": "user_id,item_id\n007,a\n7,a\n7,b\n007,c\n7,b\n",
    "users.csv": "user_id,gender,mood\n7,F,good\n007,M,bad\n",
    "items.csv": "item_id,title,genres\n"
    'a,Toy Story (1995),Comedy|Family\nb,"Story, The (1999)",Comedy\nc,Heat (1997),Crime\n',
}
ML_1M = Path(__file__).resolve().parents[3] / "shared" / "data" / "ml-1m"


def read(folder: Path, changes: Mapping[str, str] | None = None) -> Dataset:
    return tables.read(write_files(folder, GOOD | (changes or {})))


def told(dataset: Dataset) -> dict[str, tuple[int, str]]:
    return {note.code: (note.count, note.sentence) for note in dataset.notes}


def test_a_folder_becomes_a_data_set(tmp_path: Path) -> None:
    dataset = read(tmp_path / "mine")
    assert dataset.name == "mine"
    assert dataset.users.tolist() == ["7", "007"]
    assert dataset.items.tolist() == ["a", "b", "c"]
    assert list(zip(dataset.pairs.user.tolist(), dataset.pairs.item.tolist(), strict=True)) == [
        (0, 0), (0, 1), (1, 0), (1, 2),
    ]  # fmt: skip
    assert dataset.attributes["gender"].codes.tolist() == [0, 1]
    assert dataset.attributes["mood"].groups == ("bad", "good")
    assert dataset.titles == ("Toy Story (1995)", "Story, The (1999)", "Heat (1997)")
    assert told(dataset) == {
        "pairs.repeated": (1, "1 repeated interaction was merged."),
        "modality.text.silent": (
            1, "Text cannot tell what is alike here: 1 of 3 items has nothing in it that another item has too."
        ),
    }  # fmt: skip


def test_genres_and_the_year_in_the_title(tmp_path: Path) -> None:
    genre = read(tmp_path).modalities["genre"]
    spread = np.sqrt(8 / 3)  # 1995, 1999 and 1997 lie −2, 2 and 0 from their mean
    expected = [[1, 0, 1, -2 / spread], [1, 0, 0, 2 / spread], [0, 1, 0, 0]]  # Comedy, Crime, Family, year
    np.testing.assert_allclose(genre.features, expected, rtol=1e-6)
    assert genre.source == "genres and year"


def test_a_column_with_years_goes_before_titles(tmp_path: Path) -> None:
    items = "item_id,title,genres,year\na,A (1900),War,2000\nb,B (1900),War,2010\nc,C (1900),War,\n"
    genre = read(tmp_path, {"items.csv": items}).modalities["genre"]
    assert genre.features[:, -1].tolist() == [-1, 1, 0]


def test_compressed_tables_are_read(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv.gz").write_bytes(gzip.compress(GOOD["interactions.csv"].encode(), mtime=0))
    write_files(tmp_path, {"users.csv": GOOD["users.csv"]})
    dataset = tables.read(tmp_path)
    assert (dataset.n_users, dataset.n_items) == (2, 3)
    assert dataset.titles is None
    assert dataset.modalities == {}


def test_times_and_a_fixed_split_are_kept(tmp_path: Path) -> None:
    rows = "user_id,item_id,time,split\n7,a,3.5,train\n7,b,1,test\n007,c,2,validation\n"
    dataset = read(tmp_path, {"interactions.csv": rows})
    assert dataset.pairs.time is not None
    assert dataset.pairs.time.tolist() == [3.5, 1, 2]
    parts = split(dataset)
    assert (parts.train.nnz, parts.validation.nnz, parts.test.nnz) == (1, 1, 1)
    assert parts.test[0, 1] == 1


def test_spaces_a_byte_order_mark_and_empty_lines_do_no_harm(tmp_path: Path) -> None:
    rows = "\ufeffuser_id , item_id\n 7,a \n\n007,b\n,\n\n"
    dataset = read(tmp_path, {"interactions.csv": rows})
    assert list(zip(dataset.pairs.user.tolist(), dataset.pairs.item.tolist(), strict=True)) == [(0, 0), (1, 1)]


def test_people_of_whom_nothing_is_known_are_undisclosed_and_counted(tmp_path: Path) -> None:
    dataset = read(tmp_path, {"interactions.csv": GOOD["interactions.csv"] + "9,a\n8,a\n9,b\n"})
    assert dataset.users.tolist() == ["7", "007", "8", "9"]
    assert dataset.attributes["gender"].codes.tolist() == [0, 1, -1, -1]
    assert told(dataset)["users.undescribed"] == (
        2, "2 people are in interactions.csv and not in users.csv: they count as undisclosed."
    )  # fmt: skip


def test_people_without_interactions_are_kept_and_counted(tmp_path: Path) -> None:
    dataset = read(tmp_path, {"users.csv": GOOD["users.csv"] + "x,F,good\n"})
    assert dataset.n_users == 3
    assert told(dataset)["users.idle"] == (1, "1 person has no interactions and can't be audited.")


def test_items_without_a_row_get_the_average_and_their_id_as_title(tmp_path: Path) -> None:
    dataset = read(tmp_path, {"interactions.csv": GOOD["interactions.csv"] + "7,z\n"})
    assert dataset.items.tolist() == ["a", "b", "c", "z"]
    assert dataset.titles is not None
    assert dataset.titles[3] == "z"
    for name, what in (("text", "title"), ("genre", "genre")):
        modality = dataset.modalities[name]
        assert modality.present.tolist() == [True, True, True, False]
        np.testing.assert_allclose(modality.features[3], modality.features[:3].mean(axis=0), rtol=1e-5, atol=1e-7)
        sentence = f"1 of 4 items has no {what}; for {name} it gets the average."
        assert told(dataset)[f"modality.{name}.imputed"] == (1, sentence)


def test_titles_that_share_no_word_are_no_modality_and_it_is_said(tmp_path: Path) -> None:
    items = "item_id,title\na,Alien\nb,Brazil\nc,Casablanca\n"
    dataset = read(tmp_path, {"items.csv": items})
    assert dataset.modalities == {}
    assert dataset.titles == ("Alien", "Brazil", "Casablanca")
    assert told(dataset)["modality.text.none"] == (
        0,
        "There is no text: nothing about the title is shared by two items.",
    )


def test_an_attribute_that_is_not_offered_is_said(tmp_path: Path) -> None:
    dataset = read(tmp_path, {"users.csv": "user_id,gender,club\n7,F,a\n007,M,a\n"})
    assert set(dataset.attributes) == {"gender"}
    assert told(dataset)["attribute.too_few"][1] == "club is not offered: it has one value only."


MANY = "".join(f"{user},\n" for user in "abcde")
WRONG = {
    "no interactions": (
        {"interactions.csv": ""},
        "data.empty", "interactions.csv: this file is empty. Export it again.",
    ),
    "only a header": (
        {"interactions.csv": "user_id,item_id\n"},
        "data.no_rows", "interactions.csv: there is a header but no row. Export it again.",
    ),
    "another name": (
        {"interactions.csv": "who,item_id\n8,a\n"},
        "data.no_column",
        'interactions.csv: there is no column "user_id". Its columns are: who, item_id. Rename the right one.',
    ),
    "a strange separator": (
        {"interactions.csv": "user_id#item_id\n7#a\n"},
        "data.no_column",
        'interactions.csv: there is no column "user_id". Its columns are: user_id#item_id. Rename the right one. '
        "1 more problem was found: `datasets check` names all.",
    ),
    "no header": (
        {"interactions.csv": "7,1,5\n7,2,3\n"},
        "data.no_header",
        "interactions.csv: its first row holds numbers instead of names. "
        "Add a first row with names, item_id among them.",
    ),
    "empty cells": (
        {"interactions.csv": "user_id,item_id\n7,a\n7,\n" + MANY},
        "data.empty_values",
        'interactions.csv, column "item_id": 6 empty values (rows 3, 4, 5, …). Fill or remove them.',
    ),
    "one empty cell after an empty line": (
        {"interactions.csv": "user_id,item_id\n7,a\n\n,b\n"},
        "data.empty_values", 'interactions.csv, column "user_id": 1 empty value (row 4). Fill or remove them.',
    ),
    "a short row": (
        {"interactions.csv": "user_id,item_id\n7\n007,a\n"},
        "data.empty_values", 'interactions.csv, column "item_id": 1 empty value (row 2). Fill or remove them.',
    ),
    "a long row": (
        {"interactions.csv": "user_id,item_id\n7,a\n7,b,c\n"},
        "data.ragged",
        "interactions.csv: row 3 has other columns than the header. "
        "Put text that holds a comma in double quotes, and close every quote.",
    ),
    "long rows only": (
        {"interactions.csv": "user_id,item_id\n7,a,1\n7,b,2\n"},
        "data.ragged",
        "interactions.csv: rows have other columns than the header. "
        "Put text that holds a comma in double quotes, and close every quote.",
    ),
    "a time in words": (
        {"interactions.csv": "user_id,item_id,time\n7,a,1\n7,b,noon\n"},
        "data.not_a_time",
        'interactions.csv, column "time": 1 value is no time, or not written as the others are (row 3). '
        "Write all alike: numbers, or dates like 2024-01-31.",
    ),
    "an unknown part": (
        {"interactions.csv": "user_id,item_id,split\n7,a,train\n7,b,dev\n7,c,\n"},
        "data.split",
        'interactions.csv, column "split": 2 unknown values (rows 3, 4). '
        "Use train, validation, test, or drop the column.",
    ),
    "a person twice": (
        {"users.csv": GOOD["users.csv"] + "7,M,good\n"},
        "data.duplicate_ids", 'users.csv, column "user_id": 1 repeated id (row 4). Keep one row per id.',
    ),
    "an item twice": (
        {"items.csv": GOOD["items.csv"] + "a,Again,War\nb,Again,War\n"},
        "data.duplicate_ids", 'items.csv, column "item_id": 2 repeated ids (rows 5, 6). Keep one row per id.',
    ),
    "people by another id": (
        {"users.csv": "user_id,gender\nu7,F\nu007,M\n"},
        "data.unknown_ids",
        'interactions.csv: none of its 2 values of "user_id" is in users.csv ("007", "7"). '
        "Write them the same way in both files.",
    ),
    "items by another id": (
        {"items.csv": "item_id,title\n1,A\n2,B\n"},
        "data.unknown_ids",
        'interactions.csv: none of its 3 values of "item_id" is in items.csv ("a", "b", "c"). '
        "Write them the same way in both files.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "code", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, str], code: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, changes)
    assert str(caught.value) == message
    assert caught.value.code == code


def test_a_cell_of_two_lines_is_one_row_as_in_a_spreadsheet(tmp_path: Path) -> None:
    items = 'item_id,title\na,"Two\nlines"\nb,B\na,Again\n'
    with pytest.raises(DataError) as caught:
        read(tmp_path, {"items.csv": items})
    assert str(caught.value) == 'items.csv, column "item_id": 1 repeated id (row 4). Keep one row per id.'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("users.csv", "user_id,mood, mood\n7,good,bad\n007,bad,good\n"),
        ("users.csv", "user_id,mood,mood\n7,good,bad\n007,bad,good\n"),
        ("interactions.csv", "user_id,item_id, user_id\n7,a,7\n007,b,007\n"),
        ("interactions.csv", "user_id,item_id,time,time \n7,a,1,1\n007,b,2,2\n"),
    ],
)
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, {name: text})
    assert name in caught.value.where


def test_without_a_table_of_people_nothing_can_be_audited(tmp_path: Path) -> None:
    write_files(tmp_path, {"interactions.csv": GOOD["interactions.csv"]})
    dataset = tables.read(tmp_path)
    assert dataset.attributes == {}
    assert told(dataset)["users.none"] == (2, "There is no table of people, so nothing can be audited.")


def test_a_flat_table_tells_about_people_what_is_the_same_in_all_their_rows(tmp_path: Path) -> None:
    flat = "uid,iid,gender,mood\n7,a,F,good\n7,b,F,bad\n8,a,M,good\n8,c,M,good\n"
    write_files(tmp_path, {"listens.csv": flat})
    dataset = tables.read(tmp_path)
    assert dataset.users.tolist() == ["7", "8"]
    assert dataset.attributes["gender"].groups == ("women", "men")
    assert dataset.attributes["gender"].codes.tolist() == [0, 1]
    assert told(dataset)["attribute.per_click"] == (
        0, "mood is not offered: it differs between the rows of one person."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("interactions.csv.gz", b"no gzip"),
        ("interactions.csv.gz", gzip.compress(b"user_id,item_id\n" + b"7,a\n" * 500, mtime=0)[:40]),
    ],
)
def test_what_is_no_text_is_said(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        tables.read(tmp_path)
    assert str(caught.value) == f"{name}: this file is damaged. Export it again."
    assert caught.value.code == "data.unreadable"


@pytest.mark.skipif(not ML_1M.exists(), reason="MovieLens-1M is on the project's own machines only")
def test_movielens_1m() -> None:
    dataset = tables.read(ML_1M)
    assert (dataset.n_users, dataset.n_items, len(dataset.pairs.user)) == (6040, 3706, 1_000_209)
    assert dataset.attributes["gender"].counts.tolist() == [1709, 4331]
    assert dataset.attributes["age"].groups[:2] == ("under 18", "18 to 24")
    assert len(dataset.attributes["occupation"].groups) == 21
    assert {name: item.features.shape[1] for name, item in dataset.modalities.items()} == {
        "text": 128, "genre": 19, "audio": 128,
    }  # fmt: skip
