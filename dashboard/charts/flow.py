"""From the data to what is left: three bars an attribute, each from guessing to how often the strongest is right."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.findings import Flow
from dashboard.wording.leakage import FLOW_PARTS
from dashboard.wording.numbers import tries
from dashboard.wording.verdicts import LOOKS

TITLE, BAR, FOOT = 30, 24, 40  # px
_THICK = 10
_LOW, _HIGH = 40, 100


def flow(found: Sequence[Flow]) -> go.Figure:
    """One group of bars per attribute, in the order given; a part nobody attacked has no bar."""
    bars: list[tuple[float, float, str]] = []
    texts: list[dict[str, Any]] = []
    guesses: list[dict[str, Any]] = []
    top = 0
    for each in found:
        texts.append(_text(0, top + TITLE / 2, f"<b>{theme.shown(each.title)}</b>", "paper"))
        top += TITLE
        first = top
        for figure, name, token in zip(each.parts, FLOW_PARTS, _tokens(each), strict=True):
            if figure is None:
                continue
            middle = top + BAR / 2
            bars.append((100 * figure.value, middle, token))
            words = f"{tries(figure.value)} {theme.coloured(theme.MUTED, name)}"
            texts.append(_text(max(100 * figure.value, 50) + 1, middle, words, "x"))
            top += BAR
        guesses.append(_guess(first, top))
    design = theme.layout(
        top + FOOT,
        margin={"l": 4, "r": 4, "t": 4, "b": FOOT},
        xaxis=theme.axis(range=[_LOW, _HIGH + 32], tickvals=list(range(_LOW, _HIGH + 1, 10)),
                         title=theme.axis_title("right answers in 100 tries")),
        yaxis={"range": [top, 0], "visible": False, "fixedrange": True},
        annotations=texts,
        shapes=guesses,
    )  # fmt: skip
    trace = {
        "type": "bar", "orientation": "h", "base": 50, "x": [value - 50 for value, _, _ in bars],
        "y": [middle for _, middle, _ in bars], "width": _THICK, "hoverinfo": "skip",
        "marker": {"color": [token for _, _, token in bars]},
    }  # fmt: skip
    return theme.figure([trace], design)


def _tokens(each: Flow) -> tuple[str, str, str]:
    """Grey for what was there, ink for the model, the verdict's colour for what is left."""
    return theme.BEFORE, theme.INK, LOOKS[each.says].token


def _guess(first: float, last: float) -> dict[str, Any]:
    """The upright of guessing, along one attribute's bars."""
    return {"type": "line", "x0": 50, "x1": 50, "y0": first, "y1": last, "line": {"color": theme.INK, "width": 1}}


def _text(x: float, y: float, text: str, where: str) -> dict[str, Any]:
    return {"xref": where, "x": x, "xanchor": "left", "y": y, "yanchor": "middle", "showarrow": False, "text": text,
            "font": {"size": theme.TEXT}}  # fmt: skip
