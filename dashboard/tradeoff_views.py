"""The views of the trade-offs page, each from the opened run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import loaders, state, theme, tradeoffs, widgets
from dashboard.charts.curve import trade_off
from dashboard.charts.paying import who_pays
from dashboard.paying_views import crossings, payers_table, what_is_shown
from dashboard.tradeoffs import ALL, Hidden, Line, Payer, Point, Setting
from dashboard.wording import tradeoffs as words
from dashboard.wording.names import PEOPLE, attribute_title, nouns, running
from fmm_core.audit.verdict import TOLERANCE
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.runs import client
from fmm_core.runs.config import RunConfig
from fmm_core.runs.store import RunFolder
from fmm_core.runs.sweep import curve
from fmm_core.runs.tables import KS

Card = Mapping[str, Any]


def not_measured() -> None:
    """The opened run has no accuracy: say why, and what would have one."""
    widgets.headline(words.NOT_MEASURED)
    widgets.empty(words.NOT_MEASURED_TITLE, words.NOT_MEASURED_SENTENCE, icon=":material/balance:")
    st.page_link(state.PAGES["train"], label=words.TO_TRAIN, icon=":material/arrow_forward:")


def all_runs(
    run: RunFolder,  # noqa: ARG001 (every view is called alike)
    config: RunConfig,
    card: Card,
    title: DeltaGenerator,
) -> None:
    """Every comparable setting, the reader's limits, and the best bargain."""
    with st.container(horizontal=True, gap="medium", key="tradeoff_controls"):
        with st.container(width="content"):
            users = widgets.switch(words.PEOPLE, "people", PEOPLE)
        wide = bool(st.session_state.get("wide", False))  # its switch is drawn below the figure
        points, hidden = _points(config, users, wide)
        with st.container(width="content"):
            attribute = _attribute(points, card, config)
    found = tradeoffs.settings(points, attribute)
    left, right = st.columns(2)
    lose = left.slider(words.LOSE, 0.0, 20.0, 3.0, 0.5, format="%.1f %%", key="lose", help=words.LOSE_HELP) / 100
    right_at_most = right.slider(words.RIGHT, 50, 100, 65, key="right", help=words.RIGHT_HELP) / 100
    best = tradeoffs.knee(found)
    if len(found) < 2:
        with title:
            widgets.headline(words.ONE_RUN, f"{words.ONE_RUN_DECK} {words.left_out(hidden)}".strip())
        _offer_more(config)
    else:
        name = "all attributes" if attribute == ALL else running(attribute_title(card, attribute))
        near = tradeoffs.nearest(found, lose, right_at_most)
        sentence = words.headline(found, best, name, lose, right_at_most, near)
        with title:
            widgets.headline(sentence, words.deck(found, best, lose, right_at_most, hidden))
    _draw_curve(found, _line(config, config), lose, right_at_most, best)
    if wide or hidden.model:
        st.toggle(words.WIDE, key="wide", help=words.WIDE_HELP, persist_state="session")
    with st.container(width=widgets.READING):
        st.caption(words.FOOT)


def _points(opened: RunConfig, users: str, wide: bool) -> tuple[list[Point], Hidden]:
    done, audits = loaders.experiments(state.store())
    configs = {each.id: each.config for each in done}
    ids, hidden = tradeoffs.comparable(opened, list(configs.items()), wide)
    folders = [state.store().run(run_id) for run_id in ids]
    points = [
        tradeoffs.point(
            each.id, configs[each.id], loaders.leakage(each), loaders.accuracy(each), users,
            _line(configs[each.id], opened),
        )
        for each in folders
    ]  # fmt: skip
    return points, replace(hidden, accuracy=audits)


def _line(config: RunConfig, opened: RunConfig) -> Line:
    """The line of a run beside the opened one's."""
    made = "" if tradeoffs.same_model(opened, config) else words.made_with(config, opened)
    return tradeoffs.line(config, made, words.variant(config, opened))


def _attribute(points: Sequence[Point], card: Card, opened: RunConfig) -> str:
    """The attribute the reader looks at: at first what the opened run protects, else what any run does."""
    names = list(points[0].attacks)
    protected = [*opened.active_weights, *(name for each in points for name, _ in each.weights)]
    options = {name: widgets.plain(attribute_title(card, name)) for name in names}
    options |= {ALL: words.AT_ONCE} if len(names) > 1 else {}
    return widgets.switch(words.ATTRIBUTE, "attribute", options, default=protected[0] if protected else names[0])


