"""Tables whatever they are kept in: text, parquet (a folder of parts too), the sheets of a workbook.

All give the same: columns of text, nothing guessed ("007" stays "007"), an empty cell is "", in blocks of rows whose
index counts records from 0, so that a message can name the row a spreadsheet shows.
"""

import re
import warnings
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pandas as pd

from fmm_core.data.damage import DAMAGE
from fmm_core.data.readers.rows import FIRST_ROW
from fmm_core.data.readers.textform import AGAIN, MOST_COLUMNS, UNICODE, detect, unpacked
from fmm_core.errors import DataError

BLOCK = 500_000
"""Rows read at once."""

FEATURES = "_features."
"""In the name of a file with numbers that describe items; `features.read_features` reads it."""

LONGEST_CELL = 100_000
TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
BOOK_ENDINGS = (".xlsx", ".xlsm")
MOST_UNPACKED = 500_000_000
"""Bytes a workbook may unpack to."""

Block = tuple[float, pd.DataFrame]
"""Share of the file that is read so far, and the rows."""


class TableFile(ABC):
    """One table: `name` for messages, `stem` to guess its role from, `remark` a sentence on how it was read."""

    def __init__(self, name: str, stem: str) -> None:
        self.name, self.stem, self.remark = name, stem, ""
        self._columns: tuple[str, ...] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that have one."""
        if self._columns is None:
            self._columns = self._read_columns()
        return self._columns

    @abstractmethod
    def _read_columns(self) -> tuple[str, ...]: ...

    @abstractmethod
    def _blocks(self, columns: Sequence[str], rows: int) -> Iterator[Block]:
        """Blocks of at most `rows` rows with at least these columns."""

    def blocks(self, columns: Sequence[str] | None = None, rows: int = BLOCK) -> Iterator[Block]:
        """The table in blocks, without empty rows.

        Raises
        ------
        DataError
            The file turns out to be damaged, ragged, or to hold a cell no table has.
        """
        wanted = list(self.columns if columns is None else columns)
        for share, block in self._blocks(wanted, rows):
            self._refuse_long_cells(block)
            filled = block.ne("").any(axis=1)
            yield share, block.loc[filled, wanted]

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The whole table."""
        return pd.concat([block for _, block in self.blocks(columns)] or [self._nothing(columns)])

    def head(self, rows: int) -> pd.DataFrame:
        """The first rows."""
        return next((block for _, block in self.blocks(rows=rows)), self._nothing(None))

    def _nothing(self, columns: Sequence[str] | None) -> pd.DataFrame:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in (self.columns if columns is None else columns)})

    def _refuse_long_cells(self, block: pd.DataFrame) -> None:
        for name, column in block.items():
            longest = column.str.len().max() if len(column) else 0
            if longest > LONGEST_CELL:
                row = int(column.str.len().idxmax()) + FIRST_ROW
                what = f"row {row} has a cell of {int(longest):,} characters"
                mend = "Close every quote, or shorten the cell."
                raise DataError(what, f'{self.name}, column "{name}"', mend, code="data.long_cell")


class TextTable(TableFile):
    """A csv or tsv file, plain or in gzip.

    Parameters
    ----------
    separator : None to find it in the header
    name_of : what a column is called, from what its header says
    """

    def __init__(self, path: Path, separator: str | None = None, name_of: Callable[[str], str] = str.strip) -> None:
        super().__init__(path.name, _stem(path))
        self.path, self.name_of = path, name_of
        self.form = detect(path, separator)
        if self.form.encoding not in UNICODE:
            self.remark = f"{path.name} was read as Windows-1252: look whether accents are right."

    def _read_columns(self) -> tuple[str, ...]:
        return tuple(name for name in self._header() if name)

    def _header(self) -> list[str]:
        with self._reading():
            first = pd.read_csv(
                self.path, sep=self.form.separator, dtype=str, na_filter=False, encoding=self.form.encoding,
                header=None, nrows=1, index_col=False, skip_blank_lines=False,
            )  # fmt: skip
        names = [self.name_of(str(name)) for name in first.iloc[0]]
        refuse_twins(names, self.name)
        return names

    def _blocks(self, columns: Sequence[str], rows: int) -> Iterator[Block]:  # noqa: ARG002 (all: to see ragged rows)
        size = max(self.path.stat().st_size, 1)
        header = self._header()
        with self.path.open("rb") as raw, self._reading():
            file: IO[bytes] = unpacked(raw, self.path)
            reader = pd.read_csv(
                file, sep=self.form.separator, dtype=str, na_filter=False, encoding=self.form.encoding, index_col=False,
                skip_blank_lines=False, chunksize=rows,
            )  # fmt: skip
            for block in reader:
                block.columns = pd.Index(header)
                yield raw.tell() / size, block.loc[:, [bool(name) for name in header]]

    def _reading(self) -> "_Spoken":
        return _Spoken(self.name, self.form.separator)


