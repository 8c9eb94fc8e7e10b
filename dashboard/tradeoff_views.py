"""The views of the trade-offs page, each from the opened run."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import loaders, state, theme, tradeoffs, widgets
from dashboard.charts.curve import trade_off
from dashboard.charts.paying import who_pays
from dashboard.choices import WEIGHTS
from dashboard.tradeoffs import ALL, Point, Setting
from dashboard.wording import tradeoffs as words
from dashboard.wording.names import PEOPLE, attribute_title, nouns, running
from fmm_core.audit.verdict import TOLERANCE
from fmm_core.runs import client
from fmm_core.runs.config import RunConfig
from fmm_core.runs.store import RunFolder
from fmm_core.runs.sweep import curve
from fmm_core.runs.tables import KS

Card = Mapping[str, Any]


def all_runs(run: RunFolder, card: Card, title: DeltaGenerator) -> None:
    """Every comparable setting, the reader's limits, and the best bargain."""
    config = loaders.config(run)
    with st.container(horizontal=True, gap="large", key="tradeoff_controls"):
        with st.container(width="content"):
            users = widgets.switch(words.PEOPLE, "people", PEOPLE)
        points, hidden = _points(config, users)
        with st.container(width="content"):
            attribute = _attribute(points, card)
    found = tradeoffs.settings(points, attribute)
    left, right = st.columns(2)
    lose = left.slider(words.LOSE, 0.0, 20.0, 3.0, 0.5, format="%.1f %%", key="lose", help=words.LOSE_HELP) / 100
    right_at_most = right.slider(words.RIGHT, 50, 100, 65, key="right", help=words.RIGHT_HELP) / 100
    best = tradeoffs.knee(found)
    if len(found) < 2:
        with title:
            widgets.headline(words.ONE_RUN, words.ONE_RUN_DECK)
        _offer_more(config)
    else:
        name = "all attributes" if attribute == ALL else running(attribute_title(card, attribute))
        near = tradeoffs.nearest(found, lose, right_at_most)
        sentence = words.headline(found, best, name, lose, right_at_most, near)
        with title:
            widgets.headline(sentence, words.deck(found, best, lose, right_at_most, hidden))
    _draw_curve(found, config, lose, right_at_most, best)
    with st.container(width=widgets.READING):
        st.caption(words.FOOT)


def _points(opened: RunConfig, users: str) -> tuple[list[Point], int]:
    done = [(facts.id, facts.config) for facts in loaders.runs(state.store()) if facts.state == "done"]
    ids, hidden = tradeoffs.comparable(opened, done)
    configs = dict(done)
    folders = [state.store().run(run_id) for run_id in ids]
    points = [
        tradeoffs.point(each.id, configs[each.id], loaders.leakage(each), loaders.accuracy(each), users)
        for each in folders
    ]
    return points, hidden


def _attribute(points: Sequence[Point], card: Card) -> str:
    names = list(points[0].attacks)
    protected = [name for each in points for name, _ in each.weights]
    options = {name: widgets.plain(attribute_title(card, name)) for name in names}
    options |= {ALL: words.AT_ONCE} if len(names) > 1 else {}
    return widgets.switch(words.ATTRIBUTE, "attribute", options, default=protected[0] if protected else names[0])


def _draw_curve(found: Sequence[Setting], config: RunConfig, lose: float, right: float, best: Setting | None) -> None:
    figure = trade_off(found, config.mitigation.name, lose, right, TOLERANCE, best)
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
            "mitigation": [words.method_title(each.method) for each in found],
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
    if st.button(words.MORE, type="primary", icon=":material/timeline:", key="more_weights"):
        tried = max(config.active_weights.values())
        runs = client.submit(state.store(), *curve(config, protected, [w for w in WEIGHTS if w != tried]))
        st.switch_page(state.PAGES["train"], query_params=state.link(runs[0]))


def pays(run: RunFolder, card: Card, title: DeltaGenerator) -> None:
    """What each group found before and after."""
    left, right = st.columns([7, 4])
    with left:
        metric = widgets.switch("Measure", "metric", words.METRICS)
    with right:
        k = int(widgets.switch("List length", "k", {str(k): str(k) for k in KS}, default="20"))
    found = tradeoffs.payers(loaders.groups(run), metric, k)
    items = nouns(card)[1]
    deck = words.pays_deck(found, items) if metric == "recall" else words.METRIC_HELP[metric].format(items=items)
    with title:
        widgets.headline(words.pays_headline(found), deck)
    table = pd.DataFrame([vars(each) for each in found])
    alt = "; ".join(f"{words.group_title(each)}: {words.change_text(each)}" for each in found)
    with st.container(width=widgets.READING):
        st.caption(words.PAYS_NOTE)
    widgets.chart(who_pays(found, f"{words.METRICS[metric].lower()}, of 100"), alt, table, f"who_pays_{metric}_{k}")


def compare(run: RunFolder, card: Card, title: DeltaGenerator) -> None:
    """Two to five runs side by side: what differs in their settings, and their figures."""
    facts = {each.id: each for each in loaders.runs(state.store()) if each.state == "done"}
    others = [each for each in facts if each != run.id]
    with title:
        widgets.headline(words.COMPARE)
    chosen = st.multiselect(
        "Runs",
        list(facts),
        default=[run.id, *others[:1]],
        format_func=lambda run_id: f"{facts[run_id].label} · seed {facts[run_id].config.seed}",
        max_selections=5,
        key="compared",
    )
    if len(chosen) < 2:
        widgets.empty("Choose at least two runs", "Only what differs between them is listed.")
        return
    names = {run_id: f"{number} · {facts[run_id].label}" for number, run_id in enumerate(chosen, start=1)}
    widgets.section("What differs")
    st.dataframe(_differences({names[each]: facts[each].config for each in chosen}))
    widgets.section("What was found")
    table = pd.concat([_figures(names[each], state.store().run(each), card) for each in chosen], ignore_index=True)
    st.dataframe(table.pivot_table(index="figure", columns="run", values="value", aggfunc="first", sort=False))
    widgets.exact_figures(table, "compare")


def _differences(configs: Mapping[str, RunConfig]) -> pd.DataFrame:
    flat = {name: _flatten(config.model_dump(mode="json")) for name, config in configs.items()}
    keys = list(dict.fromkeys(key for each in flat.values() for key in each))
    rows = {key: [str(each.get(key, "")) for each in flat.values()] for key in keys}
    return pd.DataFrame.from_dict(
        {k: v for k, v in rows.items() if len(set(v)) > 1}, orient="index", columns=list(flat)
    )


def _flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _figures(name: str, run: RunFolder, card: Card) -> pd.DataFrame:
    accuracy, leakage = loaders.accuracy(run), loaders.leakage(run)
    recall = accuracy[(accuracy["metric"] == "recall") & (accuracy["k"] == 20) & (accuracy["model"] != "popularity")]
    rows = [(f"Recall@20, {each.model}", each.value, each.ci_low, each.ci_high) for each in recall.itertuples()]
    strongest = leakage[
        (leakage["representation"] == "user_vector")
        & (leakage["phase"] == "after")
        & (leakage["attacker"] == "strongest")
        & (leakage["metric"] == "auc")
        & (leakage["users"] == "all")
    ]
    rows += [
        (f"{attribute_title(card, each.attribute)}, strongest attack", each.value, each.ci_low, each.ci_high)
        for each in strongest.itertuples()
    ]
    shown = [(name, figure, f"{value:.3f} ({low:.3f} to {high:.3f})") for figure, value, low, high in rows]
    return pd.DataFrame(shown, columns=["run", "figure", "value"])
