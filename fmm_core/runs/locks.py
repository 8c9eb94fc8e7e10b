"""A lock that is gone the moment its process is gone: no clocks, no process numbers."""

import os
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from fmm_core.errors import StoreError

if os.name == "nt":
    import msvcrt

    def _try_lock(handle: BinaryIO) -> bool:
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(handle: BinaryIO) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Lock:
    """An exclusive lock on a file, held from `with` to its end or to the end of the process.

    Raises
    ------
    StoreError
        Another process holds it.
    """

    def __init__(self, path: Path, patience_s: float = 1.0) -> None:
        self.path, self.patience_s = path, patience_s
        self._handle: BinaryIO | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = self.path.open("ab")
        deadline = time.monotonic() + self.patience_s  # somebody may be looking whether it is held
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                handle.close()
                raise StoreError("another process holds this lock", str(self.path), code="store.locked")
            time.sleep(0.02)
        self._handle = handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


def is_held(path: Path) -> bool:
    """Whether some process holds the lock on `path`."""
    try:
        handle = path.open("ab" if path.exists() else "rb")
    except FileNotFoundError:
        return False
    with handle:
        return not _try_lock(handle)
