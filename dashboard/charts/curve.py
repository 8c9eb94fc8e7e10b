"""The trade-off: accuracy kept across, the strongest attacker up; one colour and one shape a method."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.labels import Box, Label, placed
from dashboard.tradeoffs import NONE, Line, Setting, front, lines, meets
from dashboard.wording.tradeoffs import BARGAIN, UP_AXIS, line_titles, point_hover, weights_text

HEIGHT = 440
MARGIN = {"l": 30, "r": 8, "t": 30, "b": 46}
PHONE = 400  # px: the narrowest the figure gets; names that stand clear of each other there do so everywhere
LARGE, USUAL, RING = 16, 11, 28  # px
LOOKS = {
    "none": (theme.MUTED, "square", "■"),
    "repair": (theme.AFTER, "circle", "●"),
    "ridge": (theme.ORANGE, "star", "★"),
    "fmmrec": (theme.INK, "diamond", "◆"),
    "leace": (theme.SKY, "cross", "✚"),
    "d2dr": (theme.INK, "hexagon", "⬢"),
    "fairgo": (theme.ORANGE, "pentagon", "⬟"),
    "cal": (theme.SKY, "triangle-right", "►"),
    "al": (theme.AFTER, "x", "✕"),
}
"""Colour token, shape, and the same shape in text, per method: no shape twice, and no method in a verdict's colour."""


def trade_off(
    found: Sequence[Setting], opened: Line, lose: float, right: float, tolerance: float, best: Setting | None
) -> go.Figure:
    """All settings, the front, the box of what the reader accepts, and the best bargain.

    Parameters
    ----------
    opened : the line whose weights are printed: a weight means something else for every method
    lose, right : the reader's limits: share of accuracy, AUC
    best : the setting to ring, if any
    """
    span, heights = _spans(found, tolerance)
    drawn = lines(found)
    traces = [_band(front(found)), *(trace for line in drawn for trace in (_seeds(line), _line(line)))]
    traces += [_ring(best)] if best is not None else []
    traces += [_symbols(line, lose, right, best) for line in drawn]
    weighed = [each for each in found if each.line == opened and opened.method != NONE]
    texts = [_weight(each, each is best) for each in weighed]
    texts += [_bargain(best, span)] if best is not None else []
    texts += _names(drawn, found, weighed, span, heights)
    design = theme.layout(
        HEIGHT,
        margin=MARGIN,
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
    dash = "dot" if line[0].made else "dash" if line[0].line.variant else "solid"
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


def _names(
    drawn: Sequence[Sequence[Setting]],
    found: Sequence[Setting],
    weighed: Sequence[Setting],
    span: list[float],
    heights: list[float],
) -> list[dict[str, Any]]:
    """Every line's name at its low-accuracy end, moved up or down where it would cover another name or a symbol."""
    wide, high = PHONE - MARGIN["l"] - MARGIN["r"], HEIGHT - MARGIN["t"] - MARGIN["b"]

    def at(setting: Setting) -> tuple[float, float]:
        """px from the left and from the bottom of the plot."""
        return (
            wide * (100 * setting.kept - span[0]) / (span[1] - span[0]),
            high * (100 * setting.attack - heights[0]) / (heights[1] - heights[0]),
        )

    titles = line_titles(each.line for each in found)
    ends = [min(line, key=lambda each: each.kept) for line in drawn]
    labels = [Label(*at(end), len(titles[end.line]) + 2) for end in ends]
    symbols = [Box.around(*at(each), USUAL, USUAL) for each in found]
    numbers = [Box.beside(*at(each), len(weights_text(each))) for each in weighed]
    return [
        _name(end, titles[end.line], shift, anchor)
        for end, (anchor, shift) in zip(ends, placed(labels, [*symbols, *numbers], wide), strict=True)
    ]


def _name(end: Setting, title: str, shift: float, anchor: str) -> dict[str, Any]:
    colour, _, glyph = LOOKS[end.method]
    return {
        "x": 100 * end.kept, "y": 100 * end.attack, "xanchor": anchor, "yanchor": "middle",
        "xshift": -10 if anchor == "right" else 10, "yshift": shift, "showarrow": False,
        "text": f"{theme.coloured(colour, glyph)} <b>{theme.shown(title)}</b>", "font": {"size": theme.TEXT},
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
        "text": theme.coloured(theme.MUTED, weights_text(setting)), "font": {"size": theme.AXIS},
    }  # fmt: skip
