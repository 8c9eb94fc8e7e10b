"""The trade-off: accuracy kept across, the strongest attacker up; one colour and one shape a method."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.labels import NAME, Label, Point, Screen, Spot, along, around, close, led_to, placed
from dashboard.tradeoffs import NONE, Line, Setting, front, lines, meets
from dashboard.wording.tradeoffs import BARGAIN, UP_AXIS, line_titles, point_hover, weights_text

HEIGHT = 440
MARGIN = {"l": 30, "r": 8, "t": 30, "b": 46}
WIDTHS = (400, 1040)
"""px the figure is wide on a phone and at most: the server never learns which, so words must stand well on both."""
LARGE, USUAL, RING = 16, 11, 28  # px
MARK_COUNTS = 5
"""A word on a symbol is as bad as one on so many pieces of a line."""
LOOKS = {
    "none": (theme.MUTED, "square", "■"),
    "flow": (theme.AFTER, "star-diamond", "✦"),
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
    design = theme.layout(
        HEIGHT,
        margin=MARGIN,
        dragmode="pan",
        clickmode="event+select",
        xaxis=theme.axis(range=span, title=theme.axis_title("accuracy kept in %, more is better →")),
        yaxis=theme.axis(range=heights, dtick=10),
        shapes=_shapes(lose, right, tolerance, span),
        annotations=[*_words(found, opened, best, span, heights), _axis_note(), _guessing(span)],
    )
    return theme.figure(traces, design)


def _spans(found: Sequence[Setting], tolerance: float) -> tuple[list[float], list[float]]:
    """The stretch of both axes: all points, guessing, and room for names at the left."""
    kept = [100 * share for each in found for share, _ in each.seeds]
    attacks = [100 * attack for each in found for _, attack in each.seeds]
    width = max(100 - min(kept), 4.0)
    left, right = min(kept) - 0.35 * width, max(100.0, *kept) + 0.12 * width
    return [left, right], [50 - 100 * tolerance - 2, max(*attacks, 65.0) + 7]


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


@dataclass(frozen=True)
class _Word:
    """A text beside the mark of a setting."""

    setting: Setting
    text: str
    letters: int
    size: int
    spots: Sequence[Spot]


def _words(
    found: Sequence[Setting], opened: Line, best: Setting | None, span: Sequence[float], heights: Sequence[float]
) -> list[dict[str, Any]]:
    """The weights along the opened line, the best bargain, and each line's name at its low-accuracy end."""
    words = [_weight(each, each is best) for each in found if each.line == opened and opened.method != NONE]
    words += [_Word(best, BARGAIN, len(BARGAIN), theme.AXIS, led_to(RING / 2 + 10))] if best is not None else []
    titles = line_titles([each.line for each in found], opened)
    ends = [min(line, key=lambda each: each.kept) for line in lines(found)]
    words += [_name(end, titles[end.line]) for end in sorted(ends, key=lambda each: -each.kept)]  # crowded first
    plots = [(float(width - MARGIN["l"] - MARGIN["r"]), float(HEIGHT - MARGIN["t"] - MARGIN["b"])) for width in WIDTHS]

    def at(setting: Setting, plot: tuple[float, float]) -> Point:
        """px from the left and from the bottom of a plot."""
        across = (100 * setting.kept - span[0]) / (span[1] - span[0])
        up = (100 * setting.attack - heights[0]) / (heights[1] - heights[0])
        return plot[0] * across, plot[1] * up

    def drawn(plot: tuple[float, float]) -> Screen:
        marks = np.repeat(around([at(each, plot) for each in found], USUAL), MARK_COUNTS, axis=0)
        joined = [along([at(each, plot) for each in line]) for line in lines(found)]
        return Screen(*plot, np.vstack([marks, *joined]))

    labels = [Label(tuple(at(word.setting, plot) for plot in plots), word.letters, word.spots) for word in words]
    spots = placed(labels, [drawn(plot) for plot in plots])
    return [_note(word, spot) for word, spot in zip(words, spots, strict=True)]


def _name(end: Setting, title: str) -> _Word:
    colour, _, glyph = LOOKS[end.method]
    text = f"{theme.coloured(colour, glyph)} <b>{theme.shown(title)}</b>"
    return _Word(end, text, len(title) + 2, theme.TEXT, NAME)


def _weight(setting: Setting, ringed: bool) -> _Word:
    text = weights_text(setting)
    return _Word(setting, theme.coloured(theme.MUTED, text), len(text), theme.AXIS, close(20 if ringed else 11))


def _note(word: _Word, spot: Spot) -> dict[str, Any]:
    anchor, across, up = spot
    away: dict[str, Any] = {"xshift": across, "yshift": up, "showarrow": False}
    if word.text == BARGAIN and abs(up) > RING:
        away = {"ax": across, "ay": -up, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": theme.INK, "standoff": RING / 2}
    return away | {
        "x": 100 * word.setting.kept, "y": 100 * word.setting.attack, "xanchor": anchor, "yanchor": "middle",
        "text": word.text, "font": {"size": word.size}, "bgcolor": theme.faded(theme.BACKGROUND, 0.7), "borderpad": 0,
    }  # fmt: skip