def _draw_curve(found: Sequence[Setting], opened: Line, lose: float, right: float, best: Setting | None) -> None:
    figure = trade_off(found, opened, lose, right, TOLERANCE, best)
    alt = "; ".join(words.point_alt(each) for each in found)
    clicked = _clicked(figure, alt)
    widgets.exact_figures(_table(found), "tradeoff")
    if clicked and clicked != st.session_state.get("clicked"):
        st.session_state["clicked"] = clicked
        state.choose(clicked)
        st.rerun()


def _clicked(figure: go.Figure, alt: str) -> str:
    """Draw the curve; the id of the run whose symbol was clicked last, or ""."""
    event = st.plotly_chart(
        figure, theme="streamlit", config=theme.CONFIG, alt=alt, key="tradeoff", on_select="rerun",
        selection_mode="points",
    )  # fmt: skip
    points = event["selection"]["points"]
    return str(points[0].get("customdata", "")) if points else ""


def _table(found: Sequence[Setting]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "mitigation": [words.line_title(each.line) for each in found],
            "weights": [", ".join(f"{name}={weight:g}" for name, weight in each.points[0].weights) for each in found],
            "seeds": [len(each.points) for each in found],
            "accuracy kept, %": [round(100 * each.kept, 2) for each in found],
            "strongest attacker, right in 100": [round(100 * each.attack, 1) for each in found],
            "below guessing": [each.below for each in found],
        }
    )


def _offer_more(config: RunConfig) -> None:
    """Queue the other weights of what the opened run protects."""
    protected = list(config.active_weights)
    if not protected:
        st.page_link(state.PAGES["train"], label="Set up a run that protects somebody", icon=":material/arrow_forward:")
        return
    tried = max(config.active_weights.values())
    others = [weight for weight in MITIGATIONS[config.mitigation.name].steps if weight != tried]
    if st.button(words.more(len(others)), type="primary", icon=":material/timeline:", key="more_weights"):
        runs = client.submit(state.store(), *curve(config, protected, others))
        st.switch_page(state.PAGES["train"], query_params=state.link(runs[0]))


def pays(run: RunFolder, config: RunConfig, card: Card, title: DeltaGenerator) -> None:
    """What each group found before and after."""
    groups = loaders.groups(run)
    with st.container(horizontal=True, gap="medium", key="pays_controls"):
        with st.container(width="content"):
            metrics = {name: words.METRICS[name] for name in tradeoffs.measured(groups, words.METRICS)}
            metric = widgets.switch(words.MEASURE, "metric", metrics)
        with st.container(width="content"):
            k = int(widgets.switch(words.LENGTH, "k", {str(k): str(k) for k in KS}, default="20"))
        found = tradeoffs.payers(groups, metric, k)
        with st.container(width="content"):
            shown = _shown(found, card)
    items = nouns(card)[1]
    deck = words.pays_deck(found, items) if metric == "recall" else words.METRIC_HELP[metric].format(items=items)
    mitigated = loaders.is_mitigated(config)
    with title:
        widgets.headline(words.pays_headline(found) if mitigated else words.NOBODY_MITIGATED, widgets.plain(deck))
    alt = "; ".join(f"{words.group_title(each)}: {words.change_text(each)}" for each in shown)
    with st.container(width=widgets.READING):
        st.caption(words.PAYS_NOTE)
    unit = f"{words.METRICS[metric].lower()}, of 100"
    widgets.chart(who_pays(shown, unit), alt, payers_table(shown), f"who_pays_{metric}_{k}")
    crossings(groups, metric, k, card, mitigated)
    what_is_shown(loaders.exposure(run), k, card, mitigated)


def _shown(found: Sequence[Payer], card: Card) -> list[Payer]:
    """Everyone, and the groups of the attribute the reader chose, or of all."""
    names = dict.fromkeys(each.attribute for each in found if each.attribute)
    options = {ALL: words.EVERY_GROUP} | {name: widgets.plain(attribute_title(card, name)) for name in names}
    chosen = widgets.switch(words.GROUPS, "groups", options)
    return [each for each in found if each.attribute in ("", chosen) or chosen == ALL]
