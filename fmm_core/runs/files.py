"""Files are written whole and moved into place, so a reader never sees half of one."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

MOVE_TRIES = 40
"""Windows refuses to replace a file another process has open; a reader is done within a second."""


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a file beside `path`, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{uuid4().hex[:8]}-{path.name}")
    try:
        write(draft)
        move(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """`os.replace`, tried again for a while where another process holds the target open."""
    for attempt in range(MOVE_TRIES):
        try:
            source.replace(target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == MOVE_TRIES - 1:
                raise
            time.sleep(0.05)


def write_json(path: Path, content: Any) -> None:
    """Write `content` as readable JSON."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(path, lambda draft: draft.write_text(text + "\n", encoding="utf-8"))


def read_json(path: Path) -> Any:
    """Read JSON; FileNotFoundError and ValueError are the caller's to explain."""
    return json.loads(path.read_text(encoding="utf-8"))


def remove_folder(path: Path) -> None:
    """Delete a folder so that nobody meets it half deleted: it is moved aside first."""
    aside = path.with_name(f".deleted-{uuid4().hex[:8]}")
    path.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)
