"""A matrix from csv or tsv, perhaps compressed: looked through once line by line, then parsed at once."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fmm_core.data.matrix_checks import (
    Matrix,
    check_ids,
    check_lengths,
    check_size,
    says_id,
    too_large,
)
from fmm_core.data.readers.desk import NOT_A_NUMBER, refuse
from fmm_core.data.sources import MOST_BYTES
from fmm_core.errors import DataError

LONGEST_LINE = 16 * 1024**2
"""Bytes; 20,000 numbers of 25 digits take half a million."""


def read_text(path: Path, separator: str) -> Matrix:
    """Read a table with a row of names; the first column is the ids if its name says so or if it is text.

    Raises
    ------
    DataError
        See `matrices.read_matrix`.
    """
    table = _scan(path, separator)
    first = table.parse(usecols=[0], dtype=str, na_filter=False)[0].str.strip().set_axis(table.places)
    named = table.names[0] == "" or says_id(table.names[0]) or _is_text(first)
    if named:
        check_ids(first, path, table.names[0])
    columns = range(int(named), len(table.names))
    check_size(path, len(table.places), len(columns))
    try:
        values = table.parse(usecols=list(columns), dtype=np.float32).to_numpy(np.float32)
    except ValueError:
        _refuse_text(table, columns)
        raise
    return Matrix(first.to_numpy(str) if named else None, values)


@dataclass(frozen=True)
class _Table:
    """A table that is yet to be parsed: its column names, and for every row its place as in `frames.read_frame`."""

    path: Path
    separator: str
    header: int
    names: list[str]
    places: pd.Index

    def parse(self, **options: Any) -> Any:
        """Parse with pandas; columns are numbered, so that two may have one name."""
        return pd.read_csv(
            self.path, sep=self.separator, header=None, skiprows=self.header + 1, names=range(len(self.names)),
            index_col=False, encoding="utf-8-sig", **options,
        )  # fmt: skip


def _scan(path: Path, separator: str) -> _Table:
    """Go through the lines: widths and size are known, and refused, before anything is parsed."""
    lines = ((place, line) for place, line in enumerate(_lines(path)) if line.strip(b" \r\n"))
    header, first = next(lines, (0, b""))
    names = _cells(first, separator)
    _check_names(path, names)
    places: list[int] = []
    uneven: list[int] = []
    for place, line in lines:
        places.append(place - 1)
        if line.count(separator.encode()) != len(names) - 1 and len(_cells(line, separator)) != len(names):
            uneven.append(place - 1)
    check_lengths(path, pd.Index(uneven))
    check_size(path, len(places), len(names))
    return _Table(path, separator, header, names, pd.Index(places))


def _lines(path: Path) -> Iterator[bytes]:
    size = 0
    with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            size += len(line)
            if len(line) == LONGEST_LINE or size > MOST_BYTES:
                raise too_large(path)
            yield line


def _cells(line: bytes, separator: str) -> list[str]:
    text = line.decode("utf-8-sig").rstrip("\r\n")
    return [cell.strip() for cell in next(csv.reader([text], delimiter=separator), [])]


def _check_names(path: Path, names: list[str]) -> None:
    """The first row must be names: of a table of mere numbers a row would be lost, and ids pass for numbers."""
    if not names:
        raise DataError("this file is empty", path.name, "Export it again.", code="data.empty")
    check_size(path, 1, len(names))
    counted = [str(number) for number in range(len(names))]  # so pandas names columns that have no name
    if pd.to_numeric(pd.Series(names), errors="coerce").notna().all() and names != counted:
        mend = "Put a first row that names the columns."
        raise DataError("its first row is numbers, not names", path.name, mend, code="data.no_header")


def _is_text(column: pd.Series) -> bool:
    """Whether most of a column is text: one wrong number makes no column of ids."""
    return bool(pd.to_numeric(column, errors="coerce").isna().mean() > 0.5)


def _refuse_text(table: _Table, columns: Sequence[int]) -> None:
    """Find the first column with a value that is no number, and name its rows."""
    for column in columns:
        cells = table.parse(usecols=[column], dtype=str)[column].set_axis(table.places)
        bad = cells.notna() & pd.to_numeric(cells, errors="coerce").isna()
        refuse(bad, table.path.name, table.names[column], NOT_A_NUMBER)
