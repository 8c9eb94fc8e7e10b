"""A run on its way: bar, steps, cancel and resume; refreshes itself once a second."""

from collections.abc import Sequence

import streamlit as st

from dashboard import loaders, state, theme, widgets
from dashboard.charts.progress import recall_curve
from dashboard.wording import states
from dashboard.wording import train as words
from dashboard.wording.names import nouns
from fmm_core.runs import client
from fmm_core.runs.store import RunFolder, Status

NEW = "new"
"""Stands in the address while the reader sets up another run; every link to this page drops it."""


def show(run: RunFolder) -> None:
    """The progress of `run`, polling while it is not at an end."""
    ended = run.status().state not in ("queued", "running")
    with st.container(key="progress"):
        st.fragment(_spoken, run_every=None if ended else 1.0)(run)


def _spoken(run: RunFolder) -> None:
    with widgets.spoken():  # the run may be deleted while it is watched
        _draw(run)


def _draw(run: RunFolder) -> None:
    client.tend(state.store())
    status = run.status()
    before = [other.id for other in client.queue(state.store(), "runs")]
    widgets.headline(words.progress_headline(status, before.index(run.id) if run.id in before else 0), _deck(status))
    stages = run.made_with().stages
    st.progress(status.fraction, words.bar_text(status, len(stages)))
    left, right = st.columns([4, 7], gap="large")
    with left:
        _steps(status, stages)
        _buttons(run, status)
    with right:
        _so_far(run)
    if status.state == "done":
        st.rerun()
    if status.state not in ("queued", "running") and st.session_state.get("polled") == run.id:
        st.session_state.pop("polled")
        st.rerun()  # draw the page once more without polling
    if status.state in ("queued", "running"):
        st.session_state["polled"] = run.id


def _deck(status: Status) -> str:
    if status.state in ("queued", "running"):
        return "You can close this tab. The run goes on, and this address brings you back."
    return widgets.plain(states.unfinished(status)[1]) if status.state != "done" else ""


def _steps(status: Status, stages: Sequence[str]) -> None:
    ended = {stage.name: stage for stage in status.stages}
    for name in stages:
        if name in ended:
            st.status(words.step_label(ended[name]), state="complete", type="step")
        elif name == status.stage and status.state == "running":
            detail = f" · {status.detail}" if status.detail else ""
            st.status(f"{states.STAGES[name]}{detail}", state="running", type="step")
        else:
            st.caption(f":material/radio_button_unchecked: {states.STAGES[name]}")


def _buttons(run: RunFolder, status: Status) -> None:
    with st.container(horizontal=True):
        if status.state in ("queued", "running"):
            if st.button(words.CANCEL, icon=":material/stop_circle:", key="cancel_button"):
                _ask_cancel(run)
        elif status.state != "done" and st.button(words.RESUME, icon=":material/play_arrow:", key="resume_button"):
            client.resume(state.store(), run)
            st.rerun()
        if st.button(words.ANOTHER, key="another_button"):
            st.query_params[NEW] = "1"
            st.rerun()
    if status.state == "failed" and run.log.exists():
        with st.expander(words.LOG):
            st.code(run.log.read_text(encoding="utf-8"), language=None)


@st.dialog("Cancel the run")
def _ask_cancel(run: RunFolder) -> None:
    st.write(words.CANCEL_SURE)
    with widgets.spoken():  # the run may have ended while the dialog was open
        if st.button(words.CANCEL_YES, type="primary", key="cancel_sure"):
            client.cancel(run)
            st.rerun()


def _so_far(run: RunFolder) -> None:
    figure = recall_curve(loaders.history(run))
    if figure is None:
        return
    items = nouns(loaders.card(state.store(), run))[1]
    widgets.section(words.SO_FAR, words.so_far_note(items))
    alt = "Accuracy on held-back clicks by training round."
    st.plotly_chart(figure, theme="streamlit", config=theme.CONFIG, alt=alt, key="recall_curve")
