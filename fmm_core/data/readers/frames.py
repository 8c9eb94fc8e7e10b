"""Steps every reader shares: read a file whole, find columns, name rows as a spreadsheet does."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.attributes import type_attribute
from fmm_core.data.dataset import Attribute, Modality, Note
from fmm_core.errors import DataError

FIRST_ROW = 2
"""Row number of the first record: a spreadsheet counts from 1 and the header is row 1."""


def read_frame(path: Path, separator: str = ",") -> pd.DataFrame:
    """A table of strings, nothing guessed: "007" stays "007", an empty cell is "".

    Raises
    ------
    DataError
        The file is missing, empty, not text, or its rows are ragged.
    """
    try:
        return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError("this file is missing", path.name, "Put it beside the others.", code="data.missing") from None
    except pd.errors.EmptyDataError:
        raise DataError("this file is empty", path.name, "Export it again.", code="data.empty") from None
    except (UnicodeDecodeError, pd.errors.ParserError, OSError) as error:
        what = f"this file can't be read as text in UTF-8 with columns parted by {separator!r}"
        raise DataError(what, path.name, "Save it in that form.", code="data.unreadable") from error


def need_columns(frame: pd.DataFrame, path: Path, names: Sequence[str]) -> None:
    """Every one of `names` is a column, and there is at least one row.

    Raises
    ------
    DataError
        Says which column is missing and which ones there are.
    """
    for name in names:
        if name not in frame:
            found = ", ".join(map(str, list(frame.columns)[:8]))
            mend = f"Its columns are: {found}. Rename the right one."
            raise DataError(f'there is no column "{name}"', path.name, mend, code="data.no_column")
    if frame.empty:
        raise DataError("there is a header but no row", path.name, "Export it again.", code="data.no_rows")


def refuse(bad: np.ndarray, path: Path, column: str, what: str, mend: str, code: str) -> None:
    """Raise a DataError that counts the bad rows and names the first three.

    Raises
    ------
    DataError
        If any entry of `bad` is true.
    """
    rows = np.flatnonzero(bad)
    if len(rows) == 0:
        return
    named = ", ".join(str(row + FIRST_ROW) for row in rows[:3])
    more = ", …" if len(rows) > 3 else ""
    noun = "row" if len(rows) == 1 else "rows"
    raise DataError(f"{len(rows)} {what} ({noun} {named}{more})", f'{path.name}, column "{column}"', mend, code=code)


def unique_ids(frame: pd.DataFrame, path: Path, column: str) -> pd.Series:
    """The ids of a users or items file: filled, and each there once.

    Raises
    ------
    DataError
        An id is empty or there twice.
    """
    ids = frame[column].str.strip()
    refuse((ids == "").to_numpy(), path, column, "empty values", "Fill or remove them.", "data.empty_values")
    repeated = ids.duplicated().to_numpy()
    refuse(repeated, path, column, "repeated ids", "Keep one row per id.", "data.duplicate_ids")
    return ids


def locate_ids(ids: pd.Series, known: np.ndarray) -> np.ndarray:
    """Position of each id among `known`, −1 where it is not."""
    return pd.Index(known).get_indexer(pd.Index(ids))


def interaction_ids(frame: pd.DataFrame, path: Path) -> None:
    """Both id columns are there and filled.

    Raises
    ------
    DataError
        A column is missing or has empty cells.
    """
    need_columns(frame, path, ("user_id", "item_id"))
    for column in ("user_id", "item_id"):
        empty = (frame[column] == "").to_numpy()
        refuse(empty, path, column, "empty values", "Fill or remove them.", "data.empty_values")


def read_times(frame: pd.DataFrame, path: Path, column: str) -> np.ndarray | None:
    """Times as numbers, None where the file has none.

    Raises
    ------
    DataError
        A time is not a number.
    """
    if column not in frame:
        return None
    times = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
    refuse(np.isnan(times), path, column, "values are not numbers", "Correct or remove them.", "data.not_a_number")
    return times


def people(
    frame: pd.DataFrame, path: Path, seen: pd.Series, skip: Sequence[str] = ()
) -> tuple[np.ndarray, dict[str, Attribute], list[Note]]:
    """Users (those of the users file first, then those only seen interacting), and their attributes.

    Parameters
    ----------
    skip : columns that identify a person instead of describing them
    """
    need_columns(frame, path, ("user_id",))
    ids = unique_ids(frame, path, "user_id").to_numpy(str)
    users = np.concatenate([ids, np.setdiff1d(seen.to_numpy(str), ids)])
    attributes, notes = {}, []
    for column in frame.columns.difference(("user_id", *skip), sort=False):
        values = pd.Series(frame[column].to_numpy(), index=ids).reindex(users, fill_value="")
        attribute, note = type_attribute(str(column), values.tolist())
        if attribute is not None:
            attributes[str(column)] = attribute
        notes += [] if note is None else [note]
    return users, attributes, notes


def described_items(frame: pd.DataFrame | None, path: Path, seen: pd.Series) -> tuple[np.ndarray, pd.DataFrame]:
    """Items (those of the items file first), and the file's rows in that order, "" where it has none."""
    if frame is None:
        return np.unique(seen.to_numpy(str)), pd.DataFrame()
    need_columns(frame, path, ("item_id",))
    ids = unique_ids(frame, path, "item_id").to_numpy(str)
    items = np.concatenate([ids, np.setdiff1d(seen.to_numpy(str), ids)])
    return items, frame.set_index(ids).reindex(items, fill_value="")


def repeats_note(repeats: int) -> list[Note]:
    """A note if interactions were merged."""
    return [Note("pairs.repeated", repeats, f"{repeats:,} repeated interactions were merged.")] if repeats else []


def absence_note(name: str, modality: Modality, what: str) -> list[Note]:
    """A note if some items have none of a modality."""
    absent, total = int((~modality.present).sum()), len(modality.present)
    if not absent:
        return []
    sentence = f"{absent:,} of {total:,} items have no {what}; for {name} they get the average."
    return [Note(f"modality.{name}.imputed", absent, sentence)]
