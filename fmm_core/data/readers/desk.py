"""Where a reader hands in what it cannot use: rows are counted and named, and every problem is told at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from fmm_core.data.dataset import Note
from fmm_core.data.readers.rows import FIRST_ROW, NAMED_ROWS, name_rows
from fmm_core.errors import DataError, DataErrors


@dataclass(frozen=True)
class Fault:
    """What can be wrong with a cell: a stable code, its name for one and for several, and how to mend it."""

    code: str
    one: str
    several: str
    mend: str

    def counted(self, number: int) -> str:
        """``3 empty values``."""
        return f"{number:,} {self.one if number == 1 else self.several}"


FILL = "Fill or remove them."
EMPTY = Fault("data.empty_values", "empty value", "empty values", FILL)
REPEATED = Fault("data.duplicate_ids", "repeated id", "repeated ids", "Keep one row per id.")
NOT_A_NUMBER = Fault("data.not_a_number", "value is not a number", "values are not numbers", "Correct or remove them.")


@dataclass
class _Rows:
    total: int = 0
    first: list[int] = field(default_factory=list)


class Desk:
    """Collects problems of one data set while it is read.

    Parameters
    ----------
    leave_out : rows that cannot be used are left out and become notes instead of problems
    """

    def __init__(self, leave_out: bool = False) -> None:
        self.leave_out = leave_out
        self._rows: dict[tuple[str, str, Fault], _Rows] = {}
        self._errors: list[DataError] = []
        self._notes: list[Note] = []

    def rows(self, bad: pd.Series, file: str, column: str, fault: Fault) -> None:
        """Note the rows where `bad` is true; its index counts records from 0. May be called once a block."""
        found = bad.index[bad.to_numpy(bool)]
        if len(found) == 0:
            return
        noted = self._rows.setdefault((file, column, fault), _Rows())
        noted.total += len(found)
        noted.first += [int(row) + FIRST_ROW for row in found[: NAMED_ROWS - len(noted.first)]]

    def problem(self, error: DataError) -> None:
        """Note a problem that is not about rows."""
        self._errors.append(error)

    def note(self, note: Note) -> None:
        """Keep something a reader of the data set should know."""
        self._notes.append(note)

    def settle(self) -> list[Note]:
        """All notes, those on rows left out among them.

        Raises
        ------
        DataError
            There is a problem; `DataErrors` if there are several.
        """
        errors = [*self._errors, *([] if self.leave_out else self._row_errors())]
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise DataErrors(tuple(errors))
        return [*self._notes, *self._row_notes()]

    def _row_errors(self) -> Iterator[DataError]:
        for (file, column, fault), rows in self._rows.items():
            what = f"{fault.counted(rows.total)} ({name_rows(rows.first, rows.total)})"
            yield DataError(what, f'{file}, column "{column}"', fault.mend, code=fault.code)

    def _row_notes(self) -> Iterator[Note]:
        for (file, column, fault), rows in self._rows.items():
            were = "row was" if rows.total == 1 else "rows were"
            why = f"{fault.one if rows.total == 1 else fault.several} ({name_rows(rows.first, rows.total)})"
            sentence = f'{rows.total:,} {were} left out of {file}, column "{column}": {why}.'
            yield Note(f"rows.left_out.{fault.code.removeprefix('data.')}", rows.total, sentence)


def refuse(bad: pd.Series, file: str, column: str, fault: Fault) -> None:
    """Tell bad rows at once, where nothing may be left out.

    Raises
    ------
    DataError
        Any entry of `bad` is true.
    """
    desk = Desk()
    desk.rows(bad, file, column, fault)
    desk.settle()
