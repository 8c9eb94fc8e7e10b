"""Leakage as rows: a grey ring before, a filled mark after, right answers in 100 tries across.

The upright axis counts px from the top, so that rows may differ in height.
"""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.findings import BEFORE_AFTER, Figure, Finding
from dashboard.wording.numbers import count, tries
from dashboard.wording.sentences import guess_label
from dashboard.wording.verdicts import LOOKS

ROW, HEAD, FOOT = 76, 40, 52  # px
SECOND = 26  # px: the line below for the biased part of a modality
_AIR = 3  # tries beside the outermost tick, so that its label is not cut
_APART = 0.09  # AUC: closer marks leave no room for a word over each on a phone
FEW = 500
"""Fewer people than this are named beside the row's title."""

LINE = 50  # px below the top of a row: its marks
_TITLE = 16  # px below the top of a row: its words
_WORD = 15  # px above the marks
_ON_THE_LEFT = 55  # tries: below, a word to the left of a mark might be cut on a phone

Names = tuple[str, str, str]


def dumbbell(findings: Sequence[Finding], tolerance: float, names: Names = BEFORE_AFTER) -> go.Figure:
    """One row per finding, in the order given.

    Parameters
    ----------
    findings : at least one
    tolerance : how far from guessing the reader accepts, in AUC
    names : what the ring, the filled mark and the square of the biased part are called
    """
    low = _lowest(findings)
    heights = [ROW + (SECOND if finding.biased else 0) for finding in findings]
    tops = list(accumulate(heights, initial=0))
    rows = list(zip(tops, findings, strict=False))
    design = theme.layout(
        HEAD + tops[-1] + FOOT,
        margin={"l": 4, "r": 4, "t": HEAD, "b": FOOT},
        xaxis=theme.axis(
            range=[low - _AIR, 100 + _AIR],
            tickvals=list(range(low, 101, 10)),
            title=theme.axis_title("right answers in 100 tries"),
        ),
        yaxis={"range": [tops[-1], 0], "visible": False, "fixedrange": True},
        annotations=[
            *_guess(tolerance),
            *_phases(rows, names),
            *(each for top, finding in rows for each in _texts(top, finding, names[2])),
        ],
        shapes=[
            *_band(tolerance),
            *_separators(tops[1:-1]),
            *(each for top, finding in rows for each in _bars(top, finding)),
        ],
    )
    return theme.figure([_rings(rows, names), _marks(rows, names), *_squares(rows, names)], design)


def _lowest(findings: Sequence[Finding]) -> int:
    """Where the axis begins: 40, or the ten below the lowest interval; its end is always 100, so views compare."""
    lowest = min(100 * figure.low for finding in findings for figure in (*_both(finding), finding.biased) if figure)
    return max(0, min(40, 10 * math.floor((lowest - 4) / 10) if lowest < 42 else 40))


def _guess(tolerance: float) -> list[dict[str, Any]]:
    line, accepted = guess_label(tolerance)
    label = {
        "x": 50 - 100 * tolerance, "xanchor": "left", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 4,
        "showarrow": False, "text": f"{line} {theme.coloured(theme.MUTED, accepted)}", "font": {"size": theme.AXIS},
    }  # fmt: skip
    return [label]


def _band(tolerance: float) -> list[dict[str, Any]]:
    whole = {"yref": "paper", "y0": 0, "y1": 1, "layer": "between"}
    return [
        whole | {"type": "rect", "x0": 50 - 100 * tolerance, "x1": 50 + 100 * tolerance, "fillcolor": theme.BAND,
                 "line": {"width": 0}},
        whole | {"type": "line", "x0": 50, "x1": 50, "line": {"color": theme.INK, "width": 1}},
    ]  # fmt: skip


def _separators(tops: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": top, "y1": top, "layer": "between",
         "line": {"color": theme.GRID, "width": 1}}
        for top in tops
    ]  # fmt: skip


def _bars(top: int, finding: Finding) -> list[dict[str, Any]]:
    """The line between; intervals: thin grey before, wide and pale after, thin and dark of the biased part."""
    shapes, y = [], top + LINE
    if finding.before and finding.after:
        ends = {"x0": 100 * finding.before.value, "x1": 100 * finding.after.value, "y0": y, "y1": y}
        shapes.append({"type": "line", "layer": "between", "line": {"color": theme.BEFORE, "width": 1.5}} | ends)
    if finding.after:
        shapes.append(_bar(y, finding.after, 6, theme.faded(LOOKS[finding.says].token, 0.35)))
    if finding.before:
        single = finding.after is None and _judged(finding)
        colour = theme.faded(LOOKS[finding.says].token, 0.35) if single else theme.BEFORE
        shapes.append(_bar(y, finding.before, 6 if single else 2, colour))
    if finding.biased:
        shapes.append(_bar(y + SECOND, finding.biased, 2, theme.faded(theme.INK, 0.5)))
    return shapes


def _bar(y: float, figure: Figure, half: float, colour: str) -> dict[str, Any]:
    return {
        "type": "rect", "layer": "between", "x0": 100 * figure.low, "x1": 100 * figure.high,
        "y0": y - half, "y1": y + half, "fillcolor": colour, "line": {"width": 0},
    }  # fmt: skip


def _judged(finding: Finding) -> bool:
    """A row read from the data is a fact about the data; no verdict on a mitigation belongs to it."""
    return not finding.key.startswith(("history|", "profile_raw|"))


