"""How often intervals hold the truth, in worlds where it is known: plain ones as rings, ours as filled marks."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import theme
from dashboard.validity import Covered
from dashboard.wording.validity import ASKED, world_title

ROW, HEAD, FOOT = 34, 24, 44  # px
LEAST, MOST, ASKED_FOR = 70, 101, 95
"""Ends of the axis and the line, in intervals of 100."""


def coverage(found: Sequence[Covered]) -> go.Figure:
    """One row per kind of world, in the order given."""
    rows = [place + 0.2 for place in range(len(found))]
    line = {"type": "line", "x0": ASKED_FOR, "x1": ASKED_FOR, "y0": -0.6, "y1": len(found) - 0.5,
            "line": {"color": theme.INK, "width": 1.5}}  # fmt: skip
    between = [{"type": "line", "x0": max(100 * each.plain, LEAST), "x1": 100 * each.ours, "y0": row, "y1": row,
                "line": {"color": theme.BEFORE, "width": 1}}
               for each, row in zip(found, rows, strict=True)]  # fmt: skip
    names = [{"xref": "paper", "x": 0, "xanchor": "left", "y": place - 0.22, "yanchor": "middle", "showarrow": False,
              "text": world_title(each), "font": {"size": theme.AXIS, "color": theme.MUTED}}
             for place, each in enumerate(found)]  # fmt: skip
    head = {"x": ASKED_FOR, "xanchor": "right", "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False,
            "text": ASKED, "font": {"size": theme.AXIS}}  # fmt: skip
    design = theme.layout(
        ROW * len(found) + HEAD + FOOT,
        margin={"l": 4, "r": 4, "t": HEAD, "b": FOOT},
        xaxis=theme.axis(range=[LEAST, MOST], title=theme.axis_title("intervals of 100 that hold the truth")),
        yaxis={"range": [len(found) - 0.5, -0.6], "visible": False, "fixedrange": True},
        annotations=[*names, head],
        shapes=[line, *between],
    )
    ring = {"size": 9, "color": theme.BACKGROUND, "line": {"color": theme.BEFORE, "width": 2}}
    mark = {"size": 10, "color": theme.AFTER}
    return theme.figure(
        [_marks([each.plain for each in found], rows, ring), _marks([each.ours for each in found], rows, mark)], design
    )


def _marks(shares: Sequence[float], rows: Sequence[float], marker: dict[str, object]) -> dict[str, object]:
    return {"type": "scatter", "mode": "markers", "x": [max(100 * share, LEAST) for share in shares], "y": list(rows),
            "marker": marker, "cliponaxis": False, "hovertemplate": "%{x:.1f} of 100<extra></extra>"}  # fmt: skip
