"""The leakage page's view *Modalities*: the butterfly, the switches below it, and whether more of them leak more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import loaders, modalities, state, widgets
from dashboard.charts.butterfly import butterfly
from dashboard.findings import PERSON_VECTOR, Figure, aucs
from dashboard.modalities import Mix, Mixes
from dashboard.wording import modalities as words
from dashboard.wording.markdown import plain
from dashboard.wording.names import modality_title, nouns
from dashboard.wording.numbers import tries
from fmm_core.errors import ConfigError
from fmm_core.runs import client
from fmm_core.runs.config import RunConfig
from fmm_core.runs.store import RunFolder

RECALL = "recall@20.before"
Card = Mapping[str, Any]


@dataclass(frozen=True)
class Training:
    """How far the training of the mixes has come.

    Attributes
    ----------
    done : {mix: its finished run}
    waiting : the runs that are queued or running
    missing : what is neither
    why_not : why the mixes cannot be trained; the rest is empty then
    """

    done: Mapping[Mix, RunFolder]
    waiting: Sequence[RunFolder]
    missing: Sequence[RunConfig]
    why_not: str = ""

    @property
    def complete(self) -> bool:
        """Whether every mix is trained."""
        return bool(self.done) and not self.missing and not self.waiting


def show(card: Card, attribute: str, title: str, views: Callable[[], None], attributes: Callable[[], None]) -> None:
    """The whole view of the selected run.

    Parameters
    ----------
    title : of the attribute
    views, attributes : draw the page's two switches
    """
    run = state.selection().run
    table = None if run is None else loaders.modalities(run)
    if run is None or table is None or table.empty:
        widgets.headline(words.NO_MIXES_HEADLINE)
        views()
        widgets.empty(words.NO_MIXES, words.NO_MIXES_SENTENCE, icon=":material/layers:")
        return
    opened = run.config()
    training = _training(opened)
    recalls = {mix: _recall(each) for mix, each in training.done.items()} if training.complete else {}
    found = modalities.mixes(table, attribute, card, recalls)
    if found is None:
        widgets.headline(words.NOT_ATTACKED)
        views()
        attributes()
        return
    items = nouns(card)[1]
    widgets.headline(words.headline(found), words.deck(found, title, items))
    views()
    attributes()
    _draw(found, items, attribute)
    _offer(training, run, opened)
    _switches(found, items, card)
    widgets.exact_figures(modalities.as_table(found), f"leakage_modalities_{attribute}")
    if training.complete:
        _more_leak_more(training, attribute, title)
    with st.container(width=widgets.READING):
        st.caption(words.HONEST)


def _draw(found: Mixes, items: str, attribute: str) -> None:
    widgets.section(words.SECTION, words.note(found))
    with st.container(key="butterfly"):
        figure = butterfly(found.shares, items, found.droppable)
        widgets.picture(figure, words.alt(found, items), f"modalities_{attribute}")


def _training(opened: RunConfig) -> Training:
    """Which mixes are trained, whatever was done to the recommender afterwards."""
    try:
        plans = modalities.planned(opened)
    except ConfigError as error:
        return Training({}, (), (), str(error))
    runs = [each for each in loaders.runs(state.store()) if isinstance(each.config, RunConfig)]
    done = [each for each in runs if each.state == "done"]
    waiting = [each for each in runs if each.state in ("queued", "running")]
    there: dict[Mix, RunFolder] = {}
    coming, missing = [], []
    for mix, plan in plans.items():
        if (place := modalities.trained_on(plan, _configs(done))) is not None:
            there[mix] = state.store().run(done[place].id)
        elif (place := modalities.trained_on(plan, _configs(waiting))) is not None:
            coming.append(state.store().run(waiting[place].id))
        else:
            missing.append(plan)
    return Training(there, coming, missing)


def _configs(facts: Sequence[loaders.RunFacts]) -> list[RunConfig]:
    return [each.config for each in facts if isinstance(each.config, RunConfig)]


def _recall(run: RunFolder) -> NDArray[np.float64]:
    return loaders.per_user(run)[RECALL].to_numpy(np.float64)


def _offer(training: Training, run: RunFolder, opened: RunConfig) -> None:
    """Queue the mixes that are not trained, or say how far they have come, or why there are none."""
    if training.why_not:
        st.caption(plain(training.why_not))
    total = len(training.done) + len(training.waiting) + len(training.missing)
    if training.waiting:
        st.page_link(
            state.PAGES["train"],
            label=words.under_way(len(training.done), len(training.waiting), total),
            icon=":material/hourglass_empty:",
            query_params=state.link(training.waiting[-1]),
        )
    if not training.missing:
        return
    seconds = modalities.seconds_for(len(training.missing), opened, training.missing[-1], run.status().stages)
    label = words.train(len(training.missing), seconds)
    if st.button(label, type="primary", icon=":material/layers:", key="train_subsets"):
        runs = client.submit(state.store(), *training.missing)
        st.switch_page(state.PAGES["train"], query_params=state.link(runs[0]))


def _switches(found: Mixes, items: str, card: Card) -> None:
    """Any mix, from what was computed already."""
    with st.container(border=True, key="mix"):
        st.subheader(words.SWITCHES, anchor=False)
        with st.container(horizontal=True, gap="medium"):
            chosen = frozenset(
                each.name
                for each in found.shares
                if st.toggle(plain(modality_title(card, each.name)), value=True, key=f"mix_{each.name}")
            )
        left, right = st.columns(2)
        _figure(left, words.RIGHT, tries(found.leakage[chosen].value), tries(found.leakage[found.everything].value))
        if found.accuracy:
            here, everywhere = (words.more_found(found.accuracy[mix].value) for mix in (chosen, found.everything))
            _figure(right, words.FOUND.format(items=items.capitalize()), here, everywhere)


def _figure(column: Any, label: str, here: str, everywhere: str) -> None:
    column.metric(label, here, words.all_on(everywhere), delta_color="off", delta_arrow="off")


def _more_leak_more(training: Training, attribute: str, title: str) -> None:
    """The claim "more modalities, more leakage", on these data."""
    attacks = {mix: _vector(run, attribute) for mix, run in training.done.items()}
    known = {mix: figure for mix, figure in attacks.items() if figure is not None}
    if len(known) < len(attacks):
        return
    widgets.section(words.MORE, words.MORE_NOTE)
    with st.container(width=widgets.READING, key="more_leak_more"):
        st.markdown(words.more_leak_more(*modalities.mean_step(known), title))


def _vector(run: RunFolder, attribute: str) -> Figure | None:
    """The strongest attack on the person vector before mitigation."""
    return aucs(loaders.leakage(run), "all").get((attribute, PERSON_VECTOR, "", "before", "strongest"))
