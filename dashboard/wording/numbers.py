"""How figures are printed: tries whole, intervals rounded outwards, a real minus, never "0 %"."""

import math
from collections.abc import Sequence

MINUS = "\u2212"


def tries(value: float) -> str:
    """An AUC as right answers in 100 tries, a whole number."""
    return f"{_half_up(100 * value):d}"


def tries_between(low: float, high: float) -> str:
    """An interval of an AUC in tries, rounded outwards so that it never contradicts the verdict."""
    return f"{tries_down(low)} to {tries_up(high)}"


def tries_down(value: float) -> int:
    """The whole number of tries at or below an AUC."""
    return math.floor(100 * value + 1e-9)


def tries_up(value: float) -> int:
    """The whole number of tries at or above an AUC."""
    return math.ceil(100 * value - 1e-9)


def percent(share: float, digits: int = 0) -> str:
    """A share of 1 as a percentage; a share that is there but too small to print reads "under 1 %"."""
    least = 10.0**-digits
    if 0 < 100 * share < least:
        return f"under {least:g} %"
    return f"{_fixed(100 * share, digits)} %"


def p_value(value: float | None) -> str:
    """A p-value with three digits; nothing where there is none."""
    if value is None:
        return ""
    return "under 0.001" if value < 0.001 else f"{value:.3f}"


def of_100(share: float, digits: int = 1) -> str:
    """A share of 1 as a number out of 100: ``0.297`` reads 29.7."""
    return _fixed(100 * share, digits)


def signed(value: float, digits: int = 1) -> str:
    """A change with its sign; one that rounds to nothing has none."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return (MINUS if value < 0 else "+") + text


def signed_between(low: float, high: float, digits: int = 1) -> str:
    """An interval of a change, rounded outwards."""
    scale = 10.0**digits
    down, up = math.floor(low * scale + 1e-9) / scale, math.ceil(high * scale - 1e-9) / scale
    return f"{signed(down, digits)} to {signed(up, digits)}"


def count(number: int) -> str:
    """A number of people or things, with thousands commas."""
    return f"{number:,}"


def small(number: int) -> str:
    """A count as running text has it: words up to twelve."""
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    return words[number] if 0 <= number < len(words) else count(number)


def people(number: int) -> str:
    """``1 person``, ``6,040 people``."""
    return f"{count(number)} {'person' if number == 1 else 'people'}"


def listed(names: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def _fixed(value: float, digits: int) -> str:
    text = f"{abs(value):.{digits}f}"
    return (MINUS if value < 0 and float(text) else "") + text


def _half_up(value: float) -> int:
    return math.floor(value + 0.5)
