"""MovieLens as GroupLens ships it: a miniature of each edition, and all of 1M where it lies beside the project."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fmm_core.data.dataset import Dataset
from fmm_core.data.plan import Plan
from fmm_core.data.readers import movielens
from fmm_core.errors import DataError

ML_1M = Path(__file__).resolve().parents[3] / "shared" / "data" / "ml-1m"

FLAGS = {"Toy Story": "0|0|1|1", "Céleste": "0|0|0|1", "nothing": "1|0|0|0"}
SMALL = {
    "u.data": "196\t242\t3\t881250949\n7\t242\t3\t891717742\n196\t1\t1\t878887116\n",
    "u.user": "7|24|M|technician|85711\n196|53|F|other|T8H1N\n",
    "u.genre": "unknown|0\nAction|1\nAnimation|2\nComedy|3\n\n",
    "u.item": f"1|Toy Story (1995)|01-Jan-1995||http://x/?Toy%20Story%20(1995)|{FLAGS['Toy Story']}\n"
    f"242|Céleste (1997)|24-Jan-1999||http://x|{FLAGS['Céleste']}\n"
    f"267|unknown||||{FLAGS['nothing']}\n",
}
LARGE = {
    "ratings.dat": "1::10::5::978300760\n2::10::3::978302109\n1::2::1::978301968\n",
    "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n3::M::25::0::55117\n",
    "movies.dat": "2::Jumanji (1995)::Adventure|Children's|Fantasy\n"
    '10::Star Wars: Épisode V: "Again" (1980)::Action|Adventure\n',
}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("latin-1"))
    return folder


def read(folder: Path, files: Mapping[str, str], **options: float) -> Dataset:
    assert movielens.fits(write(folder, files))
    return movielens.read(folder, Plan(**options))  # type: ignore[arg-type]


def pairs(dataset: Dataset) -> list[tuple[str, str]]:
    users, items = dataset.users[dataset.pairs.user], dataset.items[dataset.pairs.item]
    return sorted(zip(users.tolist(), items.tolist(), strict=True))


def test_the_small_edition(tmp_path: Path) -> None:
    dataset = read(tmp_path / "ml-100k", SMALL)
    assert (dataset.name, dataset.item_noun) == ("ml-100k", ("film", "films"))
    assert dataset.users.tolist() == ["7", "196"]
    assert dataset.items.tolist() == ["1", "242", "267"]
    assert pairs(dataset) == [("196", "1"), ("196", "242"), ("7", "242")]
    assert dataset.pairs.time is not None
    assert sorted(dataset.pairs.time.tolist()) == [878887116, 881250949, 891717742]
    assert dataset.titles == ("Toy Story (1995)", "Céleste (1997)", "unknown")
    assert set(dataset.attributes) == {"age", "gender", "occupation"}
    assert dataset.attributes["gender"].groups == ("women", "men")
    assert dataset.attributes["gender"].codes.tolist() == [1, 0]
    assert dataset.attributes["occupation"].groups == ("other", "technician")


def test_genres_and_years_of_the_small_edition(tmp_path: Path) -> None:
    """Animation, Comedy and the year of release: 1995 and 1999 lie −1 and 1 from their mean, no year counts as it."""
    genre = read(tmp_path, SMALL).modalities["genre"]
    assert genre.present.tolist() == [True, True, False]
    spread = np.sqrt(1.0)
    expected = [[1, 1, -spread], [0, 1, spread]]
    np.testing.assert_allclose(genre.features[:2], expected, atol=1e-6)


def test_the_large_edition(tmp_path: Path) -> None:
    dataset = read(tmp_path, LARGE)
    assert dataset.users.tolist() == ["1", "2", "3"]
    assert dataset.items.tolist() == ["2", "10"]
    assert pairs(dataset) == [("1", "10"), ("1", "2"), ("2", "10")]
    assert dataset.titles == ("Jumanji (1995)", 'Star Wars: Épisode V: "Again" (1980)')
    assert dataset.attributes["age"].groups == ("under 18", "25 to 34", "56 and over")
    assert dataset.attributes["age"].codes.tolist() == [0, 2, 1]
    occupation = dataset.attributes["occupation"]
    assert [occupation.groups[code] for code in occupation.codes] == [
        "K-12 student", "self-employed", "other or not specified",
    ]  # fmt: skip
    genre = dataset.modalities["genre"]  # Action, Adventure, Children's, Fantasy, year: 15 years apart
    assert genre.features.tolist() == [[0, 1, 1, 1, 1], [1, 1, 0, 0, -1]]
    sentences = {note.code: note.sentence for note in dataset.notes}
    assert sentences["attribute.identifying"].startswith("zip_code is not offered")
    assert sentences["users.idle"] == "1 person has no interactions and can't be audited."


def test_copies_in_utf_8_read_the_same(tmp_path: Path) -> None:
    write(tmp_path, LARGE)
    (tmp_path / "movies.dat").write_text(LARGE["movies.dat"], encoding="utf-8")
    assert movielens.read(tmp_path).titles == read(tmp_path, LARGE).titles


@pytest.mark.parametrize("files", [SMALL, LARGE])
def test_windows_line_ends_read_the_same(tmp_path: Path, files: dict[str, str]) -> None:
    dataset = read(tmp_path, {name: text.replace("\n", "\r\n") for name, text in files.items()})
    assert dataset.titles == read(tmp_path, files).titles
    assert pairs(dataset) == pairs(read(tmp_path, files))


@pytest.mark.parametrize(("least", "left"), [(1, 3), (3, 2), (3.5, 1)])
def test_a_least_rating(tmp_path: Path, least: float, left: int) -> None:
    dataset = read(tmp_path, LARGE, min_rating=least)
    assert len(pairs(dataset)) == left
    sentences = [note.sentence for note in dataset.notes if note.code == "pairs.low_rating"]
    expected = {
        1: [],
        3: ["1 interaction rated below 3 was left out."],
        3.5: ["2 interactions rated below 3.5 were left out."],
    }
    assert sentences == expected[least]


def test_progress_ends_at_its_total(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    movielens.read(write(tmp_path, LARGE), progress=lambda done, total, **_: steps.append((done, total)))
    shares = [done / total for done, total in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_another_folder_is_not_taken(tmp_path: Path) -> None:
    assert not movielens.fits(tmp_path)


MEND = "Use the files as GroupLens ships them."
WRONG: dict[str, tuple[dict[str, str], dict[str, float], str, str]] = {
    "short and long ratings": (
        LARGE | {"ratings.dat": LARGE["ratings.dat"] + "1::3::4\n1::2::3::4::5\n"}, {}, "data.ragged",
        f"ratings.dat: rows have different lengths (row 5). {MEND}",
    ),
    "short ratings": (
        LARGE | {"ratings.dat": "1::2::3::4\n1::2\n1::2::3\n"}, {}, "data.ragged",
        f"ratings.dat: rows have different lengths (rows 2, 3). {MEND}",
    ),
    "long first ratings": (
        LARGE | {"ratings.dat": "1::2::3::4::5\n1::2::3::4\n"}, {}, "data.ragged",
        f"ratings.dat: rows have different lengths. {MEND}",
    ),
    "no text": (
        LARGE | {"ratings.dat": "\x00\x01\x02"}, {}, "data.ragged",
        f"ratings.dat: rows have different lengths (row 1). {MEND}",
    ),
    "single colons": (
        LARGE | {"ratings.dat": "1::2::3::4\n1:2:3:4\n"}, {}, "data.ragged",
        f"ratings.dat: rows have different lengths (row 2). {MEND}",
    ),
    "short small ratings": (
        SMALL | {"u.data": "1\t2\t3\t4\n1\t2\t3\n"}, {}, "data.ragged",
        f"u.data: rows have different lengths (row 2). {MEND}",
    ),
    "short people": (
        LARGE | {"users.dat": "1::F::1::10::48067\n\n2::M\n"}, {}, "data.ragged",
        f"users.dat: rows have different lengths (row 3). {MEND}",
    ),
    "a genre too many": (
        SMALL | {"u.genre": "unknown|0\n"}, {}, "data.ragged",
        f"u.item: rows have different lengths (rows 1, 2, 3). {MEND}",
    ),
    "a time in words": (
        LARGE | {"ratings.dat": "1::2::3::4\n2::2::3::noon\n"}, {}, "data.not_a_time",
        'ratings.dat, column "time": 1 value is no time, or not written as the others are (row 2). '
        "Write all alike: numbers, or dates like 2024-01-31.",
    ),
    "an empty id": (
        LARGE | {"ratings.dat": "::2::3::4\n2::2::3::4\n"}, {}, "data.empty_values",
        'ratings.dat, column "user_id": 1 empty value (row 1). Fill or remove them.',
    ),
    "a person twice": (
        LARGE | {"users.dat": "1::F::1::10::4\n1::F::1::10::4\n"}, {}, "data.duplicate_ids",
        'users.dat, column "user_id": 1 repeated id (row 2). Keep one row per id.',
    ),
    "a rating in words": (
        SMALL | {"u.data": "7\t242\tgood\t4\n"}, {"min_rating": 3}, "data.not_a_number",
        'u.data, column "rating": 1 value is not a number (row 1). Correct or remove them.',
    ),
    "no rating high enough": (
        SMALL, {"min_rating": 6}, "data.min_rating", "u.data: no rating is 6 or more. Choose a lower minimum.",
    ),
    "no ratings": (
        LARGE | {"ratings.dat": ""}, {}, "data.empty", f"ratings.dat: this file is empty. {MEND}",
    ),
    "no people": (LARGE | {"users.dat": "\n"}, {}, "data.empty", f"users.dat: this file is empty. {MEND}"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "options", "code", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said(
    tmp_path: Path, files: dict[str, str], options: dict[str, float], code: str, words: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, files, **options)
    assert (caught.value.code, str(caught.value)) == (code, words)


@pytest.mark.parametrize(
    ("files", "name"), [(SMALL, name) for name in list(SMALL)[1:]] + [(LARGE, "users.dat"), (LARGE, "movies.dat")]
)
def test_a_missing_file_is_said(tmp_path: Path, files: dict[str, str], name: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, {other: text for other, text in files.items() if other != name})
    words = f"{name}: this file is missing. Put it beside the others."
    assert (caught.value.code, str(caught.value)) == ("data.missing", words)


@pytest.mark.skipif(not ML_1M.exists(), reason="MovieLens-1M may not be passed on and is not here")
def test_the_whole_of_1m(tmp_path: Path) -> None:
    """The files of GroupLens, rebuilt from tables without ratings, times and zip codes."""
    ages = {"Under 18": "1", "18-24": "18", "25-34": "25", "35-44": "35", "45-49": "45", "50-55": "50", "56+": "56"}
    people = pd.read_csv(ML_1M / "users.csv", dtype=str)
    films = pd.read_csv(ML_1M / "items.csv", dtype=str)
    rows = zip(people.user_id, people.gender, people.age.map(ages), people.occupation, strict=True)
    (tmp_path / "users.dat").write_text("".join(f"{'::'.join(row)}::0\n" for row in rows))
    lines = ("::".join(row) for row in zip(films.item_id, films.title, films.genres, strict=True))
    (tmp_path / "movies.dat").write_text("\n".join(lines), encoding="latin-1")
    with gzip.open(ML_1M / "interactions.csv.gz", "rb") as source:
        next(source)
        ratings = source.read().replace(b"\r", b"").replace(b",", b"::").replace(b"\n", b"::5::978300760\n")
    (tmp_path / "ratings.dat").write_bytes(ratings)
    dataset = movielens.read(tmp_path)
    assert (dataset.n_users, dataset.n_items, len(dataset.pairs.user)) == (6040, 3706, 1000209)
    assert {name: len(item.groups) for name, item in dataset.attributes.items()} == {
        "gender": 2,
        "age": 7,
        "occupation": 21,
    }
    assert dataset.attributes["gender"].counts.tolist() == [1709, 4331]
    assert dataset.modalities["genre"].features.shape == (3706, 19)  # 18 genres and the year
