"""From an interval to a verdict: one rule for tables and pages. Imports nothing, so the dashboard may use it."""

from typing import Literal

Verdict = Literal["leaks", "within", "over", "too_few", "close"]
TOLERANCE = 0.05


def verdict(low: float, high: float, tolerance: float = TOLERANCE, linear_high: float | None = None) -> Verdict:
    """What an interval of an AUC allows to say (AUDIT.md, "The estimate", 7).

    Parameters
    ----------
    low, high : ends of the interval, 0 … 1; NaN when too few people could be judged
    tolerance : how far from guessing the reader accepts
    linear_high : upper end of the plain linear attacker's interval, if there is one

    Returns
    -------
    "leaks" : the attacker is right more often than the reader accepts
    "over" : it is wrong more often; whoever turns the answers round is right
    "within" : the whole interval lies in what the reader accepts
    "too_few" : the interval is wider than that
    "close" : it is narrow enough but reaches over the edge
    """
    if low != low or high != high:  # NaN
        return "too_few"
    if low > 0.5 + tolerance:
        return "leaks"
    if high < 0.5 - tolerance or (linear_high is not None and linear_high < 0.5):
        return "over"
    if low >= 0.5 - tolerance and high <= 0.5 + tolerance:
        return "within"
    return "too_few" if high - low > 2 * tolerance else "close"


def ruled_out(high: float) -> float:
    """The AUC above which a leak can be ruled out: the upper end of the interval, never below guessing."""
    return max(high, 0.5)


def turned_round(value: float) -> float:
    """How often an attacker is right that gives the opposite of every answer."""
    return 1 - value
