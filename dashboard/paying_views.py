"""Below the figure of who pays: groups where two attributes meet, and what people are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import tradeoffs, widgets
from dashboard.charts.paying import who_pays
from dashboard.tradeoffs import Payer
from dashboard.wording import costs
from dashboard.wording import tradeoffs as words
from dashboard.wording.names import attribute_title, nouns
from fmm_core.runs.tables import crossings_in, left_out_of

Card = Mapping[str, Any]

DRAWN = 12
"""Groups of a crossing that are drawn, those that lose most; the others stand in the exact figures."""


def crossings(groups: pd.DataFrame, metric: str, k: int, card: Card, mitigated: bool) -> None:
    """What the groups of two attributes at once found, where the run's table has any of this measure."""
    names = crossings_in(groups[groups["metric"] == metric])
    if not names:
        return
    widgets.section(costs.CROSSED, costs.CROSSED_NOTE)
    options = {name: widgets.plain(costs.crossing_title(card, name)) for name in names}
    chosen = widgets.switch(costs.CROSSING, "crossing", options)
    found = tradeoffs.payers(groups, metric, k, chosen)
    everyone = [each for each in tradeoffs.payers(groups, metric, k) if each.attribute == ""]
    drawn = [*everyone, *found[:DRAWN]]
    with st.container(width=widgets.READING, key="crossing_reading"):
        parts = [
            costs.crossing_reading(groups, chosen, metric, k, mitigated),
            costs.left_out(left_out_of(groups, chosen)),
            costs.not_drawn(len(found[DRAWN:])),
        ]
        st.markdown(widgets.plain(" ".join(part for part in parts if part)))
    alt = "; ".join(f"{words.group_title(each)}: {words.change_text(each)}" for each in drawn)
    unit = f"{words.METRICS[metric].lower()}, of 100"
    table = payers_table([*everyone, *found])
    widgets.chart(who_pays(drawn, unit), alt, table, f"where_attributes_meet_{metric}_{k}")


def what_is_shown(exposure: pd.DataFrame, k: int, card: Card, mitigated: bool) -> None:
    """What everyone's lists show in a sentence each, and a compact table by group."""
    if exposure.empty:
        return
    widgets.section(costs.SHOWN, widgets.plain(costs.SHOWN_NOTE.format(items=nouns(card)[1])))
    with st.container(width=widgets.READING, key="exposure_readings"):
        readings = costs.exposure_readings(exposure, k, card, mitigated)
        st.markdown("\n".join(f"- {widgets.plain(each)}" for each in readings))
    names = [name for name in dict.fromkeys(exposure["attribute"]) if name]
    chosen = ""
    if names:
        options = {name: widgets.plain(attribute_title(card, name)) for name in names}
        chosen = widgets.switch(costs.SHOWN_TO, "shown_to", options)
    with st.container(key="exposure_table"):
        st.dataframe(costs.exposure_rows(exposure, k, chosen, mitigated), hide_index=True)
    if mitigated:
        st.caption(costs.STAR)
    widgets.exact_figures(exposure[exposure["k"] == k], f"exposure_{k}")


def payers_table(found: Sequence[Payer]) -> pd.DataFrame:
    """The exact figures of groups before and after."""
    return pd.DataFrame(
        {
            "attribute": [each.attribute for each in found],
            "group": [words.group_title(each) for each in found],
            "people": [each.after.n for each in found],
            **{
                f"{phase}{end}": [getattr(getattr(each, phase), field) for each in found]
                for phase in ("before", "after")
                for end, field in (("", "value"), (", low", "low"), (", high", "high"))
            },
            "change": [each.change for each in found],
            "change, low": [each.low for each in found],
            "change, high": [each.high for each in found],
        }
    )
