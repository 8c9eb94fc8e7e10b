"""Set up a run without knowing the method, start it, and watch it."""

import streamlit as st

from dashboard import run_progress, state, train_form, widgets
from dashboard.choices import Choices
from dashboard.wording import train as words
from fmm_core.fairness.specs import DEFAULT_MITIGATION
from fmm_core.runs.store import RunFolder


def main() -> None:
    """The progress of the chosen run while it is not done; else the form."""
    with widgets.sheet():
        chosen = state.selection()
        widgets.dead_link(chosen)
        if chosen.run is not None and in_progress(chosen.run):
            run_progress.show(chosen.run)
            train_form.recent_runs(shown=chosen.run.id)
        else:
            if chosen.run is not None and chosen.run.id == st.session_state.get("polled"):
                finished(chosen.run)
            form()
            train_form.recent_runs()


def in_progress(run: RunFolder) -> bool:
    """Whether this run's progress is what the reader came for."""
    return run.status().state != "done" and run_progress.NEW not in st.query_params


def finished(run: RunFolder) -> None:
    """The run the reader watched is done: lead to what it found."""
    st.success("The run is done.", icon=":material/check_circle:")
    st.page_link(state.PAGES["overview"], label="Read what it found", icon=":material/arrow_forward:",
                 query_params=state.link(run))  # fmt: skip


def form() -> None:
    """Three questions on the left; on the right what will run."""
    widgets.headline(words.HEADLINE, words.DECK)
    card = train_form.dataset()
    if card is None:
        widgets.empty(words.NO_DATA_HEADLINE, words.NO_DATA)
        st.page_link(state.PAGES["data"], label="Choose a data set", icon=":material/arrow_forward:")
        return
    left, right = st.columns([7, 4], gap="large")
    with left:
        method = st.session_state.get("method", DEFAULT_MITIGATION)  # its radio stands below the switches it decides
        modalities = train_form.modalities(card, st.session_state.get("recommender", "lattice"), method)
        weights = train_form.weights(card, method)
        method, preset = train_form.how()
        curve, seeds = train_form.curve(method)
        engineers = st.expander(words.ENGINEERS, icon=":material/tune:", key="engineers")
        with engineers:
            recommender, path, panel, seed, split_seed = train_form.engineers(card)
    chosen = Choices(card["id"], modalities, weights, method, preset, recommender, seed, split_seed, curve, seeds, path,
                     panel)  # fmt: skip
    with engineers:
        train_form.exact_settings(chosen)
    with right:
        train_form.submit_card(chosen, card)


if __name__ == "__main__":
    main()
