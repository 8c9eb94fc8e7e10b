"""Colours as tokens, one layout for every figure, and `paint` for places where no browser swaps the tokens.

Streamlit replaces ``#000001`` … ``#000010`` by the categorical colours of the theme in force, ``#000021`` … ``#000030``
by the diverging ones, in the browser, with or without alpha. One figure so serves light and dark without a rerun.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects as go

Theme = Literal["light", "dark"]

AFTER = "#000001"
BEFORE = "#000002"
LEAKS = "#000003"
WITHIN = "#000004"
OVER = "#000005"
ORANGE = "#000006"
SKY = "#000007"
MUTED = "#000008"
INK = "#000009"
BAND = "#000010"
MORE = "#000021"  # one end of the diverging scale
DIVERGING: tuple[str, ...] = tuple(f"#0000{slot}" for slot in range(21, 31))
GRID = "#000035"
BACKGROUND = "#000038"

TEXT, LABEL, AXIS, SMALL = 14, 15, 13, 12
"""Sizes in px: chart text, row labels, axis ticks, notes."""

CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}

_SETTINGS = Path(__file__).resolve().parents[1] / ".streamlit" / "config.toml"
_TOKEN = re.compile(r"#0000\d\d(?=[0-9a-f]{2}\b|\b)")


def faded(token: str, share: float) -> str:
    """A colour token with the given opacity, 0 … 1."""
    return f"{token}{round(share * 255):02x}"


def shown(text: object) -> str:
    """Text from the data made harmless inside a figure: plotly reads a few HTML tags."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def coloured(token: str, text: str) -> str:
    """Plotly text in the colour of a token."""
    return f"<span style='color:{token}'>{text}</span>"


def layout(height: int, **changes: Any) -> dict[str, Any]:
    """The layout every figure starts from: quiet, fixed, no legend; `changes` replace whole entries."""
    fixed = {"fixedrange": True, "zeroline": False}
    base: dict[str, Any] = {
        "height": height,
        "margin": {"l": 4, "r": 4, "t": 8, "b": 8},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "font": {"size": TEXT, "color": INK},
        "hoverlabel": {"font": {"size": TEXT}, "align": "left"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": fixed | {"showgrid": False, "visible": False},
        "yaxis": fixed | {"showgrid": False, "visible": False},
    }
    return base | changes


def axis(**changes: Any) -> dict[str, Any]:
    """A visible axis in the house's style."""
    base = {
        "fixedrange": True,
        "zeroline": False,
        "showgrid": True,
        "gridcolor": GRID,
        "ticks": "",
        "tickfont": {"size": AXIS, "color": MUTED},
        "title": {"font": {"size": AXIS, "color": MUTED}},
    }
    return base | changes


def axis_title(text: str) -> dict[str, Any]:
    """The title of an axis in the house's style."""
    return {"text": text, "font": {"size": AXIS, "color": MUTED}, "standoff": 12}


def figure(traces: Sequence[Mapping[str, Any]], design: Mapping[str, Any]) -> go.Figure:
    """One figure from plain dictionaries: twenty times faster than building it piece by piece."""
    return go.Figure(data=list(traces), layout=dict(design))


@lru_cache(maxsize=1)
def _settings() -> dict[str, Any]:
    return tomllib.loads(_SETTINGS.read_text(encoding="utf-8"))["theme"]


def palette(theme: Theme) -> dict[str, str]:
    """{token: colour} of a theme, from the one place that defines it."""
    chosen = _settings()[theme]
    scales = ("chartCategoricalColors", "chartSequentialColors", "chartDivergingColors")  # ten slots each
    colours = [colour for scale in scales for colour in chosen[scale]]
    slots = {f"#0000{slot:02d}": colour for slot, colour in enumerate(colours, start=1)}
    return slots | {GRID: chosen["borderColor"], BACKGROUND: chosen["backgroundColor"]}


def paint(fig: go.Figure, theme: Theme) -> str:
    """The figure's JSON with the tokens replaced by the colours of `theme`, for reports and tests.

    The template is dropped: inside Streamlit it is Streamlit's, with tokens of its own.
    """
    colours = palette(theme)
    spec = json.loads(fig.to_json())
    spec["layout"].pop("template", None)
    return _TOKEN.sub(lambda found: colours.get(found.group(), found.group()), json.dumps(spec))