def _texts(top: int, finding: Finding, biased: str) -> list[dict[str, Any]]:
    look = LOOKS[finding.says]
    few = f" {theme.coloured(theme.MUTED, f'{count(finding.now.n)} people')}" if finding.now.n < FEW else ""
    title = f"<b>{theme.shown(finding.title)}</b>{few}"
    verdict = f"{theme.coloured(look.token, look.glyph)} <b>{finding.words}</b>"
    if not _judged(finding):
        verdict = theme.coloured(theme.MUTED, "read from the data")
    return [
        _text(top + _TITLE, "paper", 0, title, "left", theme.LABEL),
        _text(top + _TITLE, "paper", 1, verdict, "right", theme.TEXT),
        *_numbers(top + LINE, finding),
        *_named_number(top + LINE + SECOND, finding.biased, biased),
    ]


def _phases(rows: Sequence[tuple[int, Finding]], names: Names) -> list[dict[str, Any]]:
    """ "before" and "after" over the marks of one row: the first where they stand well apart, else the first of all."""
    both = [(top, each.before.value, each.after.value) for top, each in rows if each.before and each.after]
    if not both:
        return []
    top, before, after = next((row for row in both if abs(row[1] - row[2]) > _APART), both[0])
    left, right = ("center", "center") if abs(before - after) > _APART else ("right", "left")
    words = ((after, names[1]), (before, theme.coloured(theme.MUTED, names[0])))
    first, second = words if after <= before else words[::-1]
    return [
        _text(top + LINE - _WORD, "x", 100 * value, word, anchor, theme.AXIS)
        for (value, word), anchor in ((first, left), (second, right))
    ]


def _named_number(y: float, figure: Figure | None, name: str) -> list[dict[str, Any]]:
    """The figure of a mark that stands alone on its line, with its name."""
    if figure is None:
        return []
    number = f"<b>{tries(figure.value)}</b>"
    if 100 * figure.low > _ON_THE_LEFT:
        return [_text(y, "x", 100 * figure.low, f"{name} {number}", "right", theme.AXIS, shift=-10)]
    return [_text(y, "x", 100 * figure.high, f"{number} {name}", "left", theme.AXIS, shift=10)]


def _numbers(y: float, finding: Finding) -> list[dict[str, Any]]:
    """The figures, outside the intervals: the lower one to the left, the higher one to the right."""
    strong = f"<b>{tries(finding.now.value)}</b>"
    if finding.before is None or finding.after is None:
        return [_text(y, "x", 100 * finding.now.high, strong, "left", theme.LABEL, shift=10)]
    left, right = min(f.low for f in _both(finding)), max(f.high for f in _both(finding))
    earlier = theme.coloured(theme.MUTED, tries(finding.before.value))
    first, second = (strong, earlier) if finding.after.value <= finding.before.value else (earlier, strong)
    return [
        _text(y, "x", 100 * left, first, "right", theme.LABEL, shift=-10),
        _text(y, "x", 100 * right, second, "left", theme.LABEL, shift=10),
    ]


def _both(finding: Finding) -> tuple[Figure, ...]:
    return tuple(figure for figure in (finding.before, finding.after) if figure)


def _text(y: float, xref: str, x: float, text: str, anchor: str, size: int, shift: float = 0) -> dict[str, Any]:
    return {
        "xref": xref, "x": x, "xanchor": anchor, "xshift": shift, "yref": "y", "y": y, "yanchor": "middle",
        "showarrow": False, "text": text, "align": anchor, "font": {"size": size},
    }  # fmt: skip


def _rings(rows: Sequence[tuple[int, Finding]], names: Names) -> dict[str, Any]:
    found = [
        (top + LINE, finding.before, finding)
        for top, finding in rows
        if finding.before and (finding.after or not _judged(finding))
    ]
    ring = {"size": 13, "color": theme.BACKGROUND, "line": {"color": theme.BEFORE, "width": 3}}
    return _points(names[0], found, ring)


def _marks(rows: Sequence[tuple[int, Finding]], names: Names) -> dict[str, Any]:
    found = [
        (top + LINE, finding.now, finding)
        for top, finding in rows
        if finding.after or (finding.before and _judged(finding))
    ]
    mark = {
        "size": [15 if LOOKS[finding.says].symbol.startswith("triangle") else 13 for _, _, finding in found],
        "symbol": [LOOKS[finding.says].symbol for _, _, finding in found],
        "color": [LOOKS[finding.says].token for _, _, finding in found],
        "line": {"color": theme.BACKGROUND, "width": 1.5},
        "opacity": 1,
    }
    return _points(names[1], found, mark)


def _squares(rows: Sequence[tuple[int, Finding]], names: Names) -> list[dict[str, Any]]:
    """The biased parts: it is their task to show the attribute, so no verdict colours them."""
    found = [(top + LINE + SECOND, finding.biased, finding) for top, finding in rows if finding.biased]
    mark = {"size": 12, "symbol": "square", "color": theme.INK, "line": {"color": theme.BACKGROUND, "width": 1.5}}
    return [_points(names[2], found, mark)] if found else []


def _points(name: str, rows: Sequence[tuple[float, Figure, Finding]], marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [100 * figure.value for _, figure, _ in rows],
        "y": [y for y, _, _ in rows],
        "marker": marker,
        "cliponaxis": False,
        "hovertemplate": "%{text}<extra></extra>",
        "text": [_hover(name, figure, finding) for _, figure, finding in rows],
    }


def _hover(name: str, figure: Figure, finding: Finding) -> str:
    phase = f" {name}" if finding.before and finding.after else ""
    return (
        f"<b>{theme.shown(finding.title)}</b>{phase}<br>AUC {figure.value:.3f}, 95 % interval "
        f"{figure.low:.3f} to {figure.high:.3f}<br>{count(figure.n)} people"
    )
