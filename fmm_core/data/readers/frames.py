"""Steps every reader shares: people with their attributes, items with their descriptions, ids looked up."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.attributes import cut, missing, type_attribute
from fmm_core.data.dataset import Attribute, Note
from fmm_core.data.readers.desk import EMPTY, NOT_A_NUMBER, REPEATED, Desk
from fmm_core.data.readers.rows import NAMED_ROWS
from fmm_core.data.readers.tablefiles import TextTable
from fmm_core.errors import DataError

Bands = Mapping[str, Sequence[float]]
"""Columns to audit, with the edges of their bands; no edges: as guessed."""


def read_frame(path: Path, separator: str | None = None, name_of: Callable[[str], str] = str.strip) -> pd.DataFrame:
    """A text file as a table of strings; see `TextTable`."""
    return TextTable(path, separator, name_of).frame()


def need_columns(frame: pd.DataFrame, file: str, names: Sequence[str]) -> None:
    """Every one of `names` is a column, and there is at least one row.

    Raises
    ------
    DataError
        Says which column is missing and which ones there are.
    """
    for name in names:
        if name not in frame:
            raise no_column(name, [str(column) for column in frame.columns], file)
    if frame.empty:
        raise DataError("there is a header but no row", file, "Export it again.", code="data.no_rows")


def no_column(name: str, columns: Sequence[str], file: str) -> DataError:
    """The error for a column that is not there."""
    if columns and all(_is_number(column) for column in columns):
        what, mend = "its first row holds numbers instead of names", f"Add a first row with names, {name} among them."
        return DataError(what, file, mend, code="data.no_header")
    mend = f"Its columns are: {', '.join(columns[:8]) or 'none'}. Rename the right one."
    return DataError(f'there is no column "{name}"', file, mend, code="data.no_column")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def unique_ids(frame: pd.DataFrame, file: str, column: str, desk: Desk) -> pd.Series:
    """The ids of a table that has one row each, empty and repeated ones told at `desk` and left out."""
    need_columns(frame, file, (column,))
    ids = frame[column].str.strip()
    empty = ids == ""
    desk.rows(empty, file, column, EMPTY)
    repeated = ids.duplicated() & ~empty
    desk.rows(repeated, file, column, REPEATED)
    return ids[~empty & ~repeated]


def locate_ids(ids: pd.Series | np.ndarray, known: np.ndarray) -> np.ndarray:
    """Position of each id among `known`, −1 where it is not."""
    return pd.Index(known).get_indexer(pd.Index(ids))


def people(
    frame: pd.DataFrame,
    file: str,
    column: str,
    seen: np.ndarray,
    seen_file: str,
    desk: Desk,
    bands: Bands | None = None,
) -> tuple[np.ndarray, dict[str, Attribute], list[Note]]:
    """Users (those of the users file first, then those only seen interacting), and their attributes.

    Parameters
    ----------
    column : with the ids; every other one is an attribute, or those that `bands` names
    seen : ids that interact, each once; `seen_file` is where

    Raises
    ------
    DataError
        A column is missing, or nobody who interacts is in the users file.
    """
    ids = unique_ids(frame, file, column, desk)
    users, strangers = _joined(ids, file, seen, seen_file)
    notes = []
    if strangers:
        what = "person is" if strangers == 1 else "people are"
        sentence = f"{strangers:,} {what} in {seen_file} and not in {file}: they count as undisclosed."
        notes.append(Note("users.undescribed", strangers, sentence))
    described = frame.loc[ids.index]
    wanted = bands or {}
    if bands is None:
        wanted = {str(name): () for name in frame.columns if name != column}
    need_columns(frame, file, list(wanted))
    attributes = {}
    for name, edges in wanted.items():
        values = [*described[name], *[""] * strangers]
        if edges:
            attributes[name] = _banded(described[name], file, edges, strangers, desk)
            continue
        attribute, note = type_attribute(name, values)
        if attribute is not None:
            attributes[name] = attribute
        notes += [] if note is None else [note]
    return users, attributes, notes


def _banded(values: pd.Series, file: str, edges: Sequence[float], strangers: int, desk: Desk) -> Attribute:
    """Numbers cut at edges a person chose; who did not say stays undisclosed."""
    unsaid = missing(values)
    numbers = pd.to_numeric(values.where(~unsaid, ""), errors="coerce").to_numpy(float, na_value=np.nan)
    numbers[~np.isfinite(numbers)] = np.nan
    desk.rows(pd.Series(np.isnan(numbers) & ~unsaid.to_numpy(bool), index=values.index), file, str(values.name),
              NOT_A_NUMBER)  # fmt: skip
    return cut(np.concatenate([numbers, np.full(strangers, np.nan)]), edges)


def described_items(
    frame: pd.DataFrame | None, file: str, seen: np.ndarray, seen_file: str, desk: Desk
) -> tuple[np.ndarray, pd.DataFrame]:
    """Items (those of the items file first), and the file's rows in that order, "" where it has none.

    Parameters
    ----------
    frame : with a column `item_id`; None if there is no items file
    seen : ids that were interacted with, each once

    Raises
    ------
    DataError
        The column is missing, or no item that was interacted with is in the items file.
    """
    if frame is None:
        return np.sort(seen), pd.DataFrame()
    ids = unique_ids(frame, file, "item_id", desk)
    items, _ = _joined(ids, file, seen, seen_file)
    return items, frame.loc[ids.index].set_index(ids).reindex(items, fill_value="")


def _joined(ids: pd.Series, file: str, seen: np.ndarray, seen_file: str) -> tuple[np.ndarray, int]:
    """All ids, the described first, and how many of them are not described."""
    strange = seen[~np.isin(seen, ids.to_numpy(str))]
    if len(strange) == len(seen):
        first = ", ".join(f'"{name}"' for name in seen[:NAMED_ROWS])
        what = f'none of its {len(seen):,} values of "{ids.name}" is in {file} ({first})'
        raise DataError(what, seen_file, "Write them the same way in both files.", code="data.unknown_ids")
    return np.concatenate([ids.to_numpy(str), np.sort(strange)]), len(strange)
