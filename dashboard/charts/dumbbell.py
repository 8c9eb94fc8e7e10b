"""Leakage as rows: a grey ring before, a filled mark after, right answers in 100 tries across."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.findings import Figure, Finding
from dashboard.wording.numbers import count, tries
from dashboard.wording.sentences import guess_label
from dashboard.wording.verdicts import LOOKS

ROW, HEAD, FOOT = 76, 40, 52  # px
_AIR = 3  # tries beside the outermost tick, so that its label is not cut
_APART = 0.09  # AUC: closer marks leave no room for a word over each on a phone
FEW = 500
"""Fewer people than this are named beside the row's title."""

_TITLE, _WORD, _MARK = 22, 15, -12  # px above the middle of a row


def dumbbell(findings: Sequence[Finding], tolerance: float) -> go.Figure:
    """One row per finding, in the order given.

    Parameters
    ----------
    findings : at least one
    tolerance : how far from guessing the reader accepts, in AUC
    """
    low = _lowest(findings)
    rows = len(findings)
    design = theme.layout(
        HEAD + ROW * rows + FOOT,
        margin={"l": 4, "r": 4, "t": HEAD, "b": FOOT},
        xaxis=theme.axis(
            range=[low - _AIR, 100 + _AIR],
            tickvals=list(range(low, 101, 10)),
            title=theme.axis_title("right answers in 100 tries"),
        ),
        yaxis={"range": [rows - 0.5, -0.5], "visible": False, "fixedrange": True},
        annotations=[
            *_guess(tolerance),
            *_phases(findings),
            *(each for place, f in enumerate(findings) for each in _texts(place, f)),
        ],
        shapes=[
            *_band(tolerance),
            *_separators(rows),
            *(each for place, finding in enumerate(findings) for each in _bars(place, finding)),
        ],
    )
    return theme.figure([_rings(findings), _marks(findings)], design)


def _lowest(findings: Sequence[Finding]) -> int:
    """Where the axis begins: 40, or the ten below the lowest interval; its end is always 100, so views compare."""
    lowest = min(100 * figure.low for finding in findings for figure in _both(finding))
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


def _separators(rows: int) -> list[dict[str, Any]]:
    return [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": place - 0.5, "y1": place - 0.5, "layer": "between",
         "line": {"color": theme.GRID, "width": 1}}
        for place in range(1, rows)
    ]  # fmt: skip


def _y(place: int) -> float:
    return place - _MARK / ROW


def _bars(place: int, finding: Finding) -> list[dict[str, Any]]:
    """The line between, the thin grey interval before, the wide pale one after."""
    shapes = []
    if finding.before and finding.after:
        ends = {"x0": 100 * finding.before.value, "x1": 100 * finding.after.value, "y0": _y(place), "y1": _y(place)}
        shapes.append({"type": "line", "layer": "between", "line": {"color": theme.BEFORE, "width": 1.5}} | ends)
    if finding.after:
        shapes.append(_bar(place, finding.after, 6, theme.faded(LOOKS[finding.says].token, 0.35)))
    if finding.before:
        single = finding.after is None and _judged(finding)
        colour = theme.faded(LOOKS[finding.says].token, 0.35) if single else theme.BEFORE
        shapes.append(_bar(place, finding.before, 6 if single else 2, colour))
    return shapes


def _bar(place: int, figure: Figure, half: float, colour: str) -> dict[str, Any]:
    y = _y(place)
    return {
        "type": "rect", "layer": "between", "x0": 100 * figure.low, "x1": 100 * figure.high,
        "y0": y - half / ROW, "y1": y + half / ROW, "fillcolor": colour, "line": {"width": 0},
    }  # fmt: skip


def _judged(finding: Finding) -> bool:
    """A row read from the data is a fact about the data; no verdict on a mitigation belongs to it."""
    return not finding.key.startswith(("history|", "profile_raw|"))


