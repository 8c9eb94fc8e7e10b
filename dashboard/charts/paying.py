"""Who pays: a ring before, a mark after, and at the right edge the paired change, which the eye could not judge."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.tradeoffs import Payer
from dashboard.wording.numbers import count
from dashboard.wording.tradeoffs import change_text, group_title

ROW, FOOT = 48, 44  # px
_UP = 12
"""px between a row's title and its marks."""


def who_pays(found: Sequence[Payer], unit: str) -> go.Figure:
    """One row per group, in the order given; `unit` is what the axis counts."""
    rows = len(found)
    values = [100 * value for each in found for value in (each.before, each.after)]
    room = max(max(values) - min(values), 2.0) * 0.15
    design = theme.layout(
        ROW * rows + FOOT,
        margin={"l": 4, "r": 4, "t": 4, "b": FOOT},
        xaxis=theme.axis(range=[min(values) - room, max(values) + room], title=theme.axis_title(unit)),
        yaxis={"range": [rows - 0.5, -0.5], "visible": False, "fixedrange": True},
        annotations=[text for place, each in enumerate(found) for text in _texts(place, each)],
        shapes=[_between(place, each) for place, each in enumerate(found)],
    )
    ring = {"size": 11, "color": theme.BACKGROUND, "line": {"color": theme.BEFORE, "width": 2.5}}
    mark = {"size": 11, "color": [theme.INK if each.attribute == "" else theme.AFTER for each in found], "opacity": 1}
    before = _points([100 * each.before for each in found], found, ring)
    return theme.figure([before, _points([100 * each.after for each in found], found, mark)], design)


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
        f"<b>{theme.shown(group_title(payer))}</b>, {count(payer.n)} people<br>"
        f"{100 * payer.before:.2f} before, {100 * payer.after:.2f} after<br>change {change_text(payer)}"
    )


def _between(place: int, payer: Payer) -> dict[str, Any]:
    return {
        "type": "line", "x0": 100 * payer.before, "x1": 100 * payer.after, "y0": _y(place), "y1": _y(place),
        "layer": "below", "line": {"color": theme.BEFORE, "width": 1.5},
    }  # fmt: skip


def _texts(place: int, payer: Payer) -> list[dict[str, Any]]:
    title = f"<b>{theme.shown(group_title(payer))}</b> {theme.coloured(theme.MUTED, count(payer.n))}"
    common = {"xref": "paper", "y": place, "yshift": _UP, "yanchor": "middle", "showarrow": False}
    change = f"<b>{change_text(payer)}</b>" if payer.sure else theme.coloured(theme.MUTED, change_text(payer))
    return [
        common | {"x": 0, "xanchor": "left", "text": title, "font": {"size": theme.TEXT}},
        common | {"x": 1, "xanchor": "right", "text": change, "font": {"size": theme.AXIS}},
    ]
