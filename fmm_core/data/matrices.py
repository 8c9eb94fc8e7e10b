"""Rows of numbers from a file, with an id per row where it has them: npz, npy, csv, tsv, parquet; never a pickle."""

import csv
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.data.damage import DAMAGE
from fmm_core.data.matrix_checks import NUMERIC, Matrix, check_ids, check_size, floats, says_id, too_large
from fmm_core.data.matrix_parquet import read_parquet
from fmm_core.data.matrix_text import read_text
from fmm_core.data.sources import MOST_BYTES
from fmm_core.errors import DataError
from fmm_core.types import Floats

SAVE = "Save it again as plain numbers."

OBJECTS = ("Object arrays", "Python objects")
"""How numpy calls what would need unpickling."""


def read_matrix(path: Path) -> Matrix:
    """Read a matrix of numbers: by the ending of its name .npz, .npy, .csv, .tsv (also with .gz) or .parquet.

    An npz holds one table of numbers, and perhaps one list whose name says "id"; a npy has no ids. In csv and tsv the
    first column is the ids if its name says so or if it is text. A parquet has a column of ids, and numbers in
    columns or as one column of lists.

    Returns
    -------
    Matrix
        NaN and infinite values stay where they are; an empty cell is NaN.

    Raises
    ------
    DataError
        It is no such file or would need unpickling; rows have different lengths; a value is text; an id is empty or
        there twice; there is no row or no number; there are more than 20,000 columns or 2 GiB.
    """
    read = next((READERS[ending] for ending in READERS if path.name.lower().endswith(ending)), None)
    if read is None:
        mend = f"Save it as one of: {', '.join(READERS)}."
        raise DataError("numbers can't be read from this kind of file", path.name, mend, code="data.kind")
    try:
        return read(path)
    except FileNotFoundError:
        raise DataError("this file is missing", path.name, "Check the path.", code="data.missing") from None
    except (*DAMAGE, MemoryError, csv.Error) as error:
        raise _unreadable(path, error) from error


def matrix_name(path: Path) -> str:
    """The name of a file of numbers without its ending: audio for audio.csv.gz."""
    return path.name.removesuffix(".gz").rpartition(".")[0]


def _unreadable(path: Path, error: BaseException) -> DataError:
    if any(words in str(error) for words in OBJECTS):
        what = "it holds Python objects, which could run code and are never opened"
        return DataError(what, path.name, SAVE, code="data.pickled")
    return DataError("this file is damaged, or not what its name says", path.name, SAVE, code="data.unreadable")


def _read_npy(path: Path) -> Matrix:
    return Matrix(None, _table(path, np.lib.format.open_memmap(path, mode="r")))


def _read_npz(path: Path) -> Matrix:
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
            raise too_large(path)
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: array for name in stored.files if isinstance(array := stored[name], np.ndarray)}
    tables = {name: array for name, array in arrays.items() if array.ndim == 2 and array.dtype.kind in NUMERIC}
    lists = {name: array for name, array in arrays.items() if array.ndim == 1 and says_id(name)}
    if not tables:
        found = ", ".join(f"{name} {array.shape}" for name, array in list(arrays.items())[:8]) or "none"
        mend = f"Its arrays are: {found}. One row of numbers per id is needed."
        raise DataError("there is no table of numbers in it", path.name, mend, code="data.no_array")
    values = _table(path, _only(path, tables, "tables of numbers"))
    return Matrix(_ids(path, _only(path, lists, "lists of ids"), len(values)) if lists else None, values)


def _only(path: Path, arrays: Mapping[str, NDArray[Any]], what: str) -> NDArray[Any]:
    if len(arrays) > 1:
        mend = "Keep the one that is meant, with its ids."
        raise DataError(f"it holds several {what}: {', '.join(arrays)}", path.name, mend, code="data.ambiguous")
    return next(iter(arrays.values()))


def _table(path: Path, array: NDArray[Any]) -> Floats:
    if array.ndim != 2 or array.dtype.kind not in NUMERIC:
        what = f"it holds {array.dtype.name} of the shape {array.shape}"
        raise DataError(what, path.name, "Rows and columns of numbers are needed.", code="data.shape")
    check_size(path, *array.shape)
    return floats(array)


def _ids(path: Path, array: NDArray[Any], rows: int) -> NDArray[np.str_]:
    if len(array) != rows:
        what = f"it has {len(array):,} ids and {rows:,} rows of numbers"
        raise DataError(what, path.name, "One row per id is needed.", code="data.shape")
    ids = array.astype(str)
    check_ids(pd.Series(ids, index=range(-1, rows - 1)), path, "ids")  # there is no header: the first row is row 1
    return ids


READERS: dict[str, Callable[[Path], Matrix]] = {
    ".npz": _read_npz,
    ".npy": _read_npy,
    ".csv": partial(read_text, separator=","),
    ".csv.gz": partial(read_text, separator=","),
    ".tsv": partial(read_text, separator="\t"),
    ".tsv.gz": partial(read_text, separator="\t"),
    ".parquet": read_parquet,
}
"""By the ending of the file's name."""
