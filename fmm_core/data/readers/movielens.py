"""MovieLens 100K (`u.data`, `u.user`, `u.item`, `u.genre`) and 1M (`*.dat`) exactly as GroupLens ships them."""

import csv
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.construction import assemble
from fmm_core.data.damage import DAMAGE
from fmm_core.data.dataset import Dataset, Note, Pairs
from fmm_core.data.readers.descriptions import describe
from fmm_core.data.readers.frames import (
    FIRST_ROW,
    described_items,
    interaction_ids,
    locate_ids,
    name_rows,
    people,
    read_times,
    refuse,
)
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

FILM = ("film", "films")

RATING = ["user_id", "item_id", "rating", "time"]

OCCUPATIONS = (
    "other or not specified", "academic or educator", "artist", "clerical or admin", "college or grad student",
    "customer service", "doctor or health care", "executive or managerial", "farmer", "homemaker", "K-12 student",
    "lawyer", "programmer", "retired", "sales or marketing", "scientist", "self-employed", "technician or engineer",
    "tradesman or craftsman", "unemployed", "writer",
)  # fmt: skip
"""What the codes 0 to 20 of MovieLens 1M mean, from its README."""

UNKNOWN_GENRE = "unknown"

UNTOUCHED = "Use the files as GroupLens ships them."


@dataclass(frozen=True)
class _Files:
    """The three files of one edition, and what stands between their columns."""

    ratings: str
    people: str
    films: str
    separator: str


SMALL = _Files("u.data", "u.user", "u.item", "|")
LARGE = _Files("ratings.dat", "users.dat", "movies.dat", "::")


def fits(folder: Path) -> bool:
    """Whether the folder holds the ratings of either edition."""
    return any((folder / files.ratings).exists() for files in (SMALL, LARGE))


def read(folder: Path, progress: Progress = silent, min_rating: float | None = None) -> Dataset:
    """Read either edition; zip codes are not offered as an attribute.

    Parameters
    ----------
    min_rating : interactions rated lower are left out; None: any rating counts as an interaction

    Raises
    ------
    DataError
        A file is missing, or its content cannot be used.
    """
    small = (folder / SMALL.ratings).exists()
    files = SMALL if small else LARGE
    ratings_path, people_path, films_path = (folder / name for name in (files.ratings, files.people, files.films))
    ratings = _read_small_ratings(ratings_path) if small else _read_large_ratings(ratings_path)
    ratings, notes = rated_at_least(ratings, ratings_path, min_rating)
    user, item = interaction_ids(ratings, ratings_path)
    times = read_times(ratings, ratings_path, "time")
    progress(1, 3)
    users, attributes, more = people(_people(people_path, small), people_path, user, ratings_path)
    films = _small_films(films_path) if small else _large_films(films_path)
    items, rows = described_items(films, films_path, item, ratings_path)
    progress(2, 3)
    told = describe(rows, separator="|")
    progress(3, 3)
    pairs = Pairs(locate_ids(user, users), locate_ids(item, items), times)
    notes = (*notes, *more, *told.notes)
    name = folder.resolve().name
    return assemble(Dataset(name, users, items, pairs, told.modalities, attributes, told.titles, notes, FILM))


def rated_at_least(ratings: pd.DataFrame, path: Path, least: float | None) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Leave out interactions rated lower than `least`, and count them.

    Raises
    ------
    DataError
        A rating is not a number, or all are lower.
    """
    if least is None:
        return ratings, ()
    values = pd.to_numeric(ratings["rating"], errors="coerce").astype(float)
    what = ("value is not a number", "values are not numbers")
    refuse(~np.isfinite(values), path, "rating", what, "Correct or remove them.", "data.not_a_number")
    low = int((values < least).sum())
    if low == len(ratings):
        what_is = f"no rating is {least:g} or more"
        raise DataError(what_is, path.name, "Choose a lower minimum.", code="data.min_rating")
    if low == 0:
        return ratings, ()
    verb = "interaction rated below {:g} was" if low == 1 else "interactions rated below {:g} were"
    note = Note("pairs.low_rating", low, f"{low:,} {verb.format(least)} left out.")
    return ratings[values >= least], (note,)


def _read_small_ratings(path: Path) -> pd.DataFrame:
    return _counted(_parsed(path, "\t", RATING), path)


def _read_large_ratings(path: Path) -> pd.DataFrame:
    """Parted by "::", which pandas knows only in slow Python: parted by ":", every other column is empty."""
    raw = _parsed(path, ":", range(2 * len(RATING) - 1))
    filled = pd.concat([raw[column] != "" for column in raw.columns[1::2]], axis=1).any(axis=1)
    _refuse_lengths(path, filled.to_numpy().nonzero()[0])
    return _counted(raw[raw.columns[::2]].set_axis(RATING, axis=1), path)


def _parsed(path: Path, separator: str, names: Sequence[object]) -> pd.DataFrame:
    """All rows as text; a row that is too short ends in empty cells."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas would drop what is too long
            return pd.read_csv(
                path, sep=separator, header=None, names=list(names), dtype=str, na_filter=False, quoting=csv.QUOTE_NONE,
                encoding="latin-1", index_col=False,
            )  # fmt: skip
    except FileNotFoundError:
        raise _missing(path) from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        row = re.search(r"line (\d+)", str(error))
        raise _ragged(path, f" (row {row[1]})" if row else "") from error
    except DAMAGE as error:
        what = "this file can't be read as rows of ratings"
        raise DataError(what, path.name, UNTOUCHED, code="data.unreadable") from error


