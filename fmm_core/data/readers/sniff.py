"""Which reader understands a folder."""

from pathlib import Path

from fmm_core.data.dataset import Dataset
from fmm_core.data.readers import recbole, tables
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

READERS = (recbole, tables)


def read(folder: Path, progress: Progress = silent) -> Dataset:
    """Read a folder with the first reader that knows its files.

    Raises
    ------
    DataError
        None does, or the files cannot be used.
    """
    for reader in READERS:
        if reader.fits(folder):
            return reader.read(folder, progress)
    raise DataError(
        "no file here is known",
        str(folder),
        "Name interactions.csv and users.csv, or RecBole's *.inter and *.user.",
        code="data.unknown_folder",
    )
