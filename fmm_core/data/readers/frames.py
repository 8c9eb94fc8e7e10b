"""Steps every reader shares: read a file whole, find columns, name rows as a spreadsheet does."""

import re
import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.attributes import type_attribute
from fmm_core.data.dataset import Attribute, Note
from fmm_core.errors import DataError

FIRST_ROW = 2
"""Row number of the first record: a spreadsheet counts from 1 and the header is row 1."""

NAMED_ROWS = 3
"""At most so many rows are named in a message."""

FILL = "Fill or remove them."


def read_frame(path: Path, separator: str = ",", name_of: Callable[[str], str] = str.strip) -> pd.DataFrame:
    """A table of strings, nothing guessed: "007" stays "007", an empty cell is "".

    Empty lines are dropped; the index keeps counting them, so that it gives the row a spreadsheet shows.

    Parameters
    ----------
    name_of : what a column is called, from what its header says

    Raises
    ------
    DataError
        The file is missing, empty, not text, its rows are longer than its header, or two columns have one name.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas would drop what stands past the header
            frame = pd.read_csv(
                path, sep=separator, dtype=str, na_filter=False, encoding="utf-8-sig", index_col=False,
                skip_blank_lines=False,
            )  # fmt: skip
    except FileNotFoundError:
        raise DataError("this file is missing", path.name, "Put it beside the others.", code="data.missing") from None
    except pd.errors.EmptyDataError:
        raise DataError("this file is empty", path.name, "Export it again.", code="data.empty") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise _ragged(path, separator, error) from error
    except (UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
        what = "this file can't be read as text in UTF-8"
        raise DataError(what, path.name, "Export it again in that form.", code="data.unreadable") from error
    frame.columns = pd.Index([name_of(str(name)) for name in frame.columns])
    _refuse_twins([name_of(name) for name in _header(path, separator)], path)
    return frame[frame.ne("").any(axis=1)]


def _header(path: Path, separator: str) -> list[str]:
    """The names as the file has them: pandas calls the second of two equal ones "name.1"."""
    first = pd.read_csv(
        path, sep=separator, dtype=str, na_filter=False, encoding="utf-8-sig", header=None, nrows=1, index_col=False,
        skip_blank_lines=False,
    )  # fmt: skip
    return [str(name) for name in first.iloc[0]]


def _refuse_twins(names: Sequence[str], path: Path) -> None:
    twice = [name for place, name in enumerate(names) if name and name in names[:place]]
    if twice:
        what = f'the column "{twice[0]}" is there twice'
        raise DataError(what, path.name, "Keep one of them.", code="data.duplicate_column")


def _ragged(path: Path, separator: str, error: Exception) -> DataError:
    row = re.search(r"line (\d+)", str(error))
    which = f"row {row[1]} has" if row else "rows have"
    cell = "tab" if separator == "\t" else "comma"
    mend = f"Put text that holds a {cell} in double quotes, and close every quote."
    return DataError(f"{which} other columns than the header", path.name, mend, code="data.ragged")


def need_columns(frame: pd.DataFrame, path: Path, names: Sequence[str]) -> None:
    """Every one of `names` is a column, and there is at least one row.

    Raises
    ------
    DataError
        Says which column is missing and which ones there are.
    """
    for name in names:
        if name not in frame:
            raise DataError(f'there is no column "{name}"', path.name, _mend_columns(frame), code="data.no_column")
    if frame.empty:
        raise DataError("there is a header but no row", path.name, "Export it again.", code="data.no_rows")


def _mend_columns(frame: pd.DataFrame) -> str:
    found = [str(name) for name in frame.columns]
    if len(found) == 1 and re.search(r"[;\t|]", found[0]):
        return f'Its header is "{found[0]}": save it with commas between the columns.'
    return f"Its columns are: {', '.join(found[:8])}. Rename the right one."


def refuse(bad: pd.Series, path: Path, column: str, what: tuple[str, str], mend: str, code: str) -> None:
    """Raise a DataError that counts the bad rows and names the first three.

    Parameters
    ----------
    bad : bool per row, with the index of `read_frame`
    what : what is wrong with one of them and with several: ("empty value", "empty values")

    Raises
    ------
    DataError
        If any entry of `bad` is true.
    """
    rows = bad.index[bad]
    if len(rows) == 0:
        return
    what_and_where = f"{len(rows):,} {what[len(rows) > 1]} ({name_rows(rows)})"
    raise DataError(what_and_where, f'{path.name}, column "{column}"', mend, code=code)


def name_rows(rows: pd.Index) -> str:
    """The first three rows in a spreadsheet's counting: "rows 12, 40, 41, …"."""
    named = ", ".join(str(row + FIRST_ROW) for row in rows[:NAMED_ROWS])
    more = ", …" if len(rows) > NAMED_ROWS else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {named}{more}"


