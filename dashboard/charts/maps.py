"""Maps of people: a scatter by group, and the local mix, patch by patch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard import theme
from dashboard.wording.numbers import count, percent

SIDE = 400  # px
COLOURS = (theme.ORANGE, theme.AFTER, theme.INK, theme.SKY, theme.MUTED, theme.MORE)
"""At most six groups at once; more are shown one against the rest."""

LEAST_IN_PATCH = 8
PEOPLE_PER_CELL = 8
BEYOND = 2.0
"""Standard errors a patch must differ from everyone's mix by."""

_LETTER = 7.7  # px a character of a legend takes


@dataclass(frozen=True)
class Frame:
    """The common axes of pictures that are to be compared."""

    x: tuple[float, float]
    y: tuple[float, float]


def frame_of(xy: NDArray[np.floating]) -> Frame:
    """Axes that hold all points, with a little air.

    Parameters
    ----------
    xy : (points, 2), of all pictures together
    """
    low, high = xy.min(axis=0), xy.max(axis=0)
    air = 0.04 * np.maximum(high - low, 1e-6)
    return Frame((float(low[0] - air[0]), float(high[0] + air[0])), (float(low[1] - air[1]), float(high[1] + air[1])))


def people_map(
    xy: NDArray[np.floating],
    codes: NDArray[np.integer],
    groups: Sequence[str],
    frame: Frame,
    side: int = SIDE,
    seed: int = 0,
) -> go.Figure:
    """One dot a person, coloured by group, in an order that lets no group lie on top.

    Parameters
    ----------
    xy : (people, 2)
    codes : group of each person, −1 undisclosed (left out)
    groups : at most six names, in the order of the codes
    side : px, the height of the map and about its width
    """
    known = np.flatnonzero(codes >= 0)
    order = known[np.random.default_rng(seed).permutation(len(known))]
    legend, lines = _legend(groups, np.bincount(codes[known], minlength=len(groups)), side)
    trace = {
        "type": "scattergl",
        "mode": "markers",
        "x": np.round(xy[order, 0], 3),
        "y": np.round(xy[order, 1], 3),
        "marker": _stepped(codes[order], len(groups)) | {"size": 5 if len(order) > 1500 else 6, "opacity": 0.75},
        "hovertemplate": "%{text}<extra></extra>",
        "text": [theme.shown(groups[code]) for code in codes[order]],
    }
    return theme.figure([trace], _design(frame, legend, lines, side))


def _stepped(codes: NDArray[np.integer], n_groups: int) -> dict[str, Any]:
    """Integer codes with a stepped scale: a list of colour strings would be a hundred times slower."""
    edges = np.linspace(0, 1, n_groups + 1)
    scale = [[float(edge), COLOURS[group]] for group in range(n_groups) for edge in edges[group : group + 2]]
    return {"color": codes.astype(np.int16), "colorscale": scale, "cmin": -0.5, "cmax": n_groups - 0.5}


def _legend(groups: Sequence[str], counts: NDArray[np.integer], side: int) -> tuple[str, int]:
    shares = counts / max(int(counts.sum()), 1)
    entries = [
        (
            f"{name} {percent(share)}",
            f"{theme.coloured(COLOURS[code], '●')} <b>{theme.shown(name)}</b> {percent(share)}",
        )
        for code, (name, share) in enumerate(zip(groups, shares, strict=True))
    ]
    return _wrapped(entries, side)


def _wrapped(entries: Sequence[tuple[str, str]], side: int) -> tuple[str, int]:
    """Legend entries on as many lines as a narrow card needs."""
    lines: list[list[str]] = [[]]
    used = 0
    for plain, marked in entries:
        if lines[-1] and _LETTER * (used + len(plain) + 5) > side:
            lines.append([])
            used = 0
        lines[-1].append(marked)
        used += len(plain) + 5
    return "<br>".join("   ".join(line) for line in lines), len(lines)


def _design(frame: Frame, legend: str, lines: int, side: int) -> dict[str, Any]:
    top = 10 + 22 * lines
    note = {
        "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 6,
        "showarrow": False, "align": "left", "text": legend, "font": {"size": theme.TEXT},
    }  # fmt: skip
    return theme.layout(
        side + top,
        margin={"l": 2, "r": 2, "t": top, "b": 2},
        xaxis={"range": list(frame.x), "visible": False, "fixedrange": True},
        yaxis={"range": list(frame.y), "visible": False, "fixedrange": True},
        annotations=[note],
    )


