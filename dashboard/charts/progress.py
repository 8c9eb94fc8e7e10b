"""How training goes: accuracy on the clicks held back for checking, epoch by epoch."""

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.wording.numbers import of_100

HEIGHT = 260


def recall_curve(history: pd.DataFrame) -> go.Figure | None:
    """Validation Recall@20 against the epoch, its last value written beside it; None before the second value."""
    rows = history[(history["stage"] == "pretrain") & (history["name"] == "recall")]
    if len(rows) < 2:
        return None
    epochs, values = rows["epoch"].tolist(), (100 * rows["value"]).tolist()
    label = {
        "x": epochs[-1], "y": values[-1], "text": f"<b>{of_100(values[-1] / 100)} found</b>", "xanchor": "right",
        "yanchor": "bottom", "yshift": 8, "showarrow": False, "font": {"size": theme.TEXT},
    }  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines", "x": epochs, "y": values, "line": {"color": theme.AFTER, "width": 2.5},
        "hovertemplate": "epoch %{x}: %{y:.1f} of 100<extra></extra>",
    }  # fmt: skip
    end = {
        "type": "scatter", "mode": "markers", "x": epochs[-1:], "y": values[-1:], "hoverinfo": "skip",
        "marker": {"color": theme.AFTER, "size": 10},
    }  # fmt: skip
    design = theme.layout(
        HEIGHT,
        margin={"l": 34, "r": 10, "t": 28, "b": 40},
        xaxis=theme.axis(title=theme.axis_title("training round"), showgrid=False, rangemode="tozero"),
        yaxis=theme.axis(range=[0, max(values) * 1.25]),
        annotations=[label],
    )
    return theme.figure([line, end], design)
