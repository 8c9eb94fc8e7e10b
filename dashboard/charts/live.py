"""Leakage while a weight is moved: the dumbbell, with an upright tick for the kept run and pale marks for estimates."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.dumbbell import LINE, ROW, dumbbell
from dashboard.findings import BEFORE_AFTER, Figure, Finding

PALE = 0.45
_TICK = (11, 21)  # px below the marks


def live(findings: Sequence[Finding], kept: Sequence[Figure], tolerance: float, estimate: bool) -> go.Figure:
    """One row per finding.

    Parameters
    ----------
    kept : what the kept run leaves, a figure per finding
    estimate : what stands after is not worked out
    """
    figure = dumbbell(findings, tolerance)
    for place, own in enumerate(kept):
        y0, y1 = (place * ROW + LINE + below for below in _TICK)
        x = 100 * own.value
        figure.add_shape(type="line", x0=x, x1=x, y0=y0, y1=y1, line={"color": theme.INK, "width": 3})
    if estimate:
        figure.update_traces(marker_opacity=PALE, selector={"name": BEFORE_AFTER[1]})
    return figure
