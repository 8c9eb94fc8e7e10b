"""From a column of raw values to a sensitive attribute: categories as they are, many numbers as bands (contract C1)."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from fmm_core.data.dataset import MAX_CATEGORIES, MAX_DISTINCT_NUMBERS, UNDISCLOSED, Attribute, Note

AGE_EDGES = (18.0, 25.0, 35.0, 45.0, 50.0, 56.0)
"""Bands of MovieLens-1M, used for any column called age."""

BANDS = 5
"""Bands of equal size for other numbers."""

IDENTIFYING = frozenset(("zip_code", "zipcode", "zip", "postcode", "postal_code", "name", "email", "phone"))
"""Columns that tell who somebody is instead of what they are like; numbers among them must not become bands."""

MISSING = frozenset(("", "nan", "null", "na", "n/a", "unknown", "undisclosed", "prefer not to say"))
"""Values, in lower case, that mean the person did not say."""

GENDER_WORDS = {"f": "women", "m": "men", "female": "women", "male": "men"}
GROUP_WORDS = {"gender": GENDER_WORDS, "sex": GENDER_WORDS}
"""Codes, in lower case, that have a plain word."""

ML_1M_AGES = {
    "1": "under 18", "18": "18 to 24", "25": "25 to 34", "35": "35 to 44", "45": "45 to 49", "50": "50 to 55",
    "56": "56 and over",
}  # fmt: skip
"""MovieLens-1M writes a band of ages as its lower end."""

_NUMBER = r"(\d+(?:\.\d+)?)"
_BAND_WORDS = (
    (re.compile(rf"{_NUMBER}\s*[-–]\s*{_NUMBER}"), r"\1 to \2"),
    (re.compile(rf"{_NUMBER}\s*\+"), r"\1 and over"),
    (re.compile(rf"(?:<|under|less than)\s*{_NUMBER}", re.IGNORECASE), r"under \1"),
    (re.compile(rf"(?:>|over|more than)\s*{_NUMBER}", re.IGNORECASE), r"over \1"),
)
"""Ways to write a band, and how it reads in a sentence."""


def type_attribute(name: str, values: Sequence[object]) -> tuple[Attribute | None, Note | None]:
    """Read one column as an attribute.

    Returns
    -------
    attribute : None if the column is not offered; `note` then says why.
    """
    raw = pd.Series(["" if value is None else str(value).strip() for value in values], dtype="object")
    raw[missing(raw)] = ""
    known = raw[raw != ""]
    distinct = known.nunique()
    if name.lower() in IDENTIFYING:
        return None, _refusal("identifying", name, distinct, "it tells who somebody is, not what they are like")
    if distinct < 2:
        reason = "it has one value only" if distinct else "it has no value"
        return None, _refusal("too_few", name, distinct, reason)
    numbers = pd.to_numeric(known, errors="coerce").to_numpy(float)
    if np.isfinite(numbers).all() and len(np.unique(numbers)) > MAX_DISTINCT_NUMBERS:
        edges = AGE_EDGES if name.lower() == "age" else quantile_edges(numbers)
        return cut(pd.to_numeric(raw, errors="coerce").to_numpy(float), edges), None
    if distinct > MAX_CATEGORIES:
        reason = f"it has {distinct:,} different values, and at most {MAX_CATEGORIES} can be audited"
        return None, _refusal("too_many", name, distinct, reason)
    return _categories(name, raw), None


def missing(values: pd.Series) -> pd.Series:
    """Whether a value means that the person did not say."""
    trimmed = values.str.strip()
    return trimmed.str.lower().isin(MISSING) | (trimmed == "None")  # "none" is an answer, Python's "None" is not


def _refusal(code: str, name: str, count: int, reason: str) -> Note:
    return Note(f"attribute.{code}", count, f"{name} is not offered: {reason}.")


def _categories(name: str, raw: pd.Series) -> Attribute:
    values = sorted(set(raw) - {""}, key=_natural)
    words = {value: _in_words(name.lower(), value) for value in values}
    if name.lower() == "age" and set(values) <= set(ML_1M_AGES):
        words = {value: ML_1M_AGES[value] for value in values}
    groups = list(dict.fromkeys(words.values()))
    index = {value: groups.index(word) for value, word in words.items()}
    codes = raw.map(lambda value: index.get(value, UNDISCLOSED)).to_numpy(np.int16)
    return Attribute(tuple(groups), codes)


def _in_words(name: str, value: str) -> str:
    """A value as it reads in a sentence: "women" for F, "18 to 24" for 18-24."""
    for pattern, words in _BAND_WORDS:
        if pattern.fullmatch(value):
            return pattern.sub(words, value)
    return GROUP_WORDS.get(name, {}).get(value.lower(), value)


def _natural(value: str) -> tuple[float, str]:
    """By the number a value starts with ("under 18" before "18-24"), words after numbers by alphabet."""
    number = re.match(r"(<|under |less than )?\s*(-?\d+(?:\.\d+)?)", value, re.IGNORECASE)
    if number is None:
        return (float("inf"), value)
    return (float(number[2]) - (0.5 if number[1] else 0.0), value)


def quantile_edges(numbers: np.ndarray) -> tuple[float, ...]:
    """Edges that cut `numbers` into bands of about equal size, rounded to a hundredth of their range or less.

    Where one value holds nearly everyone, the one edge parts it from the rest.
    """
    low, high = numbers.min(), numbers.max()
    decimals = 2 - int(np.floor(np.log10(high - low)))
    if (numbers == np.floor(numbers)).all():
        decimals = min(decimals, 0)
    quantiles = np.quantile(numbers, np.arange(1, BANDS) / BANDS)
    edges = [float(edge) for edge in np.unique(np.round(quantiles, decimals)) if low < edge <= high]
    return tuple(edges) or (float(np.unique(numbers)[1]),)


def cut(numbers: np.ndarray, edges: Sequence[float]) -> Attribute:
    """Cut numbers into bands; an edge belongs to the band above it, NaN is undisclosed."""
    codes = np.digitize(numbers, edges).astype(np.int16)
    codes[np.isnan(numbers)] = UNDISCLOSED
    return Attribute(_band_names(edges), codes, tuple(float(edge) for edge in edges))


def _band_names(edges: Sequence[float]) -> tuple[str, ...]:
    step = 1 if all(float(edge).is_integer() for edge in edges) else 0
    middle = [_span(low, high - step) for low, high in pairwise(edges)]
    return (f"under {_figure(edges[0])}", *middle, f"{_figure(edges[-1])} and over")


def _span(low: float, high: float) -> str:
    return _figure(low) if low == high else f"{_figure(low)} to {_figure(high)}"


def _figure(number: float) -> str:
    """A number without exponent; thousands are parted from 10,000 on, so that years stay years."""
    if float(number).is_integer():
        return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.0f}"
    return str(np.format_float_positional(number, trim="-"))
