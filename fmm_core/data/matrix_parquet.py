"""A matrix from parquet: a column of ids, and numbers in columns or as one column of lists."""

from pathlib import Path
from typing import Any

import numpy as np

from fmm_core.data.matrix_checks import (
    NUMERIC,
    Matrix,
    check_ids,
    check_lengths,
    check_size,
    floats,
    says_id,
    too_large,
)
from fmm_core.data.readers.desk import NOT_A_NUMBER, refuse
from fmm_core.data.sources import MOST_BYTES
from fmm_core.errors import DataError
from fmm_core.types import Floats

INDEX = "__index_level_"
"""What pandas calls row names that have no name of their own."""


def read_parquet(path: Path) -> Matrix:
    """Read one parquet file; what it says about its own size is looked at before its content.

    Raises
    ------
    DataError
        See `matrices.read_matrix`.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            return _read(path, file)
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error  # not all of pyarrow's errors are Python's


def _read(path: Path, file: Any) -> Matrix:
    schema = file.schema_arrow
    ids = _id_column(path, schema)
    columns = [name for name in schema.names if name != ids and not name.startswith(INDEX)]
    check_size(path, file.metadata.num_rows, len(columns))
    if _cells(file.metadata) * np.dtype(np.float32).itemsize > MOST_BYTES:
        raise too_large(path)
    names = None if ids is None else _names(path, file, ids)
    if len(columns) == 1 and _is_list(schema.field(columns[0]).type):
        return Matrix(names, _lists(path, file, columns[0]))
    values = np.empty((file.metadata.num_rows, len(columns)), np.float32)
    for place, column in enumerate(columns):
        values[:, place] = _numbers(path, column, file.read([column]).column(0))
    return Matrix(names, values)


def _cells(about: Any) -> int:
    """How many single values the file says it holds, those in lists counted one by one."""
    groups = [about.row_group(group) for group in range(about.num_row_groups)]
    return sum(group.column(place).num_values for group in groups for place in range(about.num_columns))


def _id_column(path: Path, schema: Any) -> str | None:
    """The column whose name says "id", else row names that pandas left, else the first column of text."""
    import pyarrow as pa

    named = [field.name for field in schema if says_id(field.name) and not _is_list(field.type)]
    if len(named) > 1:
        what = f"several columns could be the id: {', '.join(named[:8])}"
        raise DataError(what, path.name, "Keep the one that is meant.", code="data.ambiguous")
    index = [name for name in schema.names if name.startswith(INDEX)]
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    return next(iter([*named, *index, *texts]), None)


def _names(path: Path, file: Any, column: str) -> Any:
    """The ids as text: 7 stays "7" where another id is missing."""
    import pyarrow as pa

    ids = file.read([column]).column(0).cast(pa.string()).to_pandas().fillna("").str.strip()
    check_ids(ids, path, column)
    return ids.to_numpy(str)


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(lists and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)))


def _lists(path: Path, file: Any, column: str) -> Floats:
    """One list of numbers a row, all of one length."""
    import pyarrow.compute as pc

    lists = file.read([column]).column(0).combine_chunks()
    lengths = pc.list_value_length(lists).to_pandas().fillna(0).astype(int)
    check_lengths(path, lengths.index[lengths != lengths.mode()[0]])
    check_size(path, len(lengths), int(lengths[0]))
    return _numbers(path, column, pc.list_flatten(lists)).reshape(len(lengths), -1)


def _numbers(path: Path, column: str, cells: Any) -> Floats:
    """One column as float32, an empty cell as NaN; text that reads as a number is not taken for one."""
    series = cells.to_pandas()
    if getattr(series.dtype, "kind", "O") not in NUMERIC:
        refuse(series.notna(), path.name, column, NOT_A_NUMBER)
    return floats(series.to_numpy(float, na_value=np.nan))
