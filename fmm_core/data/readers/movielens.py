"""MovieLens 100K (`u.data`, `u.user`, `u.item`, `u.genre`) and 1M (`*.dat`) exactly as GroupLens ships them."""

import csv
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.construction import assemble
from fmm_core.data.damage import DAMAGE
from fmm_core.data.dataset import Dataset
from fmm_core.data.plan import AS_GUESSED, Plan, Role
from fmm_core.data.readers.gathering import Layout, gather, lay_out
from fmm_core.data.readers.rows import FIRST_ROW, name_rows
from fmm_core.data.readers.tablefiles import FrameTable, TableFile
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

TITLE = "MovieLens"
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


def look(folder: Path, plan: Plan) -> Layout:
    """The three tables of either edition.

    Raises
    ------
    DataError
        A file is missing, or its rows are not those GroupLens ships.
    """
    small = (folder / SMALL.ratings).exists()
    files = SMALL if small else LARGE
    ratings, people, films = (folder / name for name in (files.ratings, files.people, files.films))
    frames: dict[Role, tuple[Path, pd.DataFrame]] = {
        "interactions": (ratings, _read_small_ratings(ratings) if small else _read_large_ratings(ratings)),
        "users": (people, _people(people, small)),
        "items": (films, _small_films(films) if small else _large_films(films)),
    }
    found: dict[Role, TableFile] = {role: FrameTable(frame, path.name) for role, (path, frame) in frames.items()}
    return lay_out(list(found.values()), found, plan)


def read(
    folder: Path, plan: Plan = AS_GUESSED, progress: Progress = silent, *, most_rows: int | None = None
) -> Dataset:
    """Read either edition; any rating counts as an interaction unless `plan` sets a limit; no zip codes are offered.

    Raises
    ------
    DataError
        A file is missing, or its content cannot be used.
    """
    layout = look(folder, plan)
    draft = gather(layout, folder.resolve().name, plan, progress, most_rows=most_rows, separator="|")
    return assemble(replace(draft, item_noun=FILM))


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
        raise _ragged(path, f" ({name_rows((uneven + 1).tolist())})")


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
