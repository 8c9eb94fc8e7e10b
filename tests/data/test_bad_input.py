"""Every way a file can be wrong, and the words that are said; what can be read all the same is read and counted."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from fmm_core.data.checking import check
from fmm_core.data.plan import CheckReport, Plan
from fmm_core.data.readers import tables

GOOD: dict[str, str | bytes] = {
    "interactions.csv": "user_id,item_id,time\n7,a,3\n7,b,4\n8,a,5\n",
    "users.csv": "user_id,gender,age\n7,F,30\n8,M,40\n",
    "items.csv": "item_id,title\na,Alpha one\nb,Beta one\n",
}
HUGE = "x" * 10_000_000
REST = "Export it again as CSV in UTF-8."
ALIKE = "Write all alike: numbers, or dates like 2024-01-31."
DATES = "user_id,item_id,date\n"


def looked_at(folder: Path, changes: Mapping[str, str | bytes | None], plan: Plan | None = None) -> CheckReport:
    folder.mkdir(exist_ok=True)
    for name, content in (GOOD | changes).items():  # type: ignore[operator]
        if content is not None:
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return check(folder, plan or Plan())


def sentences(report: CheckReport) -> list[str]:
    place = [f"{problem['where']}: " if problem["where"] else "" for problem in report.problems]
    return [
        f"{where}{each['what']}. {each['mend']}".strip() for where, each in zip(place, report.problems, strict=True)
    ]


def notes(report: CheckReport) -> list[str]:
    assert report.problems == ()
    assert report.card is not None
    return [note["sentence"] for note in report.card["notes"]]


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


REFUSED: dict[str, tuple[dict[str, str | bytes | None], str, list[str]]] = {
    "a missing column": (
        {"interactions.csv": "user_id,when\n7,3\n"}, "data.no_column",
        ['interactions.csv: there is no column "item_id". Its columns are: user_id, when. Rename the right one.'],
    ),
    "a separator nobody uses": (
        {"interactions.csv": "user_id:item_id\n7:a\n"}, "data.no_column",
        [f'interactions.csv: there is no column "{name}". Its columns are: user_id:item_id. Rename the right one.'
         for name in ("user_id", "item_id")],
    ),
    "an empty file": (
        {"interactions.csv": ""}, "data.empty", ["interactions.csv: this file is empty. Export it again."],
    ),
    "an empty first row": (
        {"users.csv": "\n\nuser_id,gender\n7,F\n"}, "data.empty",
        ["users.csv: its first row is empty. Export it again."],
    ),
    "only a header": (
        {"interactions.csv": "user_id,item_id\n"}, "data.no_rows",
        ["interactions.csv: there is a header but no row. Export it again."],
    ),
    "binary": (
        {"interactions.csv": b"\x89PNG\r\n\x1a\n\x00\x00"}, "data.binary",
        [f"interactions.csv: this is not a text file: it holds zero bytes. {REST}"],
    ),
    "two encodings": (
        {"users.csv": "user_id,city\n7,Zürich\n".encode() + "8,Genève\n".encode("cp1252")}, "data.mixed_encodings",
        [f"users.csv: two encodings are mixed (not in UTF-8 as the rest: row 3). {REST}"],
    ),
    "no encoding that is known": (
        {"users.csv": b"user_id,city\n7,Z\x81\x8d\n"}, "data.unreadable",
        [f"users.csv: its encoding is unknown: UTF-8, UTF-16 and Windows-1252 were tried. {REST}"],
    ),
    "a person twice": (
        {"users.csv": "user_id,gender\n7,F\n8,M\n7,M\n"}, "data.duplicate_ids",
        ['users.csv, column "user_id": 1 repeated id (row 4). Keep one row per id.'],
    ),
    "an item twice": (
        {"items.csv": "item_id,title\na,A\na,A\nb,B\na,A\n"}, "data.duplicate_ids",
        ['items.csv, column "item_id": 2 repeated ids (rows 3, 5). Keep one row per id.'],
    ),
    "features twice": (
        {"audio.npz": npz(item_id=["a", "a"], features=np.ones((2, 2)))}, "data.duplicate_ids",
        ["audio.npz: 1 repeated id. Keep one row per id."],
    ),
    "features of other items only": (
        {"audio.npz": npz(item_id=["q", "r"], features=np.ones((2, 2)))}, "data.unknown_ids",
        ['audio.npz: none of its 2 ids is an item of the data ("q", "r"). Write them the same way in all files.'],
    ),
    "features of unequal width": (
        {"audio_features.csv": "item_id,x,y\na,1,2\nb,1\n"}, "data.ragged",
        ["audio_features.csv: rows have different lengths (row 3). Give every row the same columns."],
    ),
    "pickled features": (
        {"audio.npz": npz(item_id=np.array(["a", {}], dtype=object), features=np.ones((2, 2)))}, "data.unreadable",
        ["audio.npz: this file is no npz of plain numbers. "
         "Save it with np.savez(file, item_id=…, features=…): numbers, one row per id."],
    ),
    "a hundred thousand columns": (
        {"users.csv": ",".join(f"c{number}" for number in range(100_000)) + "\n"}, "data.too_wide",
        ["users.csv: it has 100,000 columns, and at most 1,000 can be read. Keep the columns that are needed."],
    ),
    "a cell of ten megabytes": (
        {"users.csv": f"user_id,gender\n7,{HUGE}\n"}, "data.long_cell",
        ["users.csv: a line is longer than 1,000,000 characters. Close every quote, or shorten the cell."],
    ),
    "a long cell of short lines": (
        {"users.csv": 'user_id,gender\n7,"' + "long\n" * 40_000 + '"\n8,M\n'}, "data.long_cell",
        ['users.csv, column "gender": row 2 has a cell of 200,000 characters. Close every quote, or shorten the cell.'],
    ),
    "dates in three forms": (
        {"interactions.csv": f"{DATES}7,a,2024-01-31\n7,b,31.01.2024\n8,a,01/31/2024\n"}, "data.not_a_time",
        ['interactions.csv, column "date": 2 values are no times, or not written as the others are (rows 3, 4). '
         f"{ALIKE}"],
    ),
    "dates that can be read in two ways": (
        {"interactions.csv": f"{DATES}7,a,01/02/2024\n7,b,03/04/2024\n"}, "data.ambiguous_dates",
        ['interactions.csv, column "date": dates like "01/02/2024" can be read as day and month or as month and day. '
         "Write them like 2024-01-31."],
    ),
    "a date there never was": (
        {"interactions.csv": f"{DATES}7,a,01.02.2024\n7,b,31.04.2024\n"}, "data.not_a_time",
        ['interactions.csv, column "date": 1 value is no time, or not written as the others are (row 3). '
         f"{ALIKE}"],
    ),
    "a quote that is never closed": (
        {"interactions.csv": 'user_id,item_id\n7,a\n7,"b\n8,a\n'}, "data.ragged",
        ["interactions.csv: a quote is opened in row 3 and never closed. Close it, or remove it."],
    ),
    "no table of interactions": (
        {"interactions.csv": None}, "data.no_interactions",
        ["no table of interactions was found. The tables here are: items.csv, users.csv. "
         "Say which one holds who chose what, or name it interactions.csv."],
    ),
    "no workbook": (
        {"interactions.csv": None, "interactions.xlsx": b"hello"}, "data.unreadable",
        ["interactions.xlsx: this is no workbook, or it is damaged. Save it as .xlsx or CSV again."],
    ),
    "no parquet": (
        {"interactions.csv": None, "interactions.parquet": b"PAR1xxxxPAR1"}, "data.unreadable",
        ["interactions.parquet: this is no parquet file, or it is damaged. Export it again."],
    ),
    "several things at once": (
        {"interactions.csv": "user_id,item_id,time\n7,,3\n,b,4\n8,a,noon\n8,a,5\n", "users.csv": "user_id\n7\n7\n8\n"},
        "data.empty_values",
        ['interactions.csv, column "user_id": 1 empty value (row 3). Fill or remove them.',
         'interactions.csv, column "item_id": 1 empty value (row 2). Fill or remove them.',
         'interactions.csv, column "time": 1 value is no time, or not written as the others are (row 4). '
         f"{ALIKE}",
         'users.csv, column "user_id": 1 repeated id (row 3). Keep one row per id.'],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "code", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(tmp_path: Path, changes: dict[str, str | bytes | None], code: str, words: list[str]) -> None:
    report = looked_at(tmp_path / "mine", changes)
    assert sentences(report) == words
    assert report.problems[0]["code"] == code
    assert report.card is None


ACCEPTED: dict[str, tuple[dict[str, str | bytes | None], list[str]]] = {
    "semicolons": ({"interactions.csv": "user_id;item_id\n7;a\n8;b\n"}, []),
    "a byte order mark": ({"users.csv": b"\xef\xbb\xbfuser_id,gender\n7,F\n8,M\n"}, []),
    "UTF-16": ({"users.csv": "user_id,gender\n7,F\n8,M\n".encode("utf-16")}, []),
    "Windows-1252": (
        {"users.csv": "user_id,city\n7,Zürich\n8,Genève\n".encode("cp1252")},
        ["users.csv was read as Windows-1252: look whether accents are right."],
    ),
    "a person without interactions": (
        {"users.csv": "user_id,gender\n7,F\n8,M\n9,F\n"}, ["1 person has no interactions and can't be audited."],
    ),
    "an item nobody described": (
        {"interactions.csv": "user_id,item_id\n7,a\n8,zz\n"},
        ["1 of 3 items has no title; for text it gets the average."],
    ),
    "features with gaps": (
        {"audio.npz": npz(item_id=["a", "x"], features=np.ones((2, 2)))},
        ["1 of 2 items has no usable row in audio.npz; for audio it gets the average.",
         "1 row describes an item that is in audio.npz and not in the data; left out."],
    ),
    "features that are no numbers": (
        {"audio.npz": npz(item_id=["a", "b"], features=np.array([[np.inf, 1], [2, 3]]))},
        ["1 of 2 items has no usable row in audio.npz; for audio it gets the average."],
    ),
    "an attribute of one value": (
        {"users.csv": "user_id,gender\n7,F\n8,F\n"}, ["gender is not offered: it has one value only."],
    ),
    "an attribute nobody told": (
        {"users.csv": "user_id,gender\n7,\n8,unknown\n"}, ["gender is not offered: it has no value."],
    ),
    "an attribute of thousands": (
        {"users.csv": "user_id,nick\n" + "".join(f"{n},n{n}\n" for n in range(3000)),
         "interactions.csv": "user_id,item_id\n" + "".join(f"{n},{'ab'[n % 2]}\n" for n in range(3000))},
        ["nick is not offered: it has 3,000 different values, and at most 50 can be audited."],
    ),
    "ids that are formulas": (
        {"interactions.csv": "user_id,item_id\n=1+1,a\n@x,b\n", "users.csv": "user_id,gender\n=1+1,F\n@x,M\n"}, [],
    ),
    "ids that are strange numbers": (
        {"interactions.csv": "user_id,item_id\n-1,a\n0.5,b\n9223372036854775808,a\n",
         "users.csv": "user_id,gender\n-1,F\n0.5,M\n9223372036854775808,F\n"}, [],
    ),
    "titles that are markup": (
        {"items.csv": "item_id,title\na,<script>alert(1)</script>\nb,<script>alert(2)</script>\n"}, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "words"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_is_read_all_the_same(tmp_path: Path, changes: dict[str, str | bytes | None], words: list[str]) -> None:
    assert notes(looked_at(tmp_path, changes)) == words


def test_ids_stay_as_they_were_written(tmp_path: Path) -> None:
    looked_at(tmp_path, ACCEPTED["ids that are strange numbers"][0])
    assert tables.read(tmp_path).users.tolist() == ["-1", "0.5", "9223372036854775808"]


def test_groups_that_are_too_small_are_not_offered_and_why(tmp_path: Path) -> None:
    card = looked_at(tmp_path, {}).card
    assert card is not None
    assert card["attributes"]["gender"]["offered"] is False
    assert card["attributes"]["gender"]["reason"] == "fewer than two groups have 20 people"


def test_rows_that_cannot_be_used_may_be_left_out(tmp_path: Path) -> None:
    changes = REFUSED["several things at once"][0] | {"users.csv": "user_id,gender\n7,F\n7,M\n8,M\n"}
    report = looked_at(tmp_path, changes, Plan(leave_out_bad_rows=True))
    late = "value is no time, or not written as the others are"
    assert notes(report) == [
        '1 row was left out of interactions.csv, column "user_id": empty value (row 3).',
        '1 row was left out of interactions.csv, column "item_id": empty value (row 2).',
        f'1 row was left out of interactions.csv, column "time": {late} (row 4).',
        '1 row was left out of users.csv, column "user_id": repeated id (row 3).',
        "1 person has no interactions and can't be audited.",
    ]
    dataset = tables.read(tmp_path, Plan(leave_out_bad_rows=True))
    assert list(zip(dataset.pairs.user.tolist(), dataset.pairs.item.tolist(), strict=True)) == [(1, 0)]
    assert dataset.attributes["gender"].codes.tolist() == [0, 1]  # the first row of a person counts


def test_renamed_columns_are_told_by_their_values_and_why(tmp_path: Path) -> None:
    report = looked_at(tmp_path, {"interactions.csv": "who,what\n7,a\n7,b\n8,a\n"})
    assert report.plan.columns["interactions"] == {"user_id": "who", "item_id": "what"}
    reasons = {file.role: [guess.reason for guess in file.guesses] for file in report.files}
    assert reasons["users"] == ['"user_id" looks like the person: 2 different values, each once']
    assert reasons["interactions"] == [
        '"who" looks like the person: 100% of its values are in users.csv',
        '"what" looks like the item: 100% of its values are in items.csv',
    ]


def test_a_correction_wins_over_every_guess(tmp_path: Path) -> None:
    swapped = "item,user\n7,a\n8,b\n"
    plan = Plan(columns={"interactions": {"user_id": "item", "item_id": "user"}})
    report = looked_at(tmp_path, {"interactions.csv": swapped}, plan)
    assert report.problems == ()
    assert report.plan.columns["interactions"] == {"user_id": "item", "item_id": "user"}


def test_a_rating_may_be_asked_for(tmp_path: Path) -> None:
    rated = "user_id,item_id,stars\n7,a,5\n7,b,1\n8,a,4\n"
    report = looked_at(tmp_path, {"interactions.csv": rated}, Plan(min_rating=4))
    assert notes(report)[0] == "1 interaction rated below 4 was left out."
    missing = looked_at(tmp_path, {}, Plan(min_rating=4))
    assert sentences(missing) == [
        'interactions.csv: there is no column "rating". Its columns are: user_id, item_id, time. Rename the right one.'
    ]


def test_bands_may_be_cut_where_a_reader_wants(tmp_path: Path) -> None:
    looked_at(tmp_path, {})
    age = tables.read(tmp_path, Plan(attributes={"age": (35.0,)})).attributes["age"]
    assert (age.groups, age.codes.tolist()) == (("under 35", "35 and over"), [0, 1])
    words = looked_at(tmp_path, {}, Plan(attributes={"gender": (1.0,)}))
    assert sentences(words) == [
        'users.csv, column "gender": 2 values are not numbers (rows 2, 3). Correct or remove them.'
    ]


def test_fewer_people_are_the_same_whatever_the_order(tmp_path: Path) -> None:
    rows = [f"u{number},i{number % 7}\n" for number in range(300)]
    people = "user_id,gender\n" + "".join(f"u{n},{'FM'[n % 2]}\n" for n in range(300))
    changes = {"interactions.csv": "user_id,item_id\n" + "".join(rows), "users.csv": people, "items.csv": None}
    looked_at(tmp_path / "one", changes)
    looked_at(tmp_path / "two", changes | {"interactions.csv": "user_id,item_id\n" + "".join(reversed(rows))})
    plan = Plan(sample_users=100)
    one, two = (tables.read(tmp_path / name, plan) for name in ("one", "two"))
    assert one.n_users == 100
    assert set(one.users.tolist()) == set(two.users.tolist())
    assert len(one.pairs.user) == 100


@pytest.mark.parametrize("kind", ["parquet", "a folder of parts", "partitions", "sheets", "tabs"])
def test_other_kinds_of_tables_read_the_same(tmp_path: Path, kind: str) -> None:
    clicks = pd.DataFrame({"user_id": [7, 7, 8, 9], "item_id": ["a", "b", "a", "b"], "time": [1.5, 2.0, 3.0, 4.0]})
    people = pd.DataFrame({"user_id": [7, 8, 9], "gender": ["F", "M", None]})
    folder = tmp_path / "mine"
    folder.mkdir()
    WRITERS[kind](folder, clicks, people)
    dataset = tables.read(folder)
    assert dataset.users.tolist() == ["7", "8", "9"]
    assert dataset.items.tolist() == ["a", "b"]
    assert dataset.pairs.time is not None
    assert dataset.pairs.time.tolist() == [1.5, 2.0, 3.0, 4.0]
    assert dataset.attributes["gender"].codes.tolist() == [0, 1, -1]


def _parts(folder: Path, clicks: pd.DataFrame, people: pd.DataFrame) -> None:
    for number in range(2):
        clicks[2 * number : 2 * number + 2].to_parquet(folder / f"events-{number:03}.parquet")
    people.to_parquet(folder / "users.parquet")


def _partitions(folder: Path, clicks: pd.DataFrame, people: pd.DataFrame) -> None:
    for number, name in enumerate(("NO", "SE")):
        part = folder / "clicks" / f"country={name}"
        part.mkdir(parents=True)
        clicks[2 * number : 2 * number + 2].to_parquet(part / "part-0.parquet")
    people.to_csv(folder / "people.csv", index=False)


def _plain(folder: Path, clicks: pd.DataFrame, people: pd.DataFrame) -> None:
    clicks.to_parquet(folder / "clicks.parquet")
    people.to_parquet(folder / "people.parquet")


def _sheets(folder: Path, clicks: pd.DataFrame, people: pd.DataFrame) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, frame in (("clicks", clicks), ("people", people)):
        sheet = book.create_sheet(name)
        sheet.append(list(frame.columns))
        for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False):
            sheet.append(list(row))
    book.save(folder / "mine.xlsx")


def _tabs(folder: Path, clicks: pd.DataFrame, people: pd.DataFrame) -> None:
    clicks.to_csv(folder / "clicks.tsv", sep="\t", index=False)
    people.to_csv(folder / "people.csv.gz", index=False)


WRITERS = {
    "parquet": _plain,
    "a folder of parts": _parts,
    "partitions": _partitions,
    "sheets": _sheets,
    "tabs": _tabs,
}
