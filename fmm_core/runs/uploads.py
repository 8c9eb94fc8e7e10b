"""Files a reader handed over, kept on disk until they are imported or a day old. Imports nothing heavy."""

import shutil
import time
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from fmm_core.errors import StoreError
from fmm_core.runs.files import remove_folder
from fmm_core.runs.store import ENDED, RunFolder, Store

MOST_MB = 500
"""An upload holds at most so many megabytes (10⁶ bytes)."""

CHUNK = 1 << 20
LONGEST_NAME = 120
KEPT_S = 24 * 3600
NOT_IN_NAMES = '<>:"|?*'
"""Characters that Windows refuses in a file's name."""


def new_upload(store: Store) -> Path:
    """An empty folder for the files of one upload."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = store.uploads_dir / f"{stamp}-{uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    return folder


def save_upload(folder: Path, name: str, file: BinaryIO) -> Path:
    """Write one file of an upload piece by piece; one of the same name is replaced.

    Parameters
    ----------
    name : as the browser sent it; only its cleaned last part is used

    Raises
    ------
    StoreError
        The upload would hold more than `MOST_MB`; nothing of this file is kept then.
    """
    target = folder / clean_name(name)
    room = MOST_MB * 10**6 - sum(path.stat().st_size for path in folder.iterdir() if path != target)
    draft = folder.with_name(f"{folder.name}.part")
    try:
        with draft.open("wb") as out:
            while piece := file.read(CHUNK):
                room -= len(piece)
                if room < 0:
                    raise _too_much(target.name)
                out.write(piece)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _too_much(name: str) -> StoreError:
    mend = "Give the path of their folder on this machine instead."
    return StoreError(f"with this file the upload holds more than {MOST_MB} MB", name, mend, code="upload.too_large")


def clean_name(name: str) -> str:
    """The last part of a path, without what a file system or a terminal trips over; the ending survives a cut."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(each for each in last if unicodedata.category(each)[0] != "C" and each not in NOT_IN_NAMES)
    kept = kept.strip().lstrip(".") or "file"
    if len(kept) <= LONGEST_NAME:
        return kept
    ending = "".join(Path(kept).suffixes[-2:])[-20:]
    return kept[: LONGEST_NAME - len(ending)] + ending


def source_of(folder: Path) -> Path:
    """What of an upload is to be read: its only file if that is a zip, else the folder."""
    files = list(folder.iterdir())
    return files[0] if len(files) == 1 and files[0].suffix.lower() == ".zip" else folder


def folder_of(store: Store, source: str | Path) -> Path | None:
    """The upload that `source` is or lies in; None if it is no upload of this store."""
    home, path = store.uploads_dir.resolve(), Path(source).resolve()
    return home / path.relative_to(home).parts[0] if home in path.parents else None


def discard(store: Store, source: str | Path) -> None:
    """Delete an upload and the checks of it, which hold its first rows; a source elsewhere is left alone."""
    folder = folder_of(store, source)
    if folder is None:
        return
    for job, upload in _jobs(store):
        if upload == folder and job.raw_config()["kind"] == "check" and job.status().state in ENDED:
            remove_folder(job.path)
    if folder.is_dir():
        remove_folder(folder)


def sweep(store: Store) -> None:
    """Delete uploads older than a day that no waiting or running job reads."""
    if not store.uploads_dir.is_dir():
        return
    used = {upload for job, upload in _jobs(store) if job.status().state not in ENDED}
    for path in store.uploads_dir.resolve().iterdir():
        if path in used or time.time() - path.stat().st_mtime < KEPT_S:
            continue
        if path.is_dir() and not path.name.startswith("."):
            discard(store, path)
        else:  # half a file or half a folder that a stopped process left
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _jobs(store: Store) -> list[tuple[RunFolder, Path]]:
    """Checks, imports and audits of files, with the upload they read."""
    read = ((job, job.raw_config()) for job in store.jobs())
    named = ((job, raw.get("source") or raw.get("users")) for job, raw in read)
    found = ((job, folder_of(store, source)) for job, source in named if source)
    return [(job, upload) for job, upload in found if upload is not None]
