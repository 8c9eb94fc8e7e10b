"""What the reader has selected: kept in the session, mirrored in the address, so that every view has a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from fmm_core.errors import StoreError
from fmm_core.runs.store import RUNS, RunFolder, Store

_PAGES = Path(__file__).resolve().parents[1] / "pages"
DEFAULT_PAGE = "overview"
NAVIGATION: tuple[tuple[str, str, Path], ...] = tuple(
    (name, title, _PAGES / f"{name}.py")
    for name, title in (
        ("overview", "Overview"),
        ("data", "Data"),
        ("train", "Train"),
        ("leakage", "Leakage"),
        ("tradeoffs", "Trade-offs"),
        ("embeddings", "Embeddings"),
    )
)
HIDDEN = (("how_we_know", "How we know", _PAGES / "how_we_know.py"),)
"""Pages that only links lead to."""

PAGES: dict[str, Path] = {name: path for name, _, path in (*NAVIGATION, *HIDDEN)}
"""Where each page lives, for `st.page_link` and `st.switch_page`."""

_RUN, _MISSING = "selected_run", "missing_run"


def store() -> Store:
    """The store of this dashboard: `FMM_HOME`, or `workspace/`."""
    return Store.default()


@dataclass(frozen=True)
class Selection:
    """The run the reader looks at.

    Attributes
    ----------
    run : None if there is no run at all
    missing : the id an address asked for although there is no such run; empty otherwise
    """

    run: RunFolder | None
    missing: str = ""


def read_address() -> None:
    """Take ``?run=`` from the address, once per script run; the session keeps it when the navigation drops it.

    An id that leads nowhere is remembered until another run is chosen, so that every page can say so.
    """
    asked = st.query_params.get("run", "")
    if not asked or asked == st.session_state.get(_RUN):
        return
    if _found(asked) is None:
        st.session_state[_MISSING] = asked
    else:
        choose(asked)


def choose(run_id: str) -> None:
    """Make this run the selected one."""
    st.session_state[_RUN] = run_id
    st.session_state.pop(_MISSING, None)
    st.query_params["run"] = run_id


def selection() -> Selection:
    """The selected run, or else the newest finished one, or else the newest; written back to the address."""
    missing = st.session_state.get(_MISSING, "")
    run = _found(st.session_state.get(_RUN, "")) or _newest()
    if run is not None and not missing:
        st.session_state[_RUN] = run.id
        st.query_params["run"] = run.id
    return Selection(run, missing)


def _found(run_id: str) -> RunFolder | None:
    """The run with this id that ends in figures, or None."""
    job = find(run_id)
    return job if job is not None and job.raw_config().get("kind") in RUNS else None


def find(run_id: str) -> RunFolder | None:
    """The job with this id, or None."""
    try:
        return store().run(run_id) if run_id else None
    except StoreError:
        return None


def _newest() -> RunFolder | None:
    runs = store().runs()
    return next((run for run in runs if run.status().state == "done"), runs[0] if runs else None)


def link(run: RunFolder | None, **more: str) -> dict[str, str]:
    """Query parameters of a link to another page that keeps the run."""
    return ({"run": run.id} if run else {}) | more


def current(name: str, options: Sequence[str], default: str = "") -> str:
    """What the reader chose for `name`, also before its widget is drawn.

    Streamlit's own binding writes labels, not ids, so the address is mirrored here: a new address wins, then the
    reader's click, then what was chosen on another page, then `default` (the first option if empty).
    """
    session, asked = st.session_state, st.query_params.get(name, "")
    wishes: list[object] = [asked] if asked != session.get(f"seen_{name}") else []
    wishes += [session.get(widget_key(name)), session.get(f"kept_{name}"), default]
    return next((option for wish in wishes for option in options if wish == option), options[0])


def remember(name: str, value: str) -> None:
    """Keep a choice in the session and in the address, and hand it to the widget about to be drawn."""
    session = st.session_state
    session[widget_key(name)] = session[f"kept_{name}"] = session[f"seen_{name}"] = st.query_params[name] = value


def widget_key(name: str) -> str:
    """The key of the widget that chooses `name`."""
    return f"pick_{name}"
