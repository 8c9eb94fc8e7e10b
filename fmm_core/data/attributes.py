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

MISSING = ("", "nan", "NaN", "None", "NA", "N/A")

GROUP_WORDS = {"gender": {"F": "women", "M": "men", "f": "women", "m": "men", "female": "women", "male": "men"}}
"""Codes that have a plain word."""

ML_1M_AGES = {
    "1": "under 18", "18": "18 to 24", "25": "25 to 34", "35": "35 to 44", "45": "45 to 49", "50": "50 to 55",
    "56": "56 and over",
}  # fmt: skip
"""MovieLens-1M writes a band of ages as its lower end."""


def type_attribute(name: str, values: Sequence[object]) -> tuple[Attribute | None, Note | None]:
    """Read one column as an attribute.

    Returns
    -------
    attribute : None if the column is not offered; `note` then says why.
    """
    raw = pd.Series(list(values), dtype="object").map(lambda value: "" if value is None else str(value).strip())
    raw = raw.where(~raw.isin(MISSING), "")
    known = raw[raw != ""]
    numbers = pd.to_numeric(known, errors="coerce")
    if len(known) and numbers.notna().all() and numbers.nunique() > MAX_DISTINCT_NUMBERS:
        edges = AGE_EDGES if name == "age" else _quantile_edges(numbers.to_numpy(float))
        return cut(pd.to_numeric(raw.where(raw != ""), errors="coerce").to_numpy(float), edges), None
    distinct = known.nunique()
    if distinct > MAX_CATEGORIES:
        sentence = (
            f"{name} is not offered: it has {distinct:,} different values, and at most {MAX_CATEGORIES} can be audited."
        )
        return None, Note("attribute.too_many", distinct, sentence)
    if distinct < 2:
        sentence = f"{name} is not offered: it has {'one value' if distinct else 'no value'} only."
        return None, Note("attribute.too_few", distinct, sentence)
    return _categories(name, raw), None


def _categories(name: str, raw: pd.Series) -> Attribute:
    words = ML_1M_AGES if name == "age" and set(raw) - {""} <= set(ML_1M_AGES) else GROUP_WORDS.get(name, {})
    order = sorted(set(raw) - {""}, key=_natural)
    groups = list(dict.fromkeys(words.get(value, value) for value in order))
    index = {value: groups.index(words.get(value, value)) for value in order}
    codes = raw.map(lambda value: index.get(value, UNDISCLOSED)).to_numpy(np.int16)
    return Attribute(tuple(groups), codes)


def _natural(value: str) -> tuple[float, str]:
    """By the number a value starts with ("under 18" before "18-24"), words after numbers by alphabet."""
    number = re.match(r"(under |less than |<)?\s*(\d+(?:\.\d+)?)", value.lower())
    if number is None:
        return (float("inf"), value)
    return (float(number[2]) - (0.5 if number[1] else 0.0), value)


def _quantile_edges(numbers: np.ndarray) -> tuple[float, ...]:
    edges = np.unique(np.quantile(numbers, np.arange(1, BANDS) / BANDS))
    return tuple(float(edge) for edge in edges if edge > numbers.min())


def cut(numbers: np.ndarray, edges: Sequence[float]) -> Attribute:
    """Cut numbers into bands; an edge belongs to the band above it, NaN is undisclosed."""
    codes = np.digitize(numbers, edges).astype(np.int16)
    codes[np.isnan(numbers)] = UNDISCLOSED
    return Attribute(_band_names(edges), codes, tuple(float(edge) for edge in edges))


def _band_names(edges: Sequence[float]) -> tuple[str, ...]:
    whole = all(float(edge).is_integer() for edge in edges)
    step = 1 if whole else 0
    middle = [f"{low:g} to {high - step:g}" for low, high in pairwise(edges)]
    return (f"under {edges[0]:g}", *middle, f"{edges[-1]:g} and over")