@dataclass(frozen=True)
class Mix:
    """How the share of one group varies over a map.

    Attributes
    ----------
    difference : (rows, columns) share in the patch minus everyone's; NaN where fewer than eight people sit
    people : (rows, columns)
    differs : (rows, columns) whether it is more than two standard errors from everyone's share
    share : everyone's
    """

    x: NDArray[np.floating]
    y: NDArray[np.floating]
    difference: NDArray[np.floating]
    people: NDArray[np.integer]
    differs: NDArray[np.bool_]
    share: float

    @property
    def patches(self) -> int:
        """How many patches hold enough people."""
        return int(np.isfinite(self.difference).sum())


def local_mix(xy: NDArray[np.floating], member: NDArray[np.bool_], frame: Frame) -> Mix:
    """Cut the map into patches and compare the share of `member` in each with everyone's.

    Parameters
    ----------
    xy : (people, 2), of people whose group is known
    member : (people,) whether a person belongs to the group
    """
    cells = int(np.clip(np.sqrt(len(xy) / PEOPLE_PER_CELL), 4, 24))
    edges = [np.linspace(*frame.x, cells + 1), np.linspace(*frame.y, cells + 1)]
    total = np.histogram2d(xy[:, 1], xy[:, 0], bins=edges[::-1])[0]
    inside = np.histogram2d(xy[member, 1], xy[member, 0], bins=edges[::-1])[0]
    share = float(member.mean())
    enough = total >= LEAST_IN_PATCH
    difference = np.where(enough, inside / np.maximum(total, 1) - share, np.nan)
    error = np.sqrt(share * (1 - share) / np.maximum(total, 1))
    differs = enough & (np.abs(np.nan_to_num(difference)) > BEYOND * error)
    x, y = ((edge[1:] + edge[:-1]) / 2 for edge in edges)
    return Mix(x, y, difference, total.astype(int), differs, share)


def mix_map(mix: Mix, group: str, rest: str, frame: Frame, side: int = SIDE) -> go.Figure:
    """Patches whose mix differs from everyone's, rust: more of `group`, blue: less."""
    shown = np.where(np.isnan(mix.difference), np.nan, np.where(mix.differs, np.clip(mix.difference, -0.5, 0.5), 0.0))
    text = [
        [
            f"{count(int(n))} people, {percent(mix.share + d)} {theme.shown(group)}" if np.isfinite(d) else ""
            for n, d in row
        ]
        for row in np.dstack([mix.people, mix.difference])
    ]
    trace = {
        "type": "heatmap", "x": mix.x, "y": mix.y, "z": shown, "zmin": -0.5, "zmax": 0.5, "colorscale": _mix_scale(),
        "showscale": False, "xgap": 2, "ygap": 2, "hoverongaps": False, "text": text,
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip
    names = (f"more {group}", "as everywhere", f"more {rest}")
    colours = (theme.DIVERGING[1], theme.faded(theme.MUTED, 0.35), theme.DIVERGING[8])
    entries = [
        (name, f"{theme.coloured(colour, '■')} {theme.shown(name)}")
        for name, colour in zip(names, colours, strict=True)
    ]
    return theme.figure([trace], _design(frame, *_wrapped(entries, side), side))


def _mix_scale() -> list[list[Any]]:
    """Blue below, rust above, grey where nothing differs; steps of a tenth of the share."""
    plain = theme.faded(theme.MUTED, 0.16)
    less, more = (theme.DIVERGING[i] for i in (9, 8, 7, 6)), (theme.DIVERGING[i] for i in (3, 2, 1, 0))
    lower = [(0.0, 0.125), (0.125, 0.25), (0.25, 0.375), (0.375, 0.499)]
    upper = [(0.501, 0.625), (0.625, 0.75), (0.75, 0.875), (0.875, 1.0)]
    steps = [*zip(lower, less, strict=True), ((0.499, 0.501), plain), *zip(upper, more, strict=True)]
    return [[edge, colour] for ends, colour in steps for edge in ends]
