"""Times in every form that is read."""

import numpy as np
import pandas as pd
import pytest

from fmm_core.data.readers.desk import Desk
from fmm_core.data.readers.times import Times

DAY = 86_400.0
NEW_YEAR_2024 = 1_704_067_200.0
"""Seconds from 1970 to 2024-01-01, as `date -u -d 2024-01-01 +%s` says."""


def read(*values: str) -> list[float]:
    desk = Desk()
    found = Times("x.csv", "when").read(pd.Series(values), desk)
    desk.settle()
    return found.tolist()


@pytest.mark.parametrize(
    "values",
    [
        ("2024-01-01", "2024-01-31"),
        ("2024-01-01 00:00:00", "2024-01-31T00:00"),
        ("2024-01-01T00:00:00Z", "2024-01-31T01:00:00+01:00"),
        ("01.01.2024", "31.01.2024"),
        ("01.01.2024 00:00", "31.01.2024 00:00"),
        ("1/1/2024", "31/01/2024"),
        ("01/01/2024", "01/31/2024"),
        ("2024/01/01", "2024/01/31"),
        ("1704067200", str(1_704_067_200 + 30 * 86_400)),
    ],
)
def test_the_same_moments_in_every_form(values: tuple[str, str]) -> None:
    assert read(*values) == [NEW_YEAR_2024, NEW_YEAR_2024 + 30 * DAY]


def test_the_far_future_is_a_time_too() -> None:
    """Year 9590, beyond what nanoseconds can count."""
    days = (np.datetime64("9590-01-01") - np.datetime64("1970-01-01")).astype(int)
    assert read("1970-01-01", "9590-01-01") == [0, days * DAY]


def test_the_form_of_the_first_block_holds_for_the_next() -> None:
    desk, times = Desk(leave_out=True), Times("x.csv", "when")
    times.read(pd.Series(["31.01.2024"]), desk)
    assert times.read(pd.Series(["01.02.2024", "01/02/2024"]), desk).tolist()[0] == NEW_YEAR_2024 + 31 * DAY
    assert [note.count for note in desk.settle()] == [1]
