"""When something happened: numbers as they are, dates in one form for the whole column."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.data.readers.desk import Desk, Fault
from fmm_core.errors import DataError

NOT_A_TIME = Fault(
    "data.not_a_time",
    "value is no time, or not written as the others are",
    "values are no times, or not written as the others are",
    "Write all alike: numbers, or dates like 2024-01-31.",
)
LOOK = 1_000
"""Values from which the form is told."""

Parse = Callable[[pd.Series], NDArray[np.float64]]
"""Texts -> seconds, NaN where one is in another form."""


def _numbers(texts: pd.Series) -> NDArray[np.float64]:
    values = pd.to_numeric(texts, errors="coerce").to_numpy(float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _dates(form: str, texts: pd.Series) -> NDArray[np.float64]:
    moments = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    seconds = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return seconds.to_numpy(float, na_value=np.nan)


DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
FORMS: tuple[Parse, ...] = (
    _numbers,
    partial(_dates, "ISO8601"),
    *(partial(_dates, f"{day}{clock}") for day in DAYS for clock in ("", " %H:%M", " %H:%M:%S")),
)


class Times:
    """Reads one column of times, block by block; its form is told from the first block.

    Parameters
    ----------
    file, column : for messages
    """

    def __init__(self, file: str, column: str) -> None:
        self.file, self.column = file, column
        self._parse: Parse | None = None

    def read(self, texts: pd.Series, desk: Desk) -> NDArray[np.float64]:
        """Seconds, or the numbers that stand there; NaN, told at the desk, where a value is in another form.

        Raises
        ------
        DataError
            The dates can be read in two ways.
        """
        trimmed = texts.str.strip()
        self._parse = self._parse or self._told_from(trimmed.iloc[:LOOK])
        values = self._parse(trimmed)
        desk.rows(pd.Series(np.isnan(values), index=texts.index), self.file, self.column, NOT_A_TIME)
        return values

    def _told_from(self, first: pd.Series) -> Parse:
        """The form most of the first values have."""
        read = [(parse, parse(first)) for parse in FORMS]
        fits = [int(np.isfinite(values).sum()) for _, values in read]
        best = [pair for pair, fit in zip(read, fits, strict=True) if fit == max(fits)]
        parse, values = best[0]
        if any(not np.array_equal(values, other, equal_nan=True) for _, other in best[1:]) and max(fits):
            what = f'dates like "{first.iloc[0]}" can be read as day and month or as month and day'
            where = f'{self.file}, column "{self.column}"'
            raise DataError(what, where, "Write them like 2024-01-31.", code="data.ambiguous_dates")
        return parse
