"""The trade-off: accuracy kept across, the strongest attacker up; one colour and one shape a method."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.tradeoffs import NONE, Setting, front, meets
from dashboard.wording.tradeoffs import UP_AXIS, method_title, point_hover

HEIGHT = 440
LOOKS = {
    "none": (theme.MUTED, "square"),
    "repair": (theme.AFTER, "circle"),
    "leace": (theme.SKY, "cross"),
}
"""Colour token and shape per method; no method looks like a verdict."""


def trade_off(
    found: Sequence[Setting], opened: str, lose: float, right: float, tolerance: float, best: Setting | None
) -> go.Figure:
    """All settings, the front, the box of what the reader accepts, and the best bargain.

    Parameters
    ----------
    opened : the method whose weights are printed
    lose, right : the reader's limits: share of accuracy, AUC
    best : the setting to ring, if any
    """
    span, heights = _spans(found, tolerance)
    methods = list(dict.fromkeys(each.method for each in found))
    lines = [[each for each in found if each.method == method] for method in methods]
    traces = [_band(front(found)), *(trace for line in lines for trace in (_seeds(line), _line(line)))]
    traces += [_ring(best)] if best is not None else []
    traces += [_symbols(line, lose, right) for line in lines]
    texts = [_name(min(line, key=lambda each: each.kept), span) for line in lines]
    texts += [_weight(each) for each in found if each.method == opened and opened != NONE]
    design = theme.layout(
        HEIGHT,
        margin={"l": 30, "r": 8, "t": 30, "b": 46},
        dragmode="pan",
        clickmode="event+select",
        xaxis=theme.axis(range=span, title=theme.axis_title("accuracy kept in %, more is better →")),
        yaxis=theme.axis(range=heights, dtick=10),
        shapes=_shapes(lose, right, tolerance, span),
        annotations=[*texts, _axis_note(), _guessing(span)],
    )
    return theme.figure(traces, design)


def _spans(found: Sequence[Setting], tolerance: float) -> tuple[list[float], list[float]]:
    """The stretch of both axes: all points, guessing, and room for names at the left."""
    kept = [100 * share for each in found for share, _ in each.seeds]
    attacks = [100 * attack for each in found for _, attack in each.seeds]
    width = max(100 - min(kept), 4.0)
    left, right = min(kept) - 0.35 * width, max(100.0, *kept) + 0.12 * width
    return [left, right], [50 - 100 * tolerance - 2, max(*attacks, 65.0) + 4]


def _axis_note() -> dict[str, Any]:
    return {
        "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 6,
        "showarrow": False, "text": theme.coloured(theme.MUTED, UP_AXIS),
        "font": {"size": theme.AXIS},
    }  # fmt: skip


def _guessing(span: list[float]) -> dict[str, Any]:
    return {
        "x": span[0], "xanchor": "left", "y": 50, "yanchor": "bottom", "showarrow": False,
        "text": theme.coloured(theme.MUTED, "guessing"), "font": {"size": theme.AXIS},
    }  # fmt: skip


def _shapes(lose: float, right: float, tolerance: float, span: list[float]) -> list[dict[str, Any]]:
    """Guessing with its band, and the box of what the reader accepts."""
    wide = {"x0": span[0], "x1": span[1], "layer": "below"}
    low, high = 50 - 100 * tolerance, 50 + 100 * tolerance
    return [
        wide | {"type": "rect", "y0": low, "y1": high, "fillcolor": theme.BAND, "line": {"width": 0}},
        {"type": "rect", "layer": "below", "x0": 100 * (1 - lose), "x1": span[1], "y0": low, "y1": 100 * right,
         "fillcolor": theme.faded(theme.AFTER, 0.1), "line": {"color": theme.AFTER, "width": 1.5}},
        wide | {"type": "line", "y0": 50, "y1": 50, "line": {"color": theme.INK, "width": 1}},
    ]  # fmt: skip


def _band(best: Sequence[Setting]) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "x": [100 * each.kept for each in best], "hoverinfo": "skip",
        "y": [100 * each.attack for each in best], "line": {"color": theme.faded(theme.BEFORE, 0.25), "width": 14},
    }  # fmt: skip


def _seeds(line: Sequence[Setting]) -> dict[str, Any]:
    seeds = [seed for each in line if len(each.seeds) > 1 for seed in each.seeds]
    marker = {"size": 6, "color": theme.faded(LOOKS[line[0].method][0], 0.4)}
    return {
        "type": "scatter", "mode": "markers", "x": [100 * kept for kept, _ in seeds], "marker": marker,
        "y": [100 * attack for _, attack in seeds], "hoverinfo": "skip",
    }  # fmt: skip


def _line(line: Sequence[Setting]) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "x": [100 * each.kept for each in line], "hoverinfo": "skip",
        "y": [100 * each.attack for each in line], "line": {"color": LOOKS[line[0].method][0], "width": 1.5},
    }  # fmt: skip


def _symbols(line: Sequence[Setting], lose: float, right: float) -> dict[str, Any]:
    colour, symbol = LOOKS[line[0].method]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [100 * each.kept for each in line],
        "y": [100 * each.attack for each in line],
        "marker": {
            "size": [15 if meets(each, lose, right) else 9 for each in line],
            "symbol": ["triangle-down" if each.below else symbol for each in line],
            "color": colour,
            "line": {"color": theme.BACKGROUND, "width": 1.5},
            "opacity": 1,
        },
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
        "customdata": [each.points[0].run_id for each in line],
        "text": [point_hover(each) for each in line],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _ring(best: Setting) -> dict[str, Any]:
    marker = {"size": 26, "symbol": "circle-open", "color": theme.INK, "line": {"width": 2}}
    return {
        "type": "scatter", "mode": "markers", "x": [100 * best.kept], "y": [100 * best.attack], "marker": marker,
        "hoverinfo": "skip",
    }  # fmt: skip


def _name(end: Setting, span: list[float]) -> dict[str, Any]:
    colour, _ = LOOKS[end.method]
    near_left = 100 * end.kept - span[0] < 0.25 * (span[1] - span[0])
    return {
        "x": 100 * end.kept, "y": 100 * end.attack, "xanchor": "left" if near_left else "right", "yanchor": "bottom",
        "xshift": 4 if near_left else -12, "yshift": 6, "showarrow": False,
        "text": f"{theme.coloured(colour, '●')} <b>{method_title(end.method)}</b>", "font": {"size": theme.TEXT},
    }  # fmt: skip


def _weight(setting: Setting) -> dict[str, Any]:
    return {
        "x": 100 * setting.kept, "y": 100 * setting.attack, "xanchor": "left", "xshift": 12, "showarrow": False,
        "text": theme.coloured(theme.MUTED, f"{setting.weight:g}"), "font": {"size": theme.AXIS},
    }  # fmt: skip