class _Spoken:
    """What pandas raises on a text file, said in a sentence."""

    def __init__(self, name: str, separator: str) -> None:
        self.name, self.separator = name, separator
        self._caught = warnings.catch_warnings()

    def __enter__(self) -> None:
        self._caught.__enter__()
        warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas would drop what stands past the header

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._caught.__exit__(None, None, None)
        if isinstance(error, pd.errors.ParserError) and "out of memory" in str(error):
            raise MemoryError from error
        if isinstance(error, pd.errors.ParserError | pd.errors.ParserWarning):
            raise _ragged(self.name, self.separator, error) from error
        if isinstance(error, pd.errors.EmptyDataError):
            raise DataError("this file is empty", self.name, "Export it again.", code="data.empty") from error
        if isinstance(error, UnicodeDecodeError | OSError | EOFError):
            raise DataError("this file can't be read as text", self.name, AGAIN, code="data.unreadable") from error


def _ragged(name: str, separator: str, error: Exception) -> DataError:
    row, quote = re.search(r"line (\d+)", str(error)), re.search(r"EOF inside string starting at row (\d+)", str(error))
    if quote:
        what = f"a quote is opened in row {int(quote[1]) + 1} and never closed"
        return DataError(what, name, "Close it, or remove it.", code="data.ragged")
    which = f"row {row[1]} has" if row else "rows have"
    sign = {"\t": "tab", ";": "semicolon", "|": "bar"}.get(separator, "comma")
    mend = f"Put text that holds a {sign} in double quotes, and close every quote."
    return DataError(f"{which} other columns than the header", name, mend, code="data.ragged")


def refuse_twins(names: Sequence[str], file: str) -> None:
    """Every name is there once.

    Raises
    ------
    DataError
        One is there twice.
    """
    twice = [name for place, name in enumerate(names) if name and name in names[:place]]
    if twice:
        what = f'the column "{twice[0]}" is there twice'
        raise DataError(what, file, "Keep one of them.", code="data.duplicate_column")


class ParquetTable(TableFile):
    """A parquet file, or a folder of them that belong together (partitioned or not)."""

    def __init__(self, paths: Sequence[Path], name: str, stem: str) -> None:
        import pyarrow.dataset

        super().__init__(name, stem)
        try:
            self._data = pyarrow.dataset.dataset([str(path) for path in paths], format="parquet", partitioning="hive",
                                                 partition_base_dir=_common_folder(paths))  # fmt: skip
            self._schema = self._data.schema
        except (*DAMAGE, pyarrow.ArrowException) as error:
            raise self._damaged() from error

    def _damaged(self) -> DataError:
        return DataError("this is no parquet file, or it is damaged", self.name, "Export it again.",
                         code="data.unreadable")  # fmt: skip

    def _read_columns(self) -> tuple[str, ...]:
        names = [str(name).strip() for name in self._schema.names]
        refuse_twins(names, self.name)
        if len(names) > MOST_COLUMNS:
            what = f"it has {len(names):,} columns, and at most {MOST_COLUMNS:,} can be read"
            raise DataError(what, self.name, "Keep the columns that are needed.", code="data.too_wide")
        return tuple(name for name, field in zip(names, self._schema, strict=True) if name and _is_plain(field.type))

    def _blocks(self, columns: Sequence[str], rows: int) -> Iterator[Block]:
        import pyarrow

        stored = {name.strip(): name for name in self._schema.names}
        try:
            total, done = max(self._data.count_rows(), 1), 0
            wanted = [stored[name] for name in columns]
            how = {"batch_size": rows, "batch_readahead": 2, "fragment_readahead": 1, "use_threads": False}
            for batch in self._data.to_batches(wanted, **how):  # one thread: somebody may be looking at pages
                if batch.num_rows:
                    block = pd.DataFrame({name: _as_text(batch.column(place)) for place, name in enumerate(columns)})
                    block.index = pd.RangeIndex(done, done + len(block))
                    done += len(block)
                    yield done / total, block
        except (*DAMAGE, pyarrow.ArrowException) as error:
            raise self._damaged() from error


def _common_folder(paths: Sequence[Path]) -> str:
    """The folder below which hive-like partitions (`country=NO/`) begin."""
    folder = paths[0].parent
    while "=" in folder.name:
        folder = folder.parent
    return str(folder)


def _is_plain(kind: Any) -> bool:
    """Whether values of an Arrow type can be written in a cell."""
    import pyarrow.types as types

    if types.is_list(kind) or types.is_large_list(kind):
        return types.is_string(kind.value_type) or types.is_large_string(kind.value_type)
    return not types.is_nested(kind) and not types.is_binary(kind) and not types.is_large_binary(kind)


def _as_text(values: "pyarrow.Array") -> pd.Series:  # type: ignore[name-defined]  # noqa: F821
    """As a csv would write it: whole numbers without a fraction, lists of words parted by |, nothing for null."""
    import pyarrow
    import pyarrow.compute as compute

    kind = values.type
    if pyarrow.types.is_dictionary(kind):
        values, kind = values.dictionary_decode(), kind.value_type
    if pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind):
        values = compute.binary_join(values, "|")
    elif pyarrow.types.is_floating(kind):
        numbers = values.to_pandas()
        if (numbers.isna() | (numbers % 1 == 0)).all() and numbers.abs().max() < 2**53:
            values = compute.cast(values, pyarrow.int64())
    text = compute.fill_null(compute.cast(values, pyarrow.string()), "")
    return text.to_pandas().astype("str")


