"""A small form: audit vectors, lists or clicks from an upload, without training anything."""

from pathlib import Path

import streamlit as st

from dashboard import mapping, state, widgets
from dashboard.wording import uploads as words
from fmm_core.data.plan import CheckReport
from fmm_core.runs import client
from fmm_core.runs.config import parse_audit
from fmm_core.runs.store import RunFolder

NUMBERS = (".npz", ".npy")
MOST_FILES = 200


def files_of(job: RunFolder) -> list[str]:
    """Names of the files a check looked at; empty for a zip, which is a single file until it is opened."""
    source = Path(job.raw_config()["source"])
    return sorted(path.name for path in source.iterdir() if path.is_file())[:MOST_FILES] if source.is_dir() else []


def has_vectors(names: list[str]) -> bool:
    """Whether some file can hold nothing but numbers."""
    return any(name.lower().endswith(NUMBERS) for name in names)


def show(job: RunFolder, report: CheckReport, names: list[str]) -> None:
    """Which file is what, which attributes, and the button that starts the audit."""
    st.caption(words.AUDIT_NOTE)
    chosen, free = {}, list(names)
    for role in words.AUDIT_ROLES:
        guess = _guess(role, report, free)
        chosen[role] = mapping.select(words.AUDIT_ROLES[role], names, guess, words.NO_FILE, f"{job.id}_audit_{role}")
        free = [name for name in free if name != chosen[role]]
    attributes = _attributes(report, chosen["users"], job.id)
    row_order = st.toggle(words.ROW_ORDER, key=f"{job.id}_audit_row_order", help=words.ROW_ORDER_HELP)
    something = any(chosen[role] for role in ("vectors", "interactions", "lists"))
    if not st.button(
        words.AUDIT, icon=":material/search:", key="audit", disabled=not (chosen["users"] and attributes and something)
    ):
        return
    source = Path(job.raw_config()["source"])
    paths = {role: str(source / name) for role, name in chosen.items() if name}
    config = parse_audit(paths | {"attributes": attributes, "row_order": row_order, "title": report.plan.name})
    (run,) = client.submit(state.store(), config)
    state.choose(run.id)
    st.switch_page(state.PAGES["train"], query_params=state.link(run))


def _guess(role: str, report: CheckReport, free: list[str]) -> str:
    """Tables as the check took them, and the first file of numbers as the vectors."""
    taken_for = {str(known): name for known, name in report.plan.files.items()}
    if role == "vectors":
        return next((name for name in free if name.lower().endswith(NUMBERS)), "")
    return taken_for[role] if taken_for.get(role) in free else ""


def _attributes(report: CheckReport, users: str, key: str) -> tuple[str, ...]:
    """Columns of the people's table; typed where the check could not read it."""
    file = next((each for each in report.files if each.name == users), None)
    if file is None:
        text = st.text_input(words.ATTRIBUTES, placeholder="gender, age", key=f"{key}_audit_typed")
        return tuple(name.strip() for name in text.split(",") if name.strip())
    ids = set(report.plan.columns.get("users", {}).values()) | {"user_id"}
    names = [name for name in dict.fromkeys(file.columns) if name not in ids][: mapping.MOST_ATTRIBUTES]
    widgets.section(words.ATTRIBUTES)
    boxes = {name: st.checkbox(widgets.plain(name), True, key=f"{key}_audit_attribute_{name}") for name in names}
    return tuple(name for name, on in boxes.items() if on)
