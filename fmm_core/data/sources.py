"""A zip is a folder: one rule opens what was uploaded, and refuses archives that could hurt before unpacking them."""

import io
import re
import shutil
import stat
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path, PurePosixPath
from typing import IO

from fmm_core.data.damage import DAMAGE
from fmm_core.errors import DataError

MOST_BYTES = 2 * 1024**3
"""An archive may unpack to so many bytes."""

MOST_ENTRIES = 100_000
"""An archive may hold so many files and folders."""

MOST_DIRECTORY_BYTES = 32 * 1024**2
"""A table of contents may be so long: more than 300 bytes for each of the most entries."""

LONGEST_NAME = 200
"""Bytes of the name of one file or folder; 255 is what file systems take."""

LONGEST_PATH = 1000

CHUNK = 1024**2

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those whose output can be bounded while it is made."""

ENCRYPTED = 0x1 | 0x40 | 0x2000
"""Flags: encrypted, strongly encrypted, names masked."""

ORDINARY = (0, stat.S_IFREG, stat.S_IFDIR)
"""Kinds of entry that are unpacked; 0 where the archive was not made on Unix."""

_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|7z|rar|tar\.\w+)$", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_LITTER = frozenset(("__macosx", "thumbs.db", "desktop.ini"))
"""What systems leave behind in folders, beside names that start with a dot."""

PLAIN = "Pack plain files in one folder, and zip that."


@contextmanager
def opened(source: Path, scratch: Path | None = None) -> Iterator[Path]:
    """Open an upload as a folder.

    A folder is itself. A zip is unpacked into a folder that is deleted afterwards; where it holds one folder and
    nothing beside it, that one is given. Any other file becomes a folder that holds it.

    Parameters
    ----------
    scratch : folder in which to unpack; the system's where it is None

    Raises
    ------
    DataError
        It is missing, or a zip that is damaged, too large, or holds anything but plain files inside its own folder.
    """
    if source.is_dir():
        yield source
        return
    if not source.is_file():
        raise DataError("this file is missing", source.name, "Check the path.", code="data.missing")
    with tempfile.TemporaryDirectory(prefix="upload-", dir=scratch, ignore_cleanup_errors=True) as made:
        folder = Path(made) / _folder_name(source)
        folder.mkdir()
        if source.suffix.lower() == ".zip":
            _unpack(source, folder)
            yield _top(folder)
        else:
            _bring(source, folder / source.name)
            yield folder


def _folder_name(source: Path) -> str:
    return source.stem.partition(".")[0] or "upload"


def _bring(source: Path, target: Path) -> None:
    """A file in its folder: linked, or copied where the file system knows no links."""
    try:
        target.symlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, target)


def _top(folder: Path) -> Path:
    """The folder in which the files lie: archives often hold one folder that holds everything."""
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


class _Bounded(io.BufferedReader):
    """A file that gives no huge piece at once: zipfile reads the whole table of contents, however long it is."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_DIRECTORY_BYTES:
            raise _too_many(self.name)
        return super().read(size)


def _unpack(source: Path, folder: Path) -> None:
    try:
        with _Bounded(io.FileIO(source)) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check(entries, source.name, shutil.disk_usage(folder).free)
            for entry in entries:
                if not entry.is_dir() and not _ignored(entry):
                    _write(archive, entry, folder / _path(entry), source.name)
    except DAMAGE as error:
        what = "this zip is damaged or cut off"
        raise DataError(what, source.name, "Make it again, and upload it again.", code="data.zip_damaged") from error


def _check(entries: Sequence[zipfile.ZipInfo], where: str, free: int) -> None:
    """Refuse from the table of contents alone: nothing has been unpacked yet."""
    if len(entries) > MOST_ENTRIES:
        raise _too_many(where)
    for entry in entries:
        _check_entry(entry, where)
    size = sum(entry.file_size for entry in entries)
    if size > MOST_BYTES:
        what = f"it unpacks to {size / 1024**3:.1f} GiB, and {MOST_BYTES // 1024**3} GiB is the most"
        raise DataError(what, where, "Leave out what is not needed, or name a folder.", code="data.zip_size")
    if size > free:
        raise DataError("there is no room to unpack it", where, "Free some space on the disk.", code="data.no_room")
    _check_twins([entry for entry in entries if not entry.is_dir()], where)


def _too_many(where: object) -> DataError:
    what = f"it holds more than {MOST_ENTRIES:,} files"
    return DataError(what, Path(str(where)).name, "Leave out what is not needed.", code="data.zip_entries")


def _check_entry(entry: zipfile.ZipInfo, where: str) -> None:
    name = entry.orig_filename
    if any(unicodedata.category(letter) == "Cc" for letter in name) or _too_long(name):
        raise _refusal("has a name with control characters, or a very long one", entry, where, "name")
    if name.replace("\\", "/").startswith("/") or _DRIVE.match(name) or ".." in _parts(name) or not _parts(name):
        raise _refusal("points outside the folder it is unpacked to", entry, where, "path")
    if stat.S_IFMT(entry.external_attr >> 16) not in ORDINARY:
        raise _refusal("is a link or another special file", entry, where, "special")
    if entry.flag_bits & ENCRYPTED:
        raise _refusal("is protected by a password", entry, where, "encrypted")
    if _ARCHIVE.search(name):
        raise _refusal("is an archive itself", entry, where, "nested")
    if entry.compress_type not in COMPRESSIONS:
        raise _refusal("is compressed in a way that is not read", entry, where, "compression")


def _too_long(name: str) -> bool:
    longest = max(len(part.encode()) for part in name.replace("\\", "/").split("/"))
    return longest > LONGEST_NAME or len(name.encode()) > LONGEST_PATH


def _refusal(what: str, entry: zipfile.ZipInfo, where: str, code: str) -> DataError:
    shown = entry.orig_filename.encode("unicode_escape").decode()[:60]
    return DataError(f'the entry "{shown}" {what}', where, PLAIN, code=f"data.zip_{code}")


def _check_twins(entries: Sequence[zipfile.ZipInfo], where: str) -> None:
    """No two files may fall on one place, also where a system takes upper and lower case for the same."""
    taken: set[str] = set()
    for entry in entries:
        place = _place(entry)
        if place in taken:
            raise _refusal("is there twice, or differs from another one only in upper case", entry, where, "twins")
        taken.add(place)
    for entry in entries:
        if any(str(parent) in taken for parent in PurePosixPath(_place(entry)).parents):
            raise _refusal("lies in a folder that is a file as well", entry, where, "twins")


def _place(entry: zipfile.ZipInfo) -> str:
    return unicodedata.normalize("NFC", str(_path(entry))).casefold()


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(*_parts(entry.orig_filename))


def _ignored(entry: zipfile.ZipInfo) -> bool:
    return any(_is_litter(part) for part in _parts(entry.orig_filename))


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, where: str) -> None:
    """Unpack one file, counting: what is declared was checked, so nothing may be larger than it declares."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unbounded = copy(entry)
    unbounded.file_size = 2 * MOST_BYTES  # zipfile cuts off at this size in silence; we want to notice
    with archive.open(unbounded) as content, target.open("xb") as out:
        written = _copy(content, out, entry.file_size)
    if written > entry.file_size:
        raise _refusal("is larger than the archive says", entry, where, "lie")
    if written < entry.file_size:
        raise zipfile.BadZipFile


def _copy(content: IO[bytes], out: IO[bytes], most: int) -> int:
    """Copy until the end, or until more than `most` bytes have come; how many came."""
    written = 0
    while written <= most and (chunk := content.read(CHUNK)):
        out.write(chunk)
        written += len(chunk)
    return written