class FrameTable(TableFile):
    """A table that is in memory already; its index counts records as `blocks` promises."""

    def __init__(self, frame: pd.DataFrame, name: str) -> None:
        super().__init__(name, name.split(".")[0])
        self._whole = frame

    def _read_columns(self) -> tuple[str, ...]:
        return tuple(self._whole.columns)

    def _blocks(self, columns: Sequence[str], rows: int) -> Iterator[Block]:
        for start in range(0, len(self._whole), rows):
            share = min((start + rows) / len(self._whole), 1.0)
            yield share, self._whole.iloc[start : start + rows][list(columns)].astype("str")


class SheetTable(TableFile):
    """One sheet of a workbook, as values: formulas give what they last showed."""

    def __init__(self, path: Path, sheet: str, alone: bool) -> None:
        super().__init__(path.name if alone else f"{path.name}, sheet {sheet}", _stem(path) if alone else sheet)
        self.path, self.sheet = path, sheet
        self._whole: pd.DataFrame | None = None

    def _read(self) -> pd.DataFrame:
        if self._whole is None:
            try:
                raw = pd.read_excel(self.path, sheet_name=self.sheet, header=None, dtype=str, na_filter=False)
            except (*DAMAGE, KeyError) as error:
                raise _no_workbook(self.path) from error
            if raw.empty:
                raise DataError("this sheet is empty", self.name, "Fill it or remove it.", code="data.empty")
            names = [str(name).strip() for name in raw.iloc[0]]
            refuse_twins(names, self.name)
            whole = raw.iloc[1:].astype("str").set_axis(names, axis=1).reset_index(drop=True)
            self._whole = whole.loc[:, [bool(name) for name in names]]
        return self._whole

    def _read_columns(self) -> tuple[str, ...]:
        return tuple(self._read().columns)

    def _blocks(self, columns: Sequence[str], rows: int) -> Iterator[Block]:
        whole = self._read()
        for start in range(0, len(whole), rows):
            yield min((start + rows) / len(whole), 1.0), whole.iloc[start : start + rows][list(columns)]


def _no_workbook(path: Path) -> DataError:
    return DataError("this is no workbook, or it is damaged", path.name, "Save it as .xlsx or CSV again.",
                     code="data.unreadable")  # fmt: skip


def _sheets(path: Path) -> list[TableFile]:
    """The sheets that hold something; refuses a workbook that would unpack without end."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_UNPACKED:
            what = f"it unpacks to {unpacked / 1e6:,.0f} MB, and at most {MOST_UNPACKED / 1e6:,.0f} MB are read"
            raise DataError(what, path.name, "Save it as CSV.", code="data.too_large")
        with pd.ExcelFile(path) as book:
            names = [str(name) for name in book.sheet_names]
    except (*DAMAGE, KeyError) as error:
        raise _no_workbook(path) from error
    return [SheetTable(path, name, alone=len(names) == 1) for name in names]


def holds_tables(folder: Path) -> bool:
    """Whether some file of a folder looks like a table."""
    return bool(_named(folder, *TEXT_ENDINGS, *BOOK_ENDINGS)) or any(folder.rglob("*.parquet"))


def _named(folder: Path, *endings: str) -> list[Path]:
    files = (path for path in sorted(folder.iterdir()) if path.is_file() and not _is_features(path))
    return [path for path in files if path.name.lower().endswith(endings)]


def _is_features(path: Path) -> bool:
    """Numbers that describe items, not a table of what people said or did."""
    return FEATURES in path.name.lower()


def tables_in(folder: Path) -> list[TableFile]:
    """Every table of a folder, by name; parquet parts that belong together are one table.

    Raises
    ------
    DataError
        A file that should be a table is damaged.
    """
    texts = [TextTable(path) for path in _named(folder, *TEXT_ENDINGS)]
    sheets = [sheet for path in _named(folder, *BOOK_ENDINGS) for sheet in _sheets(path)]
    return [*texts, *sheets, *_parquet_tables(folder)]


def _parquet_tables(folder: Path) -> Iterator[TableFile]:
    groups: dict[str, list[Path]] = {}
    for path in sorted(path for path in folder.rglob("*.parquet") if not _is_features(path)):
        groups.setdefault(_table_of(path, folder), []).append(path)
    for name, paths in groups.items():
        alone = len(paths) == 1 and paths[0].parent == folder
        yield ParquetTable(paths, paths[0].name if alone else name, name)


def _table_of(path: Path, folder: Path) -> str:
    """The table a part belongs to: its folder's name, or its own without a number at the end."""
    within = path.relative_to(folder).parts
    if len(within) > 1 and "=" not in within[0]:
        return within[0]
    if len(within) > 1:
        return folder.name
    return re.sub(r"[-_.]?\d[\w.-]*$", "", path.stem) or folder.name


def _stem(path: Path) -> str:
    """A file's name without its endings."""
    return path.name.split(".")[0]