def _counted(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Rows that are numbered as `frames.name_rows` expects, and none of them too short."""
    if frame.empty:
        raise _empty(path)
    _refuse_lengths(path, (frame[RATING[-1]] == "").to_numpy().nonzero()[0])
    return frame.set_axis(_places(len(frame)))


def _places(count: int) -> pd.RangeIndex:
    """There is no header here: the first record is row 1."""
    return pd.RangeIndex(1 - FIRST_ROW, count + 1 - FIRST_ROW)


def _refuse_lengths(path: Path, uneven: np.ndarray) -> None:
    if len(uneven):
        raise _ragged(path, f" ({name_rows(pd.Index(uneven + 1 - FIRST_ROW))})")


def _ragged(path: Path, rows: str) -> DataError:
    return DataError(f"rows have different lengths{rows}", path.name, UNTOUCHED, code="data.ragged")


def _empty(path: Path) -> DataError:
    return DataError("this file is empty", path.name, UNTOUCHED, code="data.empty")


def _missing(path: Path) -> DataError:
    return DataError("this file is missing", path.name, "Put it beside the others.", code="data.missing")


def _people(path: Path, small: bool) -> pd.DataFrame:
    if small:
        return _records(path, SMALL.separator, ["user_id", "age", "gender", "occupation", "zip_code"])
    frame = _records(path, LARGE.separator, ["user_id", "gender", "age", "occupation", "zip_code"])
    words = {str(code): word for code, word in enumerate(OCCUPATIONS)}
    return frame.assign(occupation=frame["occupation"].replace(words))


def _large_films(path: Path) -> pd.DataFrame:
    return _records(path, LARGE.separator, ["item_id", "title", "genres"])


def _small_films(path: Path) -> pd.DataFrame:
    """Genres are columns of 0 and 1; a second file names them."""
    genres = list(_records(path.with_name("u.genre"), SMALL.separator, ["genre", "code"])["genre"])
    frame = _records(path, SMALL.separator, ["item_id", "title", "released", "video", "link", *genres])
    told = [name for name in genres if name != UNKNOWN_GENRE]
    flags = frame[told].to_numpy() == "1"  # (films, genres)
    bags = ["|".join(name for name, has in zip(told, row, strict=True) if has) for row in flags]
    years = frame["released"].str.extract(r"(\d{4})$", expand=False).fillna("")
    return frame[["item_id", "title"]].assign(genres=bags, year=years)


def _records(path: Path, separator: str, names: list[str]) -> pd.DataFrame:
    """A small file of people or films, every row of one length; empty lines are left out."""
    try:
        lines = _text(path.read_bytes()).split("\n")
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as error:
        raise DataError("this file can't be read", path.name, UNTOUCHED, code="data.unreadable") from error
    cells = {place: line.rstrip("\r").split(separator) for place, line in enumerate(lines) if line.strip()}
    uneven = [place for place, row in cells.items() if len(row) != len(names)]
    _refuse_lengths(path, np.array(uneven, int))
    if not cells:
        raise _empty(path)
    index = pd.Index(list(cells)) + 1 - FIRST_ROW
    return pd.DataFrame(list(cells.values()), index=index, columns=names, dtype=str)


def _text(content: bytes) -> str:
    """GroupLens writes Latin-1; copies that were saved as UTF-8 are told by it, for no accent of Latin-1 reads so."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
