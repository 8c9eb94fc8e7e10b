"""Who pays: a ring before, a mark after, and at the right edge the paired change, which the eye could not judge."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.findings import Figure
from dashboard.tradeoffs import Payer
from dashboard.wording.numbers import count
from dashboard.wording.tradeoffs import CHANGE, capital, change_text, group_title

ROW, HEAD, FOOT = 56, 24, 44  # px
_UP = 14
"""px between a row's middle and its title above, its marks below."""


def who_pays(found: Sequence[Payer], unit: str) -> go.Figure:
    """One row per group, in the order given; `unit` is what the axis counts."""
    rows = len(found)
    ends = [100 * end for each in found for figure in (each.before, each.after) for end in (figure.low, figure.high)]
    room = max(max(ends) - min(ends), 2.0) * 0.06
    design = theme.layout(
        ROW * rows + HEAD + FOOT,
        margin={"l": 4, "r": 4, "t": HEAD, "b": FOOT},
        xaxis=theme.axis(range=[min(ends) - room, max(ends) + room], title=theme.axis_title(unit)),
        yaxis={"range": [rows - 0.5, -0.5], "visible": False, "fixedrange": True},
        annotations=[
            _head(),
            *_names(found[0]),
            *(text for place, each in enumerate(found) for text in _texts(place, each)),
        ],
        shapes=[shape for place, each in enumerate(found) for shape in _shapes(place, each)],
    )
    ring = {"size": 11, "color": theme.BACKGROUND, "line": {"color": theme.BEFORE, "width": 2.5}, "opacity": 1}
    mark = {"size": 12, "color": [_colour(each) for each in found], "opacity": 1,
            "line": {"color": theme.BACKGROUND, "width": 1.5}}  # fmt: skip
    before = _points([100 * each.before.value for each in found], found, ring)
    return theme.figure([before, _points([100 * each.after.value for each in found], found, mark)], design)


def _colour(payer: Payer) -> str:
    return theme.AFTER if payer.attribute else theme.INK


def _y(place: int) -> float:
    return place + _UP / ROW


def _points(values: list[float], found: Sequence[Payer], marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "x": values, "y": [_y(place) for place in range(len(found))],
        "marker": marker, "cliponaxis": False, "hovertemplate": "%{text}<extra></extra>",
        "text": [_hover(each) for each in found],
    }  # fmt: skip


def _hover(payer: Payer) -> str:
    return (
        f"<b>{theme.shown(capital(group_title(payer)))}</b>, {count(payer.after.n)} people<br>"
        f"before {_interval(payer.before)}<br>after {_interval(payer.after)}<br>change {change_text(payer)}"
    )


def _interval(figure: Figure) -> str:
    return f"{100 * figure.value:.2f} ({100 * figure.low:.2f} to {100 * figure.high:.2f})"


def _shapes(place: int, payer: Payer) -> list[dict[str, Any]]:
    """A rule above the row, the pale interval after, the thin grey one before, and the way between the two marks."""
    y, half = _y(place), 6 / ROW
    rule = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": place - 0.5, "y1": place - 0.5}
    after = {"type": "rect", "x0": 100 * payer.after.low, "x1": 100 * payer.after.high, "y0": y - half, "y1": y + half}
    before = {"type": "line", "x0": 100 * payer.before.low, "x1": 100 * payer.before.high, "y0": y, "y1": y}
    way = {"type": "line", "x0": 100 * payer.before.value, "x1": 100 * payer.after.value, "y0": y, "y1": y}
    shapes = [
        after | {"fillcolor": theme.faded(_colour(payer), 0.28), "line": {"width": 0}},
        before | {"line": {"color": theme.faded(theme.BEFORE, 0.7), "width": 3}},
        way | {"line": {"color": theme.BEFORE, "width": 1.5}},
    ]
    if place:
        shapes.insert(0, rule | {"line": {"color": theme.GRID, "width": 1}})
    return [shape | {"layer": "below"} for shape in shapes]


def _head() -> dict[str, Any]:
    return {
        "xref": "paper", "x": 1, "xanchor": "right", "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False,
        "text": theme.coloured(theme.MUTED, CHANGE), "font": {"size": theme.AXIS},
    }  # fmt: skip


def _names(first: Payer) -> list[dict[str, Any]]:
    """ "before" and "after", written once, outside the first row's intervals."""
    falls = first.after.value <= first.before.value
    common = {"y": _y(0), "yanchor": "middle", "showarrow": False, "font": {"size": theme.SMALL}}
    low, high = min(first.before.low, first.after.low), max(first.before.high, first.after.high)
    left, right = ("after", "before") if falls else ("before", "after")
    return [
        common | {"x": 100 * low, "xanchor": "right", "xshift": -4, "text": theme.coloured(theme.MUTED, left)},
        common | {"x": 100 * high, "xanchor": "left", "xshift": 4, "text": theme.coloured(theme.MUTED, right)},
    ]


def _texts(place: int, payer: Payer) -> list[dict[str, Any]]:
    people = theme.coloured(theme.MUTED, count(payer.after.n))
    title = f"<b>{theme.shown(capital(group_title(payer)))}</b> {people}"
    common = {"xref": "paper", "y": place, "yshift": _UP, "yanchor": "middle", "showarrow": False}
    change = f"<b>{change_text(payer)}</b>" if payer.sure else theme.coloured(theme.MUTED, change_text(payer))
    return [
        common | {"x": 0, "xanchor": "left", "text": title, "font": {"size": theme.TEXT}},
        common | {"x": 1, "xanchor": "right", "text": change, "font": {"size": theme.AXIS}},
    ]
