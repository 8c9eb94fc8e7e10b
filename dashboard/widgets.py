"""Pieces two or more pages are made of: the sheet, the run selector, headline and deck, a chart with its figures."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import loaders, state, theme
from dashboard.wording import states as words
from dashboard.wording.markdown import plain
from fmm_core.errors import FmmError
from fmm_core.runs.store import RunFolder
from fmm_core.runs.tables import END_OF_ROW, escaped

SHEET, READING, HEADLINE = 1080, 760, 900
"""Widths in px; a phone is narrower than all of them and gets its own width."""


@contextmanager
def sheet() -> Iterator[None]:
    """The centred page; a problem inside becomes a sentence, never a traceback."""
    with st.container(horizontal_alignment="center"), st.container(width=SHEET, gap="small", key="sheet"), spoken():
        yield


@contextmanager
def spoken() -> Iterator[None]:
    """A problem inside becomes a sentence. Fragments and dialogs need their own: they rerun without their page."""
    try:
        yield
    except FmmError as error:
        st.error(plain(str(error)), title=words.PROBLEM, icon=":material/error:")


def headline(sentence: str, deck: str = "") -> None:
    """The finding as the page's title, and one or two sentences below it."""
    with st.container(width=HEADLINE, key="headline", gap="xsmall"):
        st.title(plain(sentence), anchor=False)
    if deck:
        with st.container(width=READING, key="deck"):
            st.markdown(deck)


def caution(sentence: str) -> None:
    """What a reader must know beside the headline; nothing if there is nothing."""
    if sentence:
        with st.container(width=READING, key="caution"):
            st.warning(plain(sentence), icon=":material/visibility_off:")


def section(title: str, note: str = "") -> None:
    """A heading within a page, with one muted line."""
    with st.container(gap="xxsmall"):
        st.header(plain(title), anchor=False)
        if note:
            with st.container(width=READING):
                st.caption(note)


def run_selector() -> RunFolder | None:
    """Let the reader choose the run; show its badges; say so when the address asked for one that is not there.

    Returns
    -------
    The selected run, whatever its state, or None if there is none.
    """
    chosen = state.selection()
    dead_link(chosen)
    if chosen.run is None:
        return None
    facts = {each.id: each for each in loaders.runs(state.store())}
    if chosen.run.id not in facts:
        return chosen.run
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="frame"):
        ids = list(facts)
        st.selectbox(
            words.RUN,
            ids,
            index=ids.index(chosen.run.id),
            format_func=_labels(list(facts.values())).__getitem__,
            key="run_choice",
            on_change=_choose,
            label_visibility="collapsed",
            width=470,
        )
        for badge, colour in words.badges(facts[chosen.run.id].config):
            st.badge(badge, color=colour)
    return chosen.run


def _labels(runs: list[loaders.RunFacts]) -> dict[str, str]:
    """One label a run; those that would read alike get the day and time they were made."""
    times = Counter(each.label for each in runs)
    return {each.id: f"{each.label} · {each.when or each.id}" if times[each.label] > 1 else each.label for each in runs}


def dead_link(chosen: state.Selection) -> None:
    """Say so when the address asked for a run that is not here."""
    if chosen.missing:
        st.warning(
            words.no_such_run(chosen.missing, chosen.run is not None), title=words.DEAD_LINK, icon=":material/link_off:"
        )


def _choose() -> None:
    state.choose(st.session_state["run_choice"])


def finished_run() -> RunFolder | None:
    """The selected run if it is done; otherwise say what is the case and what to do next.

    Pages that show findings start with this and stop when it is None.
    """
    run = run_selector()
    if run is None:
        headline(words.NO_RUN_HEADLINE)
        empty(words.NO_RUN, words.NO_RUN_SENTENCE, icon=":material/hourglass_empty:")
        st.page_link(state.PAGES["overview"], label=words.TO_START, icon=":material/arrow_forward:")
        return None
    status = run.status()
    if status.state == "done":
        return run
    title, sentence, kind = words.unfinished(status)
    headline(title)
    show = {"info": st.info, "warning": st.warning, "error": st.error}[kind]
    show(sentence, icon=words.ICONS[status.state])
    st.page_link(
        state.PAGES["train"],
        label=words.TO_PROGRESS,
        icon=":material/arrow_forward:",
        query_params=state.link(run),
    )
    return None


def chart(fig: go.Figure, alt: str, table: pd.DataFrame, filename: str) -> None:
    """A figure with its reading for those who cannot see it, and its exact figures to look at and to take away.

    Parameters
    ----------
    alt : what the figure says, not what kind it is
    table : the figures drawn, as a reader would want them
    filename : of the CSV, without ending; also the figure's key
    """
    picture(fig, alt, filename)
    exact_figures(table, filename)


def picture(fig: go.Figure, alt: str, name: str) -> None:
    """A figure alone: what it shows stands beside it as text."""
    st.plotly_chart(fig, theme="streamlit", config=theme.CONFIG, alt=alt, key=f"chart_{name}")


def exact_figures(table: pd.DataFrame, filename: str) -> None:
    """The figures behind a chart as a table and as a file."""
    with st.expander(words.EXACT_FIGURES, icon=":material/table:", key=f"exact_{filename}"):
        st.dataframe(table, hide_index=True)
        st.download_button(
            words.DOWNLOAD,
            for_spreadsheets(table).to_csv(index=False, lineterminator=END_OF_ROW).encode(),
            file_name=f"{filename}.csv",
            mime="text/csv",
            key=f"csv_{filename}",
            on_click="ignore",
            icon=":material/download:",
        )


def for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """The same figures; no name from the data runs as a formula where the file is opened."""
    texts = table.select_dtypes(exclude="number").columns
    safe = table.assign(**{name: escaped(table[name]) for name in texts})
    return safe.set_axis(escaped(safe.columns.to_series()), axis=1)


def switch(
    label: str, name: str, options: Mapping[str, str], default: str = "", hidden: bool = False, help: str | None = None
) -> str:
    """A row of buttons of which one is chosen, mirrored in the address as ``?name=id``.

    Parameters
    ----------
    options : {id: label}; labels may hold Streamlit's markdown
    """
    state.remember(name, state.current(name, tuple(options), default))
    chosen = st.segmented_control(
        label,
        tuple(options),
        format_func=lambda each: options[each],
        key=state.widget_key(name),
        required=True,
        help=help,
        label_visibility="collapsed" if hidden else "visible",
        wrap=True,
    )
    return chosen or next(iter(options))


def empty(title: str, sentence: str, icon: str = ":material/info:") -> None:
    """Nothing to show here: what, and what to do next. The action is a real button below."""
    st.info(sentence, title=title, icon=icon)
