"""The trade-off: accuracy kept across, the strongest attacker up; one colour and one shape a method."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.tradeoffs import NONE, Setting, front, meets
from dashboard.wording.tradeoffs import BARGAIN, UP_AXIS, line_title, point_hover

HEIGHT = 440
LARGE, USUAL, RING = 16, 11, 28  # px
LOOKS = {
    "none": (theme.MUTED, "square", "■"),
    "repair": (theme.AFTER, "circle", "●"),
    "leace": (theme.SKY, "cross", "✚"),
}
"""Colour token, shape, and the same shape in text, per method; no method looks like a verdict."""


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
    kinds = list(dict.fromkeys((each.made, each.method) for each in found))
    lines = [[each for each in found if (each.made, each.method) == kind] for kind in kinds]
    traces = [_band(front(found)), *(trace for line in lines for trace in (_seeds(line), _line(line)))]
    traces += [_ring(best)] if best is not None else []
    traces += [_symbols(line, lose, right, best) for line in lines]
    texts = [_name(min(line, key=lambda each: each.kept), span) for line in lines]
    texts += [_weight(each, each is best) for each in found if (each.made, each.method) == ("", opened) != ("", NONE)]
    texts += [_bargain(best, span)] if best is not None else []
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
    dash = "dot" if line[0].made else "solid"
    return {
        "type": "scatter", "mode": "lines", "x": [100 * each.kept for each in line], "hoverinfo": "skip",
        "y": [100 * each.attack for each in line],
        "line": {"color": LOOKS[line[0].method][0], "width": 1.5, "dash": dash},
    }  # fmt: skip


def _symbols(line: Sequence[Setting], lose: float, right: float, best: Setting | None) -> dict[str, Any]:
    colour, symbol, _ = LOOKS[line[0].method]
    way = "-open" if line[0].made else ""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [100 * each.kept for each in line],
        "y": [100 * each.attack for each in line],
        "marker": {
            "size": [LARGE if meets(each, lose, right) else USUAL for each in line],
            "symbol": [f"{'triangle-down' if each.below else symbol}{way}" for each in line],
            "color": colour,
            "line": {"color": theme.BACKGROUND if not way else colour, "width": 1.5},
            "opacity": 1,
        },
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
        "customdata": [each.points[0].run_id for each in line],
        "text": [point_hover(each, each is best) for each in line],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _ring(best: Setting) -> dict[str, Any]:
    marker = {"size": RING, "symbol": "circle-open", "color": theme.INK, "line": {"width": 2}}
    return {
        "type": "scatter", "mode": "markers", "x": [100 * best.kept], "y": [100 * best.attack], "marker": marker,
        "hoverinfo": "skip",
    }  # fmt: skip


def _name(end: Setting, span: list[float]) -> dict[str, Any]:
    colour, _, glyph = LOOKS[end.method]
    near_left = 100 * end.kept - span[0] < 0.25 * (span[1] - span[0])
    return {
        "x": 100 * end.kept, "y": 100 * end.attack, "xanchor": "left" if near_left else "right",
        "yanchor": "top" if end.made else "bottom",
        "xshift": 4 if near_left else -12, "yshift": -6 if end.made else 6, "showarrow": False,
        "text": f"{theme.coloured(colour, glyph)} <b>{theme.shown(line_title(end))}</b>", "font": {"size": theme.TEXT},
    }  # fmt: skip


def _bargain(best: Setting, span: list[float]) -> dict[str, Any]:
    """Below the ring, where the front leaves the figure empty."""
    near_right = span[1] - 100 * best.kept < 0.22 * (span[1] - span[0])
    return {
        "x": 100 * best.kept, "y": 100 * best.attack, "xanchor": "right" if near_right else "left", "yanchor": "top",
        "yshift": -RING / 2, "showarrow": False, "text": BARGAIN, "font": {"size": theme.AXIS},
    }  # fmt: skip


def _weight(setting: Setting, ringed: bool) -> dict[str, Any]:
    return {
        "x": 100 * setting.kept, "y": 100 * setting.attack, "xanchor": "left", "showarrow": False,
        "xshift": 20 if ringed else 12,
        "text": theme.coloured(theme.MUTED, f"{setting.weight:g}"), "font": {"size": theme.AXIS},
    }  # fmt: skip
