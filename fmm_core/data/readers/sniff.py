"""Which reader understands a folder."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from fmm_core.data.dataset import Dataset
from fmm_core.data.plan import AS_GUESSED, Plan
from fmm_core.data.readers import movielens, recbole, tables
from fmm_core.data.readers.gathering import Layout
from fmm_core.data.specs import CATALOG
from fmm_core.data.storage import slug_of
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent


class Reader(Protocol):
    """A module of this package: `TITLE` for people, whether it knows a folder's files, what it takes them for, and
    what it makes of them.
    """

    @property
    def TITLE(self) -> str: ...  # noqa: N802
    def fits(self, folder: Path) -> bool: ...
    def look(self, folder: Path, plan: Plan) -> Layout: ...
    def read(
        self, folder: Path, plan: Plan = ..., progress: Progress = ..., *, most_rows: int | None = ...
    ) -> Dataset: ...


READERS: tuple[Reader, ...] = (movielens, recbole, tables)
"""Asked in this order."""


def reader_of(folder: Path) -> Reader:
    """The first reader that knows the files of a folder.

    Raises
    ------
    DataError
        None does.
    """
    reader = next((each for each in READERS if each.fits(folder)), None)
    if reader is None:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:5]) or "nothing"
        mend = "Bring a table of who chose what (csv, parquet or xlsx) and one of the people."
        raise DataError(f"no file here is known (there is {there})", folder.name, mend, code="data.unknown_folder")
    return reader


def read(
    folder: Path, plan: Plan = AS_GUESSED, progress: Progress = silent, *, most_rows: int | None = None
) -> Dataset:
    """Read a folder with the first reader that knows its files.

    A folder called like a data set of the catalog gets "own" before its name, so that neither is taken for the other.

    Parameters
    ----------
    plan : corrections of what would be guessed
    most_rows : of the interactions, for a first look

    Raises
    ------
    DataError
        No reader knows the files, or they cannot be used.
    """
    dataset = reader_of(folder).read(folder, plan, progress, most_rows=most_rows)
    taken = slug_of(dataset.name) in CATALOG
    return replace(dataset, name=f"own {dataset.name}") if taken else dataset
