"""From an interval to a verdict: the whole table."""

import math

import pytest

from fmm_core.audit.verdict import ruled_out, turned_round, verdict
from fmm_core.runs.tables import VERDICTS


@pytest.mark.parametrize(
    ("low", "high", "tolerance", "linear_high", "expected"),
    [
        (0.60, 0.70, 0.05, None, "leaks"),
        (0.5501, 0.90, 0.05, None, "leaks"),
        (0.60, 0.70, 0.05, 0.45, "leaks"),  # a leak is a leak, over-corrected or not
        (0.60, 0.70, 0.15, None, "close"),  # the reader accepts more
        (0.46, 0.54, 0.05, None, "within"),
        (0.45, 0.55, 0.05, None, "within"),  # the edge belongs to what is accepted
        (0.46, 0.54, 0.05, 0.51, "within"),
        (0.46, 0.54, 0.05, 0.50, "within"),  # the linear interval touches guessing
        (0.46, 0.54, 0.05, 0.499, "over"),
        (0.30, 0.44, 0.05, None, "over"),
        (0.30, 0.46, 0.05, None, "too_few"),
        (0.50, 0.57, 0.05, None, "close"),
        (0.43, 0.50, 0.05, None, "close"),
        (0.55, 0.60, 0.05, None, "close"),  # the lower end is on the edge, not above it
        (0.45, 0.56, 0.05, None, "too_few"),
        (0.20, 0.80, 0.05, None, "too_few"),
        (math.nan, math.nan, 0.05, None, "too_few"),
        (0.48, math.nan, 0.05, None, "too_few"),
        (math.nan, 0.52, 0.05, 0.4, "too_few"),
        (0.46, 0.54, 0.05, math.nan, "within"),
    ],
)
def test_verdict(low: float, high: float, tolerance: float, linear_high: float | None, expected: str) -> None:
    assert verdict(low, high, tolerance, linear_high) == expected
    assert expected in VERDICTS


def test_a_leak_below_guessing_is_never_ruled_out_as_less_than_guessing() -> None:
    assert ruled_out(0.57) == 0.57
    assert ruled_out(0.44) == 0.5


def test_turning_answers_round() -> None:
    assert turned_round(0.377) == pytest.approx(0.623)
