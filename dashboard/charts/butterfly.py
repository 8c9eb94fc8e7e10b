"""The butterfly: what each modality adds to leakage on the left, to accuracy on the right, each side on its own scale.

Across, 0 is the middle and 1 the far end of either wing; the upright axis counts px from the top.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard import theme
from dashboard.findings import Figure
from dashboard.modalities import Share
from dashboard.wording import modalities as words

ROW, HEAD, FOOT = 68, 46, 22  # px
_TITLE, _BAR, _HALF = 17, 46, 13  # px below the top of a row: its title, its bars' middle; half a bar
_GAP = 0.05  # between the middle and either wing
_ROOM = 0.32  # beyond the longest interval, for its figure on a phone
_SHIFT = 8  # px between an interval and its figure


@dataclass(frozen=True)
class _Wing:
    """One side: which figures it draws, how it prints them, and where a value lies."""

    figures: Sequence[Figure]
    token: str
    printed: Callable[[float], str]
    sign: int
    unit: str

    @property
    def low(self) -> float:
        """Where the scale begins: 0, or lower where something may take away."""
        return min(0.0, *(figure.low for figure in self.figures))

    def at(self, value: float) -> float:
        """Place of a value on the axis."""
        span = max(*(figure.high for figure in self.figures), self.low + 1e-9) - self.low
        return self.sign * (_GAP + (value - self.low) / span)


def butterfly(shares: Sequence[Share], items: str, first: Share | None = None) -> go.Figure:
    """One row per modality, in the order given.

    Parameters
    ----------
    shares : at least one; the right wing is drawn where all have an accuracy
    items : what the recommender finds, in the plural
    first : the modality that the reader is told to drop
    """
    left = _Wing([each.leakage for each in shares], theme.LEAKS, words.more_tries, -1, "right answers in 100 tries")
    paid = [each.accuracy for each in shares if each.accuracy is not None]
    right = _Wing(paid, theme.AFTER, words.more_found, 1, f"{items} found of 100")
    wings = [left, right] if paid else [left]
    end = 1 + _GAP + _ROOM
    design = theme.layout(
        HEAD + ROW * len(shares) + FOOT,
        margin={"l": 4, "r": 4, "t": HEAD, "b": FOOT},
        barmode="overlay",
        xaxis={"range": [-end, end], "visible": False, "fixedrange": True},
        yaxis={"range": [ROW * len(shares), 0], "visible": False, "fixedrange": True},
        annotations=[
            *_heads(left, right, bool(paid)),
            *(text for place, each in enumerate(shares) for text in _titles(place, each, each == first)),
            *(_nothing(wing) for wing in wings if wing.low < 0),
            *(_number(wing, place) for wing in wings for place in range(len(shares))),
        ],
        shapes=[
            *_rules(len(shares)),
            *(_interval(wing, place) for wing in wings for place in range(len(shares))),
            *(_zero(wing, len(shares)) for wing in wings if wing.low < 0),
        ],
    )
    return theme.figure([_bars(wing, shares) for wing in wings], design)


def _bars(wing: _Wing, shares: Sequence[Share]) -> dict[str, Any]:
    zero = wing.at(0.0)
    return {
        "type": "bar", "orientation": "h", "name": wing.unit, "base": [zero] * len(shares),
        "x": [wing.at(figure.value) - zero for figure in wing.figures],
        "y": [_y(place) for place in range(len(shares))], "width": [2 * _HALF] * len(shares),
        "marker": {
            "color": [wing.token if figure.value >= 0 else theme.faded(wing.token, 0.4) for figure in wing.figures],
            "line": {"width": 0}, "opacity": 1,
        },
        "hovertemplate": "%{text}<extra></extra>", "textposition": "none",
        "text": [_hover(each, figure, wing) for each, figure in zip(shares, wing.figures, strict=True)],
    }  # fmt: skip


def _hover(share: Share, figure: Figure, wing: _Wing) -> str:
    low, value, high = (f"{100 * each:.2f}" for each in (figure.low, figure.value, figure.high))
    return f"<b>{theme.shown(share.title)}</b><br>{wing.unit}: {value}<br>95 % interval {low} to {high}"


def _y(place: int) -> float:
    return ROW * place + _BAR


def _rules(rows: int) -> list[dict[str, Any]]:
    return [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": ROW * place, "y1": ROW * place, "layer": "below",
         "line": {"color": theme.GRID, "width": 1}}
        for place in range(1, rows)
    ]  # fmt: skip


def _interval(wing: _Wing, place: int) -> dict[str, Any]:
    figure, y = wing.figures[place], _y(place)
    ends = {"x0": wing.at(figure.low), "x1": wing.at(figure.high), "y0": y, "y1": y}
    return ends | {"type": "line", "layer": "above", "line": {"color": theme.INK, "width": 2}}


def _zero(wing: _Wing, rows: int) -> dict[str, Any]:
    """An upright at 0, where a scale reaches below it: what lies on its inner side takes away."""
    ends = {"x0": wing.at(0), "x1": wing.at(0), "y0": _y(0) - _HALF - 4, "y1": _y(rows - 1) + _HALF + 4}
    return ends | {"type": "line", "layer": "above", "line": {"color": theme.INK, "width": 1}}


def _nothing(wing: _Wing) -> dict[str, Any]:
    """What the upright stands for, below the plot."""
    text = theme.coloured(theme.MUTED, "0")
    return _text(wing.at(0), 0, text, "center", theme.AXIS, yref="paper", yanchor="top")


def _number(wing: _Wing, place: int) -> dict[str, Any]:
    """The figure, outside its interval."""
    figure = wing.figures[place]
    anchor = "left" if wing.sign > 0 else "right"
    x = wing.at(max(figure.high, 0.0))
    return _text(x, _y(place), f"<b>{wing.printed(figure.value)}</b>", anchor, theme.LABEL, xshift=_SHIFT * wing.sign)


def _titles(place: int, share: Share, first: bool) -> list[dict[str, Any]]:
    y = ROW * place + _TITLE
    title = _text(0, y, f"<b>{theme.shown(share.title)}</b>", "center", theme.LABEL)
    hint = _text(1, y, theme.coloured(theme.MUTED, words.DROP_FIRST), "right", theme.AXIS, xref="paper")
    return [title, hint] if first else [title]


def _heads(left: _Wing, right: _Wing, paid: bool) -> list[dict[str, Any]]:
    """What either wing counts; on the right what is missing, where nothing was trained."""
    pairs = [(left, f"← {words.ADDS_LEAKAGE}<br>{left.unit}")]
    pairs.append((right, f"{words.ADDS_ACCURACY} →<br>{theme.shown(right.unit) if paid else words.NOT_TRAINED}"))
    return [
        _text(wing.sign * _GAP, 1, theme.coloured(theme.MUTED, text), "left" if wing.sign > 0 else "right",
              theme.AXIS, yref="paper", yanchor="bottom", yshift=4)
        for wing, text in pairs
    ]  # fmt: skip


def _text(x: float, y: float, text: str, anchor: str, size: int, **more: Any) -> dict[str, Any]:
    common = {"xref": "x", "yref": "y", "yanchor": "middle", "showarrow": False, "align": anchor}
    return common | {"x": x, "y": y, "xanchor": anchor, "text": text, "font": {"size": size}} | more
