"""Files a reader brings: handed over, checked, corrected, imported. The job in the address is all that is kept."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import audit_form, data_sets, mapping, state, widgets
from dashboard.wording import data as data_words
from dashboard.wording import uploads as words
from fmm_core.data.plan import CheckReport, FileReport, Plan
from fmm_core.errors import FmmError
from fmm_core.runs import client, uploads
from fmm_core.runs.store import Problem, RunFolder, Status

TYPES = [
    "csv", "tsv", "csv.gz", "tsv.gz", "parquet", "xlsx", "npz", "npy", "zip", "inter", "user", "item", "kg", "link",
    "dat", "data", "genre",
]  # fmt: skip
JOB, UPLOADER, REFUSED = "upload", "uploader", "upload_refused"
MOST_PREVIEWED = 50
"""Columns of a preview."""

LONGEST_CELL = 200


def current() -> RunFolder | None:
    """The check or import the reader is at: the address says which, or the session where a click dropped it."""
    job = state.find(st.query_params.get(JOB, "") or st.session_state.get(JOB, ""))
    if job is None or job.raw_config().get("kind") not in ("check", "import"):
        return None
    _point_at(job)
    return job


def _point_at(job: RunFolder) -> None:
    st.session_state[JOB] = st.query_params[JOB] = job.id


def forget() -> None:
    """Be at no upload any more; its files go with the next sweep."""
    st.session_state.pop(JOB, None)
    st.query_params.pop(JOB, None)


# handing over -----------------------------------------------------------------------------------------------------


def bring() -> None:
    """Where a reader hands over files or names a path."""
    files = st.file_uploader(
        words.FILES,
        type=TYPES,
        accept_multiple_files=True,
        key=f"{UPLOADER}_{st.session_state.get(UPLOADER, 0)}",
        help=words.FILES_HELP,
    )
    if files:
        _keep(files)
    if refused := st.session_state.pop(REFUSED, ""):
        st.error(refused, icon=":material/error:")
    with st.expander(words.LARGE, icon=":material/folder_open:"):
        _path()
    with st.expander(words.TEMPLATES, icon=":material/table_chart:"):
        st.markdown(words.MEANING)
        for name, text in words.TEMPLATE_FILES.items():
            st.download_button(name, text, name, "text/csv", key=f"template_{name}", on_click="ignore")


def _keep(files: list[Any]) -> None:
    """Write files to disk, have them checked, and let the session drop them: a new uploader begins empty."""
    job, store = current(), state.store()
    raw = {} if job is None else job.raw_config()
    held = uploads.folder_of(store, raw["source"]) if raw else None
    st.session_state[UPLOADER] = st.session_state.get(UPLOADER, 0) + 1
    try:
        if job is not None and held is not None and held.is_dir():  # more files for the upload at hand
            folder, plan = held, Plan.model_validate(raw["plan"])
            _stop(job)
        else:
            folder, plan = uploads.new_upload(store), Plan(name=words.name_of([file.name for file in files]))
        for file in files:
            uploads.save_upload(folder, file.name, file)
        _point_at(client.check(store, uploads.source_of(folder), plan))
    except FmmError as error:
        st.session_state[REFUSED] = widgets.plain(str(error))
    st.rerun()


def _stop(job: RunFolder) -> None:
    if job.status().state in ("queued", "running"):
        client.cancel(job)


def _path() -> None:
    text = st.text_input(words.PATH, key="path").strip()
    if st.button(words.PATH_BUTTON, key="check_path", disabled=not text):
        path = Path(text).expanduser()
        if path.exists():
            _point_at(client.check(state.store(), path, Plan()))
            st.rerun()
        st.error(words.no_path(text), icon=":material/error:")
    st.caption(words.PATH_NOTE)
    st.code(words.PATH_COMMAND, language="bash", wrap_lines=True)


# what became of it ------------------------------------------------------------------------------------------------


def show(title: DeltaGenerator, job: RunFolder | None) -> None:
    """The state of an upload, and what the reader can do next; the headline goes into `title`."""
    if job is None:
        with title:
            widgets.headline(data_words.NOTHING_CHOSEN)
        return
    status, kind = job.status(), job.raw_config()["kind"]
    report = client.check_report(job) if status.state == "done" and kind == "check" else None
    if status.state == "done" and kind == "import":
        _select(job)
    with title:
        deck = data_words.deck(report.card) if report and report.card else ""
        widgets.headline(words.headline(kind, status, report), deck)
    if report is not None:
        _understood(job, report)
    elif status.state in ("queued", "running"):
        _watch(job)
    else:
        _ended_badly(job, status)


def _select(job: RunFolder) -> None:
    """Go on with the imported data set."""
    st.session_state["dataset_id"] = client.imported(job)
    data_sets.choose_anew()
    forget()
    st.rerun()


@st.fragment(run_every=1.0)
def _watch(job: RunFolder) -> None:
    with widgets.spoken():  # the job may be deleted while it is watched
        _look(job)


def _look(job: RunFolder) -> None:
    client.tend(state.store())
    status = job.status()
    if status.state not in ("queued", "running"):
        st.rerun()
    waiting = [other.id for other in client.queue(state.store(), "files")]
    st.progress(status.fraction, words.waiting(status, waiting.index(job.id) if job.id in waiting else 0))
    if st.button(words.CANCEL, icon=":material/stop_circle:", key="stop_reading"):
        client.cancel(job)
        st.rerun()
    st.caption(words.READING_NOTE)
    st.skeleton(height=240)


def _ended_badly(job: RunFolder, status: Status) -> None:
    if status.state == "cancelled":
        st.info(words.KEPT, title=words.STOPPED, icon=":material/cancel:")
    else:
        found = status.error if status.error is not None and status.state == "failed" else words.INTERRUPTED
        st.error(f"{words.problem(found)} {words.KEPT}", icon=":material/error:")
    with st.container(horizontal=True):
        if st.button(words.CHECK_AGAIN, type="primary", icon=":material/refresh:", key="check_again"):
            _check(job, Plan.model_validate(job.raw_config()["plan"]))
        _start_over()


def _check(job: RunFolder, plan: Plan) -> None:
    _point_at(client.check(state.store(), Path(job.raw_config()["source"]), plan))
    st.rerun()


def _start_over() -> None:
    if st.button(words.START_OVER, key="start_over"):
        forget()
        st.rerun()


def _understood(job: RunFolder, report: CheckReport) -> None:
    for raw in report.problems:
        st.error(words.problem(Problem(**raw)), icon=":material/error:")
    if report.card is not None:
        data_sets.checks(report.card)
    elif not report.problems:
        st.success(words.FIRST_ROWS_ONLY, title=words.NO_PROBLEM, icon=":material/check_circle:")
    if report.files:
        widgets.section(words.UNDERSTOOD)
        st.markdown("\n".join(f"- {words.file_line(file, report.plan)}" for file in report.files))
    said = Plan.model_validate(job.raw_config()["plan"])
    plan, readable = said, True
    if report.files:
        label = words.CORRECTIONS_PROBLEM if report.problems else words.CORRECTIONS
        with st.expander(label, expanded=bool(report.problems), icon=":material/tune:"):
            plan, readable = mapping.corrected(report, said, job.id)
    _next(job, report, plan, said, readable)
    if names := audit_form.files_of(job):
        vectors = bool(report.problems) and audit_form.has_vectors(names)
        with st.expander(words.AUDIT_TITLE, expanded=vectors, icon=":material/search:"):
            audit_form.show(job, report, names)
    _preview(report)
    if report.card is not None:
        data_sets.who(report.card)


def _next(job: RunFolder, report: CheckReport, plan: Plan, said: Plan, readable: bool) -> None:
    changed = plan != said
    sound = readable and not changed and not report.problems
    if changed:
        st.caption(words.CHANGED)
    with st.container(horizontal=True):
        if st.button(words.IMPORT, type="primary", icon=":material/save:", key="import", disabled=not sound):
            _point_at(client.import_(state.store(), Path(job.raw_config()["source"]), report.plan))
            st.rerun()
        if st.button(words.CHECK_AGAIN, icon=":material/refresh:", key="check_again", disabled=not readable):
            _check(job, plan if report.files else Plan(name=plan.name))  # nothing is to be seen: guess anew
        _start_over()


def _preview(report: CheckReport) -> None:
    shown = [file for file in report.files if file.preview]
    if not shown:
        return
    with st.expander(words.PREVIEW, icon=":material/table:", expanded=bool(report.problems)):
        for place, file in enumerate(shown):
            st.caption(widgets.plain(file.name))
            st.dataframe(_table(file), hide_index=True, key=f"preview_{place}")


def _table(file: FileReport) -> pd.DataFrame:
    """The first rows as text; a name that is there twice is told apart."""
    names: list[str] = []
    for name in file.columns[:MOST_PREVIEWED]:
        while name in names:
            name = f"{name} again"
        names.append(name)
    rows = [[cell[:LONGEST_CELL] for cell in row[: len(names)]] for row in file.preview]
    return pd.DataFrame(rows, columns=names, dtype=str)
