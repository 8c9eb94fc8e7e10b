"""A hundred tries as a hundred dots: solid are sure, pale are the margin of error, the rule marks guessing."""

from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.wording.numbers import tries_down, tries_up

SIDE = 208  # px: two fit side by side on a phone
_SIDE, _DOT = 10, 12


def dot_square(low: float, high: float, token: str) -> go.Figure:
    """A square of 10 × 10 dots, filled row by row from the top.

    Parameters
    ----------
    low, high : ends of the interval of an AUC, 0 … 1; equal ends show a plain number
    token : the colour of the solid dots
    """
    sure, possible = max(tries_down(low), 0), min(tries_up(high), 100)
    parts = (
        (0, sure, token),
        (sure, possible, theme.faded(token, 0.4)),
        (possible, 100, theme.faded(theme.MUTED, 0.16)),
    )
    rule = {
        "type": "line", "x0": -0.6, "x1": _SIDE - 0.4, "y0": 4.5, "y1": 4.5, "line": {"color": theme.INK, "width": 1.5},
    }  # fmt: skip
    design = theme.layout(
        SIDE,
        width=SIDE,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        hovermode=False,
        xaxis={"range": [-0.7, _SIDE - 0.3], "visible": False, "fixedrange": True},
        yaxis={"range": [_SIDE - 0.3, -0.7], "visible": False, "fixedrange": True},
        shapes=[rule],
    )
    return theme.figure([_dots(first, end, colour) for first, end, colour in parts], design)


def _dots(first: int, end: int, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [place % _SIDE for place in range(first, end)],
        "y": [place // _SIDE for place in range(first, end)],
        "marker": {"size": _DOT, "color": colour, "opacity": 1},
        "hoverinfo": "skip",
    }
