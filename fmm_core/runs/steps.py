"""Steps cached by content (contract C6): the same inputs, settings and code give the same folder, once.

This one mechanism is reuse (a curve of ten weights trains the base once), resume after a crash and restartable
measurements.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

DONE = "DONE"
DATA = "DATA"
"""Holds the fingerprint of the data a step was made from, from its first moment on: what is deleted with them."""

DRAFT = ".draft-"
_CODE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Step:
    """A finished step: its key and the folder with what it made."""

    key: str
    folder: Path
    reused: bool


class StepCache:
    """The folder `cache/`, one sub-folder a step.

    Parameters
    ----------
    data : fingerprint of the data set that all steps run through this object are made from
    """

    def __init__(self, folder: Path, data: str) -> None:
        self.folder, self.data = folder, data

    def run(
        self,
        name: str,
        settings: Mapping[str, Any],
        produce: Callable[[Path], None],
        *,
        rooms: tuple[str, ...],
        upstream: tuple[Step, ...] = (),
    ) -> Step:
        """Return the step's folder, calling `produce(folder)` only if no equal step has finished before.

        Parameters
        ----------
        settings : JSON-serialisable
            All that decides the result besides the upstream steps.
        rooms : names of the packages whose source decides the result
            A changed line of code never meets an old result.
        """
        parts = [name, settings, [step.key for step in upstream], [source_digest(room) for room in rooms]]
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
        target = self.folder / f"{name}-{key}"
        if (target / DONE).exists():
            return Step(key, target, reused=True)
        draft = self.folder / f"{DRAFT}{uuid4().hex[:8]}"
        draft.mkdir(parents=True)
        (draft / DATA).write_text(self.data, encoding="utf-8")
        try:
            produce(draft)
            (draft / DONE).touch()
            _place(draft, target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return Step(key, target, reused=False)


def made_from(cache: Path, fingerprint: str) -> list[Path]:
    """Steps, finished or broken off, that hold anything of a data set; so may one that does not say its data."""
    if not cache.is_dir():
        return []
    folders = [path for path in cache.iterdir() if (path / DONE).exists() or path.name.startswith(DRAFT)]
    return [folder for folder in folders if _data_of(folder) in ("", fingerprint)]


def _data_of(folder: Path) -> str:
    try:
        return (folder / DATA).read_text(encoding="utf-8")
    except OSError:
        return ""


def _place(draft: Path, target: Path) -> None:
    """Move a finished step into place; if another process was faster, its equal result stays."""
    try:
        draft.rename(target)
    except OSError:
        if (target / DONE).exists():
            return
        shutil.rmtree(target)  # left by somebody who deletes by hand: not done, so worth nothing
        draft.rename(target)


@cache
def source_digest(room: str) -> str:
    """Hash of the source of one package of fmm_core."""
    digest = hashlib.sha256()
    for path in sorted((_CODE / room).rglob("*.py")):
        digest.update(path.relative_to(_CODE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
