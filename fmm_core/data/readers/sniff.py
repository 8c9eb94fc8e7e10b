"""Which reader understands a folder."""

from dataclasses import replace
from pathlib import Path

from fmm_core.data.dataset import Dataset
from fmm_core.data.readers import recbole, tables
from fmm_core.data.specs import CATALOG
from fmm_core.data.storage import slug_of
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

READERS = (recbole, tables)


def read(folder: Path, progress: Progress = silent) -> Dataset:
    """Read a folder with the first reader that knows its files.

    A folder called like a data set of the catalog gets "own" before its name, so that neither is taken for the other.

    Raises
    ------
    DataError
        None does, or the files cannot be used.
    """
    for reader in READERS:
        if reader.fits(folder):
            dataset = reader.read(folder, progress)
            taken = slug_of(dataset.name) in CATALOG
            return replace(dataset, name=f"own {dataset.name}") if taken else dataset
    raise DataError(
        "no file here is known",
        str(folder),
        "Name interactions.csv and users.csv, or RecBole's *.inter and *.user.",
        code="data.unknown_folder",
    )
