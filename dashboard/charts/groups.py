"""Group sizes: thin bars from zero, title and count above each; groups too small to judge are marked."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.wording.data import group_title

ROW = 42  # px
FEWEST = 20
"""Smaller groups are merged or left out, and said to be."""


def group_sizes(attribute: Mapping[str, Any]) -> go.Figure:
    """One bar per group, in the order of the data."""
    groups = attribute["groups"]
    counts = [group["count"] for group in groups]
    total, rows = sum(counts), list(range(len(groups)))
    bars = {
        "type": "bar", "orientation": "h", "x": counts, "y": [row + 0.22 for row in rows], "width": 0.24,
        "marker": {"color": [theme.ORANGE if n < FEWEST else theme.AFTER for n in counts]}, "hoverinfo": "skip",
    }  # fmt: skip
    design = theme.layout(
        ROW * len(groups) + 16,
        xaxis={"range": [0, max(counts, default=1) * 1.02], "visible": False, "fixedrange": True},
        yaxis={"range": [len(groups) - 0.5, -0.5], "visible": False, "fixedrange": True},
        annotations=[_label(row, group["name"], group["count"], total) for row, group in enumerate(groups)],
    )
    return theme.figure([bars], design)


def _label(row: int, name: str, people: int, total: int) -> dict[str, Any]:
    title, size = group_title(name, people, total)
    few = f" {theme.coloured(theme.ORANGE, '◆')} too few to judge" if people < FEWEST else ""
    return {
        "xref": "paper", "x": 0, "xanchor": "left", "y": row - 0.2, "yanchor": "middle", "showarrow": False,
        "text": f"<b>{theme.shown(title)}</b> {theme.coloured(theme.MUTED, size)}{few}", "font": {"size": theme.TEXT},
    }  # fmt: skip