def _texts(place: int, finding: Finding) -> list[dict[str, Any]]:
    look = LOOKS[finding.says]
    few = f" {theme.coloured(theme.MUTED, f'{count(finding.now.n)} people')}" if finding.now.n < FEW else ""
    title = f"<b>{theme.shown(finding.title)}</b>{few}"
    verdict = f"{theme.coloured(look.token, look.glyph)} <b>{finding.words}</b>"
    if not _judged(finding):
        verdict = theme.coloured(theme.MUTED, "read from the data")
    return [
        _text(place, "paper", 0, title, "left", _TITLE, theme.LABEL),
        _text(place, "paper", 1, verdict, "right", _TITLE, theme.TEXT),
        *_numbers(place, finding),
    ]


def _phases(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """ "before" and "after" over the marks of one row: the first where they stand well apart, else the first of all."""
    rows = [(place, f.before.value, f.after.value) for place, f in enumerate(findings) if f.before and f.after]
    if not rows:
        return []
    place, before, after = next((row for row in rows if abs(row[1] - row[2]) > _APART), rows[0])
    left, right = ("center", "center") if abs(before - after) > _APART else ("right", "left")
    words = ((after, "after"), (before, theme.coloured(theme.MUTED, "before")))
    first, second = words if after <= before else words[::-1]
    return [
        _text(place, "x", 100 * value, word, anchor, _MARK + _WORD, theme.AXIS)
        for (value, word), anchor in ((first, left), (second, right))
    ]


def _numbers(place: int, finding: Finding) -> list[dict[str, Any]]:
    """The figures, outside the intervals: the lower one to the left, the higher one to the right."""
    strong = f"<b>{tries(finding.now.value)}</b>"
    if finding.before is None or finding.after is None:
        return [_text(place, "x", 100 * finding.now.high, strong, "left", _MARK, theme.LABEL, shift=10)]
    left, right = min(f.low for f in _both(finding)), max(f.high for f in _both(finding))
    earlier = theme.coloured(theme.MUTED, tries(finding.before.value))
    first, second = (strong, earlier) if finding.after.value <= finding.before.value else (earlier, strong)
    return [
        _text(place, "x", 100 * left, first, "right", _MARK, theme.LABEL, shift=-10),
        _text(place, "x", 100 * right, second, "left", _MARK, theme.LABEL, shift=10),
    ]


def _both(finding: Finding) -> tuple[Figure, ...]:
    return tuple(figure for figure in (finding.before, finding.after) if figure)


def _text(
    place: int, xref: str, x: float, text: str, anchor: str, up: float, size: int, shift: float = 0
) -> dict[str, Any]:
    return {
        "xref": xref, "x": x, "xanchor": anchor, "xshift": shift, "yref": "y", "y": place, "yanchor": "middle",
        "yshift": up, "showarrow": False, "text": text, "align": anchor, "font": {"size": size},
    }  # fmt: skip


def _rings(findings: Sequence[Finding]) -> dict[str, Any]:
    rows = [
        (place, finding.before)
        for place, finding in enumerate(findings)
        if finding.before and (finding.after or not _judged(finding))
    ]
    ring = {"size": 13, "color": theme.BACKGROUND, "line": {"color": theme.BEFORE, "width": 3}}
    return _points("before", [(place, figure, findings[place]) for place, figure in rows], ring)


def _marks(findings: Sequence[Finding]) -> dict[str, Any]:
    rows = [
        (place, finding.now, finding)
        for place, finding in enumerate(findings)
        if finding.after or (finding.before and _judged(finding))
    ]
    mark = {
        "size": [15 if LOOKS[finding.says].symbol.startswith("triangle") else 13 for _, _, finding in rows],
        "symbol": [LOOKS[finding.says].symbol for _, _, finding in rows],
        "color": [LOOKS[finding.says].token for _, _, finding in rows],
        "line": {"color": theme.BACKGROUND, "width": 1.5},
        "opacity": 1,
    }
    return _points("after", rows, mark)


def _points(name: str, rows: Sequence[tuple[int, Figure, Finding]], marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [100 * figure.value for _, figure, _ in rows],
        "y": [_y(place) for place, _, _ in rows],
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
