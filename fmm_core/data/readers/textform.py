"""What a text file is written in: its encoding and the sign between its columns, found by looking at all of it."""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fmm_core.data.readers.rows import name_rows
from fmm_core.errors import DataError

CHUNK = 1 << 20
LONGEST_LINE = 1_000_000
"""Bytes; a longer line is a quote that was never closed, or not a table."""

MOST_COLUMNS = 1_000
SEPARATORS = (",", "\t", ";", "|")
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""Byte order marks, and the encoding each stands for."""

AGAIN = "Export it again as CSV in UTF-8."


@dataclass(frozen=True)
class TextForm:
    """How to read a text file: Python's name of the encoding, and the separator."""

    encoding: str
    separator: str


def unpacked(raw: IO[bytes], path: Path) -> IO[bytes]:
    """The content of an open file, unpacked if its name ends in .gz."""
    return gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw  # type: ignore[return-value]


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The content of a file, unpacked if its name ends in .gz."""
    with path.open("rb") as raw:
        yield unpacked(raw, path)


def detect(path: Path, separator: str | None = None) -> TextForm:
    """Look through the whole file once.

    Parameters
    ----------
    separator : the sign between columns where the format fixes it; None to find it in the header

    Raises
    ------
    DataError
        The file is missing, empty, damaged, not text, mixes encodings, or has a line or header no table has.
    """
    try:
        encoding = _encoding(path)
        header = _header(path, encoding)
    except FileNotFoundError:
        raise DataError("this file is missing", path.name, "Put it beside the others.", code="data.missing") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError("this file is damaged", path.name, "Export it again.", code="data.unreadable") from error
    if not header.strip():
        what = "this file is empty" if path.stat().st_size == 0 else "its first row is empty"
        raise DataError(what, path.name, "Export it again.", code="data.empty")
    found = separator or _separator(header)
    _refuse_width(header, found, path)
    return TextForm(encoding, found)


def _encoding(path: Path) -> str:
    with open_bytes(path) as file:
        start = file.read(4)
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    if marked == "utf-16":
        return marked
    if _is_utf8(path):
        return "utf-8-sig"
    return _older_encoding(path)


def _is_utf8(path: Path) -> bool:
    """Whether every byte fits UTF-8; refuses what is no text at all, as soon as it is met."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, line = True, 0
    for chunk in _chunks(path):
        line = _checked_line(chunk, line, path)
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            valid = False
            decoder.reset()
    return valid and not decoder.getstate()[0]


def _chunks(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _checked_line(chunk: bytes, before: int, path: Path) -> int:
    """Length of the line the chunk ends in; `before` is that of the chunk in front of it."""
    if b"\0" in chunk:
        raise DataError("this is not a text file: it holds zero bytes", path.name, AGAIN, code="data.binary")
    first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
    longest = before + (len(chunk) if first < 0 else first)
    if longest > LONGEST_LINE:
        what = f"a line is longer than {LONGEST_LINE:,} characters"
        raise DataError(what, path.name, "Close every quote, or shorten the cell.", code="data.long_cell")
    return longest if last < 0 else len(chunk) - last - 1


def _older_encoding(path: Path) -> str:
    """Windows-1252 if the file is in it throughout.

    Raises
    ------
    DataError
        Some lines are in UTF-8 and others are not, or no encoding fits.
    """
    other, utf8 = _lines_by_encoding(path)
    if utf8:
        what = f"two encodings are mixed: most of it is UTF-8, but not {name_rows(other)}"
        raise DataError(what, path.name, AGAIN, code="data.mixed_encodings")
    try:
        for chunk in _chunks(path):
            chunk.decode("cp1252")
    except UnicodeDecodeError as error:
        what = "its encoding is unknown: UTF-8, UTF-16 and Windows-1252 were tried"
        raise DataError(what, path.name, AGAIN, code="data.unreadable") from error
    return "cp1252"


def _lines_by_encoding(path: Path) -> tuple[list[int], bool]:
    """Lines that are not UTF-8, counted from 1, and whether any line needs UTF-8."""
    other, utf8 = [], False
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                utf8 = True
            except UnicodeDecodeError:
                other.append(number)
    return other, utf8


def _header(path: Path, encoding: str) -> str:
    with open_bytes(path) as file:
        return next(iter(codecs.getreader(encoding)(file)), "")


def _separator(header: str) -> str:
    """The sign that parts the header most often, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(SEPARATORS, key=bare.count)


def _refuse_width(header: str, separator: str, path: Path) -> None:
    width = header.count(separator) + 1
    if width > MOST_COLUMNS:
        what = f"it has {width:,} columns, and at most {MOST_COLUMNS:,} can be read"
        raise DataError(what, path.name, "Keep the columns that are needed.", code="data.too_wide")
