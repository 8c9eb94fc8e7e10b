"""The corrections a reader makes to a check: which file and column is what, bands, what is left out."""

from collections.abc import Mapping
from itertools import pairwise

import streamlit as st

from dashboard import widgets
from dashboard.wording import uploads as words
from fmm_core.data.plan import MEANINGS, ROLES, CheckReport, FileReport, Plan, Role

MOST_COLUMNS = 300
"""Longer menus help nobody."""

MOST_ATTRIBUTES = 30


def corrected(report: CheckReport, key: str) -> tuple[Plan, bool]:
    """Let the reader correct a check's plan.

    Parameters
    ----------
    key : starts the keys of all widgets, so that another check begins with its own plan

    Returns
    -------
    The plan, equal to the report's if nothing was changed, and whether all that was typed can be read.
    """
    plan = report.plan
    name = st.text_input(words.NAME, plan.name, max_chars=100, key=f"{key}_name")
    files = _files(report, key)
    columns = {role: dict(plan.columns.get(role, {})) for role in ROLES}
    for role in ROLES:
        file = next((each for each in report.files if files.get(role) and each.name == files[role]), None)
        if file is None:
            continue
        if file.role != role:
            st.caption(f"{words.ROLES[role]}: {words.NEW_FILE}")
            columns[role] = {}  # what was said of another file
            continue
        widgets.section(words.ROLES[role])
        columns[role] = _columns(file, role, columns[role], key)
    people = next((each for each in report.files if each.role == "users" and files.get("users") == each.name), None)
    attributes, readable = plan.attributes, True
    if people is not None:
        attributes, readable = _attributes(people, columns["users"].get("user_id", ""), plan.attributes, key)
    rows = _rows(plan, bool(columns["interactions"].get("rating")), key)
    changes = {
        "name": name.strip(),
        "files": files,
        "columns": {role: chosen for role, chosen in columns.items() if chosen or role in plan.columns},
        "attributes": attributes,
        **rows,
    }
    return plan.model_copy(update=changes), readable


def is_mapped(report: CheckReport) -> bool:
    """Whether columns can be mapped: files in a fixed format have nothing to choose."""
    return any(file.columns and (file.guesses or not report.reader) for file in report.files)


def _files(report: CheckReport, key: str) -> dict[Role, str]:
    names = [file.name for file in report.files if file.columns]
    chosen = dict(report.plan.files)
    widgets.section(words.WHICH_FILE)
    for role, cell in zip(ROLES, st.columns(len(ROLES)), strict=True):
        held = chosen.get(role) or next((file.name for file in report.files if file.role == role), "")
        with cell:
            name = _select(words.ROLES[role], names, held, words.NO_FILE, f"{key}_file_{role}")
        if name != held:
            chosen[role] = name
    return chosen


def _columns(file: FileReport, role: Role, held: Mapping[str, str], key: str) -> dict[str, str]:
    """Which column of a table is what; a meaning that had no column and has none now stays unsaid."""
    chosen, reasons = dict(held), words.reasons(file)
    cells = st.columns(2)
    for place, meaning in enumerate(MEANINGS[role]):
        with cells[place % 2]:
            now = held.get(meaning, "")
            column = _select(
                words.MEANINGS[meaning], file.columns, now, words.NO_COLUMN, f"{key}_column_{role}_{meaning}"
            )
            if column == now and meaning in reasons:
                st.caption(reasons[meaning])
        if column != now:
            chosen[meaning] = column
    return chosen


def _select(label: str, names: tuple[str, ...] | list[str], held: str, none: str, key: str) -> str:
    options = list(dict.fromkeys(["", held, *names[:MOST_COLUMNS]]))
    return st.selectbox(
        label,
        options,
        index=options.index(held),
        format_func=lambda name: widgets.plain(name) if name else none,
        key=key,
    )


Attributes = dict[str, tuple[float, ...]]


def _attributes(file: FileReport, id_column: str, held: Attributes | None, key: str) -> tuple[Attributes | None, bool]:
    """Which columns are audited, with the edges of their bands; None as long as nothing says otherwise."""
    names = [name for name in dict.fromkeys(file.columns) if name != id_column]  # a name may be there twice
    before: Attributes = dict.fromkeys(names, ()) if held is None else held
    widgets.section(words.ATTRIBUTES)
    if len(names) > MOST_ATTRIBUTES:
        st.caption(words.MORE_COLUMNS.format(shown=MOST_ATTRIBUTES, all=len(names)))
    chosen, readable = {name: edges for name, edges in before.items() if name not in names[:MOST_ATTRIBUTES]}, True
    for name in names[:MOST_ATTRIBUTES]:
        if not st.checkbox(widgets.plain(name), name in before, key=f"{key}_attribute_{name}"):
            continue
        edges = before.get(name, ())
        typed = _edges(name, edges, key) if edges or _is_numeric(file, name) else edges
        chosen[name], readable = (edges, False) if typed is None else (typed, readable)
    return (held if chosen == before else chosen), readable


def _edges(name: str, held: tuple[float, ...], key: str) -> tuple[float, ...] | None:
    text = st.text_input(
        words.BANDS.format(column=widgets.plain(name)),
        words.edges_text(held),
        help=words.BANDS_HELP,
        placeholder=words.BANDS_EMPTY,
        key=f"{key}_edges_{name}",
    )
    if text == words.edges_text(held):
        return held  # as it was, to the last digit
    edges = parse_edges(text)
    if edges is None:
        st.error(words.wrong_edges(name, text))
    return edges


def parse_edges(text: str) -> tuple[float, ...] | None:
    """Rising numbers, parted by commas; None if they are none.

    >>> parse_edges("18, 25, 35")
    (18.0, 25.0, 35.0)
    """
    try:
        edges = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        return None
    return edges if all(low < high < float("inf") for low, high in pairwise((float("-inf"), *edges))) else None


def _is_numeric(file: FileReport, column: str) -> bool:
    place = file.columns.index(column)
    cells = [row[place] for row in file.preview if place < len(row) and row[place].strip()]
    return bool(cells) and all(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _rows(plan: Plan, rated: bool, key: str) -> dict[str, object]:
    widgets.section(words.ROWS)
    least = plan.min_rating
    if rated or least is not None:
        least = st.number_input(words.MIN_RATING, value=least, placeholder=words.NO_FILE, key=f"{key}_rating")
    sample = st.number_input(
        words.SAMPLE, 100, value=plan.sample_users, step=100, help=words.SAMPLE_HELP, key=f"{key}_sample"
    )
    leave_out = st.toggle(words.LEAVE_OUT, plan.leave_out_bad_rows, key=f"{key}_leave_out")
    return {"min_rating": least, "sample_users": sample, "leave_out_bad_rows": leave_out}
