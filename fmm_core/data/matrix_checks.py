"""What every reader of a matrix makes and refuses, whatever kind of file it comes from."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.data.readers.desk import EMPTY, REPEATED, refuse
from fmm_core.data.readers.rows import FIRST_ROW, name_rows
from fmm_core.data.sources import MOST_BYTES
from fmm_core.errors import DataError
from fmm_core.types import Floats

MOST_COLUMNS = 20_000

NUMERIC = "biuf"
"""Kinds of numpy types that are numbers."""

_ID = re.compile(r"(^|[^a-z])ids?([^a-z]|$)|ids?$|^(user|item|movie|film|person)s?$", re.IGNORECASE)
"""A name that says "id": user_id, ids, userID, user; not width, video_1 or hidden_0."""


@dataclass(frozen=True)
class Matrix:
    """Numbers, float32, rows × d, perhaps NaN or infinite; `ids` are the rows' names, None where the file has none."""

    ids: NDArray[np.str_] | None
    values: Floats


def says_id(name: str) -> bool:
    """Whether a column or array of this name holds ids."""
    return _ID.search(name) is not None


def check_size(path: Path, rows: int, columns: int) -> None:
    """Refuse what is empty or too large, before it is read.

    Raises
    ------
    DataError
        There is no row or no column, or there are more than 20,000 columns or 2 GiB as float32.
    """
    if rows == 0:
        raise DataError("there is no row", path.name, "Export it again.", code="data.no_rows")
    if columns == 0:
        mend = "One row of numbers per id is needed."
        raise DataError("there are no numbers in it", path.name, mend, code="data.shape")
    if columns > MOST_COLUMNS:
        what = f"it has {columns:,} columns, and {MOST_COLUMNS:,} is the most"
        raise DataError(what, path.name, "Reduce them first, for example by an SVD.", code="data.too_wide")
    if rows * columns * np.dtype(np.float32).itemsize > MOST_BYTES:
        raise too_large(path)


def too_large(path: Path) -> DataError:
    """The error for more numbers than are read."""
    what = f"it holds more than {MOST_BYTES // 1024**3} GiB"
    return DataError(what, path.name, "Take fewer rows or columns.", code="data.too_large")


def check_lengths(path: Path, uneven: pd.Index) -> None:
    """Refuse rows of another length than the others; they are counted from 0.

    Raises
    ------
    DataError
        There is one.
    """
    if len(uneven):
        what = f"rows have different lengths ({name_rows([int(place) + FIRST_ROW for place in uneven])})"
        raise DataError(what, path.name, "Give every row the same columns.", code="data.ragged")


def check_ids(ids: pd.Series, path: Path, column: str) -> None:
    """Refuse empty and repeated ids; the index counts records from 0.

    Raises
    ------
    DataError
        There is one.
    """
    refuse(ids == "", path.name, column, EMPTY)
    refuse(ids.duplicated(), path.name, column, REPEATED)


def floats(values: NDArray[Any]) -> Floats:
    """As float32; what is too large for it becomes infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(np.float32)