def unique_ids(frame: pd.DataFrame, path: Path, column: str) -> pd.Series:
    """The ids of a users or items file: filled, and each there once.

    Raises
    ------
    DataError
        An id is empty or there twice.
    """
    need_columns(frame, path, (column,))
    ids = frame[column].str.strip()
    refuse(ids == "", path, column, ("empty value", "empty values"), FILL, "data.empty_values")
    repeated = ids.duplicated()
    refuse(repeated, path, column, ("repeated id", "repeated ids"), "Keep one row per id.", "data.duplicate_ids")
    return ids


def interaction_ids(frame: pd.DataFrame, path: Path) -> tuple[pd.Series, pd.Series]:
    """The user and the item of every interaction.

    Raises
    ------
    DataError
        A column is missing or has empty cells.
    """
    need_columns(frame, path, ("user_id", "item_id"))
    user, item = frame["user_id"].str.strip(), frame["item_id"].str.strip()
    for column, ids in (("user_id", user), ("item_id", item)):
        refuse(ids == "", path, column, ("empty value", "empty values"), FILL, "data.empty_values")
    return user, item


def locate_ids(ids: pd.Series, known: np.ndarray) -> np.ndarray:
    """Position of each id among `known`, −1 where it is not."""
    return pd.Index(known).get_indexer(pd.Index(ids))


def read_times(frame: pd.DataFrame, path: Path, column: str) -> np.ndarray | None:
    """Times as numbers, None where the file has none.

    Raises
    ------
    DataError
        A time is not a number.
    """
    if column not in frame:
        return None
    times = pd.to_numeric(frame[column], errors="coerce").astype(float)
    what = ("value is not a number", "values are not numbers")
    refuse(~np.isfinite(times), path, column, what, "Correct or remove them.", "data.not_a_number")
    return times.to_numpy()


def people(
    frame: pd.DataFrame, path: Path, seen: pd.Series, seen_path: Path
) -> tuple[np.ndarray, dict[str, Attribute], list[Note]]:
    """Users (those of the users file first, then those only seen interacting), and their attributes.

    Raises
    ------
    DataError
        Ids are empty or repeated, or none that interacts is in the users file.
    """
    ids = unique_ids(frame, path, "user_id")
    users, strangers = _joined(ids, path, seen, seen_path)
    notes = []
    if strangers:
        what = "person is" if strangers == 1 else "people are"
        sentence = f"{strangers:,} {what} in {seen_path.name} and not in {path.name}: they count as undisclosed."
        notes.append(Note("users.undescribed", strangers, sentence))
    attributes = {}
    for column in frame.columns[frame.columns != "user_id"]:
        attribute, note = type_attribute(str(column), frame[column].tolist() + [""] * strangers)
        if attribute is not None:
            attributes[str(column)] = attribute
        notes += [] if note is None else [note]
    return users, attributes, notes


def described_items(
    frame: pd.DataFrame | None, path: Path, seen: pd.Series, seen_path: Path
) -> tuple[np.ndarray, pd.DataFrame]:
    """Items (those of the items file first), and the file's rows in that order, "" where it has none.

    Raises
    ------
    DataError
        Ids are empty or repeated, or none that was interacted with is in the items file.
    """
    if frame is None:
        return np.unique(seen.to_numpy(str)), pd.DataFrame()
    ids = unique_ids(frame, path, "item_id")
    items, _ = _joined(ids, path, seen, seen_path)
    return items, frame.set_index(ids).reindex(items, fill_value="")


def _joined(ids: pd.Series, path: Path, seen: pd.Series, seen_path: Path) -> tuple[np.ndarray, int]:
    """All ids, the described first, and how many of them are not described."""
    column, once = str(ids.name), seen.drop_duplicates()
    strange = once[~once.isin(ids)]
    if len(strange) == len(once):
        first = ", ".join(f'"{name}"' for name in once.iloc[:NAMED_ROWS])
        what = f'none of its {len(once):,} values of "{column}" is in {path.name} ({first})'
        raise DataError(what, seen_path.name, "Write them the same way in both files.", code="data.unknown_ids")
    return np.concatenate([ids.to_numpy(str), np.sort(strange.to_numpy(str))]), len(strange)
