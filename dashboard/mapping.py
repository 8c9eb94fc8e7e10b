"""The corrections a reader makes to a check: which file and column is what, bands, what is left out."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import streamlit as st

from dashboard import widgets
from dashboard.wording import uploads as words
from fmm_core.data.plan import MEANINGS, ROLES, CheckReport, FileReport, Plan, Role, has_sentences

MOST_COLUMNS = 300
"""Longer menus help nobody."""

MOST_ATTRIBUTES = 30


def corrected(report: CheckReport, said: Plan, key: str) -> tuple[Plan, bool]:
    """Let the reader correct what a check understood.

    Parameters
    ----------
    said : what was said before that check; what is changed now is added, so that the rest stays a guess with a reason
    key : starts the keys of all widgets, so that another check begins with its own plan

    Returns
    -------
    The plan, equal to `said` if nothing was changed, and whether all that was typed can be read.
    """
    name = st.text_input(words.NAME, said.name, max_chars=100, key=f"{key}_name").strip()
    held = {role: report.plan.files.get(role, "") for role in ROLES}
    files = _files(report, held, key)
    columns = {role: dict(said.columns.get(role, {})) for role in ROLES}
    for role in ROLES:
        new = files[role] != held[role]
        if new:
            columns[role] = {}  # what was said of another file
        if (file := _file(report, files[role])) is not None:
            widgets.section(words.ROLES[role], words.NEW_FILE if new else "")
            now = {} if new else report.plan.columns.get(role, {})
            columns[role] |= _columns(file, role, now, f"{key}_{file.name}" if new else key)
    attributes, readable = _attributes(report, said.attributes, key)
    changes = {
        "name": name,
        "files": said.files | {role: files[role] for role in ROLES if files[role] != held[role]},
        "columns": {role: chosen for role, chosen in columns.items() if chosen},
        "attributes": attributes,
        **_texts(said, report, key),
        **_rows(said, report, key),
    }
    return said.model_copy(update=changes), readable


def _file(report: CheckReport, name: str) -> FileReport | None:
    return next((each for each in report.files if each.name == name), None)


def _files(report: CheckReport, held: Mapping[Role, str], key: str) -> dict[Role, str]:
    names = [file.name for file in report.files if file.columns]
    widgets.section(words.WHICH_FILE)
    chosen: dict[Role, str] = {}
    for role, cell in zip(ROLES, st.columns(len(ROLES)), strict=True):
        with cell:
            chosen[role] = select(words.ROLES[role], names, held[role], words.NO_FILE, f"{key}_file_{role}")
    return chosen


def _columns(file: FileReport, role: Role, held: Mapping[str, str], key: str) -> dict[str, str]:
    """Meanings that were given another column; an empty one says that there is none."""
    changed, reasons = {}, words.reasons(file)
    cells = st.columns(2)
    for place, meaning in enumerate(MEANINGS[role]):
        now = held.get(meaning, "")
        with cells[place % 2]:
            label, name = words.MEANINGS[meaning], f"{key}_column_{role}_{meaning}"
            column = select(label, file.columns, now, words.NO_COLUMN, name)
            if column == now and meaning in reasons:
                st.caption(reasons[meaning])
        if column != now:
            changed[meaning] = column
    return changed


def select(label: str, names: Sequence[str], held: str, none: str, key: str) -> str:
    """A menu of names and of `none`; "" for the latter."""
    options = list(dict.fromkeys(["", held, *names[:MOST_COLUMNS]]))
    return st.selectbox(
        label,
        options,
        index=options.index(held),
        format_func=lambda name: name or none,
        key=key,
    )


Attributes = dict[str, tuple[float, ...]]


def _attributes(report: CheckReport, said: Attributes | None, key: str) -> tuple[Attributes | None, bool]:
    """Which columns are audited, with the edges of their bands; None as long as nobody says otherwise."""
    names = _candidates(report)
    if not names:
        return said, True
    before: Attributes = dict.fromkeys(names, ()) if said is None else said
    found = _found_edges(report)
    widgets.section(words.ATTRIBUTES)
    shown = names[:MOST_ATTRIBUTES]
    if len(names) > len(shown):
        st.caption(words.MORE_COLUMNS.format(shown=len(shown), all=len(names)))
    chosen, readable = {name: edges for name, edges in before.items() if name not in shown}, True
    for name in shown:
        if not st.checkbox(widgets.plain(name), name in before, key=f"{key}_attribute_{name}"):
            continue
        chosen[name] = before.get(name, ())
        if chosen[name] or name in found or _is_numeric(report, name):
            typed = _edges(name, chosen[name], found.get(name, ()), key)
            chosen[name], readable = (chosen[name], False) if typed is None else (typed, readable)
    return (said if chosen == before else chosen), readable


def _candidates(report: CheckReport) -> list[str]:
    """Columns that may be attributes: those of the people's table, or else what the check found beside the clicks."""
    people = _file(report, report.plan.files.get("users", ""))
    if people is None:
        return list(report.card["attributes"]) if report.card else []
    used = set(report.plan.columns.get("users", {}).values())
    return [name for name in dict.fromkeys(people.columns) if name not in used]  # a name may be there twice


def _found_edges(report: CheckReport) -> Attributes:
    cards = report.card["attributes"] if report.card else {}
    return {name: tuple(each["edges"]) for name, each in cards.items() if each["edges"]}


def _edges(name: str, said: tuple[float, ...], found: tuple[float, ...], key: str) -> tuple[float, ...] | None:
    """What was said, if the text is left as it is; the edges that were found are no more than a start."""
    text = st.text_input(
        words.BANDS.format(column=widgets.plain(name)),
        words.edges_text(said or found),
        help=words.BANDS_HELP,
        placeholder=words.BANDS_EMPTY,
        key=f"{key}_edges_{name}",
    )
    if text == words.edges_text(said or found):
        return said
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


def _is_numeric(report: CheckReport, column: str) -> bool:
    """Whether every cell of the preview is a number, so that bands can be asked for."""
    people = _file(report, report.plan.files.get("users", ""))
    if people is None:
        return False
    place = people.columns.index(column)
    cells = [row[place] for row in people.preview if place < len(row) and row[place].strip()]
    return bool(cells) and all(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _texts(said: Plan, report: CheckReport, key: str) -> dict[str, object]:
    """Who encodes titles and texts; asked where there are any and a choice, or to take back one that fails."""
    chosen = said.text_encoder == "sentences"
    told = report.plan.columns.get("items", {})
    if not chosen and not (has_sentences() and (told.get("title") or told.get("text"))):
        return {}
    widgets.section(words.TEXTS)
    sentences = st.toggle(words.SENTENCES, chosen, help=words.SENTENCES_HELP, key=f"{key}_sentences")
    return {"text_encoder": "sentences" if sentences else "words"}


def _rows(said: Plan, report: CheckReport, key: str) -> dict[str, object]:
    widgets.section(words.ROWS)
    least = said.min_rating
    if report.plan.columns.get("interactions", {}).get("rating") or least is not None:
        least = st.number_input(words.MIN_RATING, value=least, placeholder=words.NO_FILE, key=f"{key}_rating")
    sample = st.number_input(
        words.SAMPLE, 100, value=said.sample_users, step=100, help=words.SAMPLE_HELP, key=f"{key}_sample"
    )
    leave_out = st.toggle(words.LEAVE_OUT, said.leave_out_bad_rows, key=f"{key}_leave_out")
    return {"min_rating": least, "sample_users": sample, "leave_out_bad_rows": leave_out}
