"""Parts of the data page: choosing, fetching, and what a data set's card says."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import loaders, state, widgets
from dashboard.charts.groups import group_sizes
from dashboard.wording import data as words
from dashboard.wording.names import attribute_title, modality_title, nouns
from fmm_core.data.specs import CATALOG
from fmm_core.runs import client
from fmm_core.runs.config import FetchConfig
from fmm_core.runs.store import RunFolder

Card = Mapping[str, Any]
OWN = "own"
"""Stands in the list of choices for files the reader brings; no data set is called so."""

BRING = "bring_own"
"""In the session: whether the reader is about to bring files."""


def choose(bring: bool) -> str:
    """What the reader looks at: the id of a stored data set, a catalog name that is not stored yet, or `OWN`.

    Parameters
    ----------
    bring : whether files of the reader's own are on their way, so that the list begins there
    """
    cards = {card["id"]: card for card in loaders.cards(state.store())}
    stored = {card["slug"] for card in cards.values()}
    options = {}
    for card_id, card in cards.items():
        known = CATALOG.get(card["slug"])
        options[card_id] = (card["title"], known.sentence if known else "Stored here.")
    options |= {name: (entry.title, entry.sentence) for name, entry in CATALOG.items() if name not in stored}
    options[OWN] = (words.OWN, words.OWN_SENTENCE)
    names = list(options)
    remembered = OWN if bring or st.session_state.get(BRING) else st.session_state.get("dataset_id")
    widgets.section(words.CHOOSE)
    chosen = st.radio(
        "Data set",
        names,
        index=names.index(remembered) if remembered in names else 0,
        format_func=lambda name: widgets.plain(options[name][0]),
        captions=[caption for _, caption in options.values()],
        key="dataset_choice",
        label_visibility="collapsed",
    )
    st.session_state[BRING] = chosen == OWN
    if chosen in cards:
        st.session_state["dataset_id"] = chosen
    return chosen


def choose_anew() -> None:
    """Let the list begin at the remembered data set when it is drawn again."""
    st.session_state.pop("dataset_choice", None)
    st.session_state.pop(BRING, None)


def fetch(name: str) -> None:
    """Offer to get a data set that is not stored yet, and wait for it."""
    entry = CATALOG[name]
    st.markdown(f"**{entry.title}.** {entry.sentence}")
    running = next((job for job in _fetches(name) if job.status().state in ("queued", "running")), None)
    if running is not None:
        _wait(running)
        return
    if st.button(words.GET, type="primary", icon=":material/download:", key="get_dataset"):
        client.submit(state.store(), FetchConfig(dataset=name))
        st.rerun()
    failed = next(iter(_fetches(name)), None)
    if failed is not None and (problem := failed.status().error) is not None:
        st.error(
            widgets.plain(f"{problem.what[:1].upper()}{problem.what[1:]}. {problem.mend}"), icon=":material/error:"
        )


def _fetches(name: str) -> list[RunFolder]:
    raw = ((job, job.raw_config()) for job in state.store().jobs())
    return [job for job, config in raw if config.get("kind") == "fetch" and config.get("dataset") == name]


@st.fragment(run_every=1.0)
def _wait(job: RunFolder) -> None:
    with widgets.spoken():
        _look(job)


def _look(job: RunFolder) -> None:
    client.tend(state.store())
    st.skeleton(height=240)
    st.caption(words.GETTING)
    if job.status().state not in ("queued", "running"):
        stored = [card["id"] for card in state.store().datasets() if card["slug"] == job.raw_config()["dataset"]]
        if stored:
            st.session_state["dataset_id"] = stored[-1]
            choose_anew()
        st.rerun()


def checks(card: Card) -> None:
    """One green box if all is well, one yellow per point a reader should know."""
    widgets.section(words.CHECKS)
    points = [*(note["sentence"] for note in card["notes"]), *words.refusals(card)]
    if not points:
        st.success(words.PASSED_SENTENCE, title=words.PASSED, icon=":material/check_circle:")
    for sentence in points:
        st.warning(widgets.plain(sentence), title=words.NEEDS_EYE, icon=":material/info:")


def who(card: Card) -> None:
    """Group sizes of one attribute."""
    widgets.section(words.WHO)
    titles = {name: widgets.plain(attribute_title(card, name)) for name in card["attributes"]}
    if not titles:
        return
    name = widgets.switch("Attribute", "attribute", titles, hidden=True)
    attribute = card["attributes"][name]
    if not attribute["offered"]:
        st.info(f"Not audited: {widgets.plain(attribute['reason'])}.")
    if attribute["undisclosed"]:
        st.caption(words.undisclosed(attribute["undisclosed"]))
    table = pd.DataFrame(attribute["groups"]).rename(columns={"name": "group", "count": "people"})
    said = ", ".join(f"{group['name']} {group['count']}" for group in attribute["groups"])
    widgets.chart(group_sizes(attribute), f"People per group: {said}.", table, f"groups_{name}")


def what(card: Card) -> None:
    """The modalities as a table."""
    items = nouns(card)[1]
    widgets.section(words.WHAT.format(items=items))
    if not card["modalities"]:
        st.info(words.NO_MODALITY.format(items=items))
        return
    table = pd.DataFrame(
        {
            "modality": [modality_title(card, name) for name in card["modalities"]],
            "covered": [100 * each["present"] / card["n_items"] for each in card["modalities"].values()],
            "numbers": [each["dim"] for each in card["modalities"].values()],
            "from": [each["source"] for each in card["modalities"].values()],
        }
    )
    bar = st.column_config.ProgressColumn(f"{items} covered", format="%.0f %%", min_value=0, max_value=100)
    numbers = st.column_config.NumberColumn(f"numbers per {nouns(card)[0]}")
    st.dataframe(table, hide_index=True, column_config={"covered": bar, "numbers": numbers}, key="modalities")


def delete(card: Card) -> None:
    """Offer to remove a stored data set with everything made from it."""
    if st.button(words.DELETE, icon=":material/delete:", type="tertiary", key="delete_dataset"):
        _ask_delete(card)


@st.dialog(words.DELETE)
def _ask_delete(card: Card) -> None:
    with widgets.spoken():  # a run may be at work on it, or another tab was faster
        runs, megabytes = client.what_goes(state.store(), card["id"])
        st.write(words.what_goes(card["title"], runs, megabytes))
        if st.button(words.DELETE_YES, type="primary", key="delete_sure"):
            client.delete_dataset(state.store(), card["id"])
            st.session_state.pop("dataset_id", None)
            choose_anew()
            st.rerun()
