"""What `bench/validity.py` found, as the page that shows it needs it. No streamlit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Covered:
    """Shares of intervals that hold the truth in one kind of world: ours, and DeLong's plain ones."""

    people: int
    share: float
    planted: float
    ours: float
    plain: float
    replicates: int


def covered(rows: Iterable[Row]) -> list[Covered]:
    """The cells of coverage, in the order of the bench."""
    return [
        Covered(row["n"], row["share"], row["planted"], row["covers"], row["plain_covers"], row["replicates"])
        for row in rows
        if row["kind"] == "coverage"
    ]


def pooled(found: Iterable[Covered]) -> tuple[float, float]:
    """Shares over all cells: ours, plain."""
    cells = list(found)
    total = sum(each.replicates for each in cells)
    ours, plain = (sum(getattr(each, name) * each.replicates for each in cells) for name in ("ours", "plain"))
    return ours / total, plain / total


def said(rows: Iterable[Row]) -> pd.DataFrame:
    """The other cells as a table in words: how often what was said."""
    return pd.DataFrame(
        {
            "world": row["cell"][:1].upper() + row["cell"][1:],
            "repeats": row["replicates"],
            "right answers in 100, mean": 100 * row["mean"],
            "best of the panel, not nested": 100 * row["naive_mean"],
            "leak found, %": 100 * row["found"],
            "says still leaks, %": 100 * row["says_leaks"],
            "says over-corrected, %": 100 * row["says_over"],
        }
        for row in rows
        if row["kind"] != "coverage"
    )
