"""The check of an upload: what was understood, every problem, a preview; nothing is stored."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from fmm_core.data.dataset import Dataset, Note
from fmm_core.data.plan import AS_GUESSED, CheckReport, FileReport, Plan
from fmm_core.data.readers import sniff
from fmm_core.data.readers.gathering import Layout
from fmm_core.data.readers.tablefiles import TableFile
from fmm_core.data.sentences import need_encoder
from fmm_core.data.sources import opened
from fmm_core.data.storage import card, fingerprint, slug_of
from fmm_core.errors import DataError, DataErrors
from fmm_core.types import Progress, silent

PREVIEW_ROWS = 10
PREVIEW_CHARACTERS = 200
READ_WHOLE = 100_000_000
"""Bytes of files up to which the check reads everything; of larger ones only the first `FIRST_ROWS` interactions."""

FIRST_ROWS = 200_000

LATER = Note(
    "text.later",
    0,
    "This look weighs titles and texts by their words; the import reads them with MiniLM, "
    "so what is said of text may differ.",
)
"""A look is short; MiniLM takes seconds to load, and minutes for many texts."""


def check(source: Path, plan: Plan = AS_GUESSED, progress: Progress = silent) -> CheckReport:
    """Look at a folder, a zip or a file the way `sniff.read` would, and say what it would make of it.

    Never raises `DataError`: what is wrong stands in the report.
    """
    report = CheckReport(plan=plan)
    try:
        with opened(source) as folder:
            return _looked_at(folder, plan, progress)
    except DataError as error:
        return report.model_copy(update={"problems": _as_dicts(error)})


def _looked_at(folder: Path, plan: Plan, progress: Progress) -> CheckReport:
    reader = sniff.reader_of(folder)
    try:
        layout = reader.look(folder, plan)
    except DataError as error:  # a column was named that is not there: show what is
        files = tuple(_files(reader.look(folder, AS_GUESSED)))
        return CheckReport(reader=reader.TITLE, files=files, plan=plan, problems=_as_dicts(error))
    whole = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= READ_WHOLE
    report = CheckReport(reader=reader.TITLE, files=tuple(_files(layout)), plan=layout.plan(plan), complete=whole)
    try:
        dataset = _read(folder, report.plan, progress, most_rows=None if whole else FIRST_ROWS)
    except DataError as error:
        return report.model_copy(update={"problems": _as_dicts(error)})
    if not whole:
        return report
    return report.model_copy(update={"card": card(dataset, slug_of(dataset.name), fingerprint(dataset))})


def _read(folder: Path, plan: Plan, progress: Progress, most_rows: int | None) -> Dataset:
    """Read as the import would, but texts always by their words."""
    need_encoder(plan.text_encoder)
    dataset = sniff.read(folder, plan.model_copy(update={"text_encoder": "words"}), progress, most_rows=most_rows)
    return dataset if plan.text_encoder == "words" else replace(dataset, notes=(*dataset.notes, LATER))


def _as_dicts(error: DataError) -> tuple[dict[str, str], ...]:
    errors: Iterable[DataError] = error.errors if isinstance(error, DataErrors) else (error,)
    return tuple(each.as_dict() for each in errors)


def _files(layout: Layout) -> Iterable[FileReport]:
    roles = {each.table.name: (role, each.guesses) for role, each in layout.understood.items()}
    for table in layout.tables:
        role, guesses = roles.get(table.name, ("", ()))
        yield FileReport(name=table.name, role=role, columns=table.columns, preview=_preview(table), guesses=guesses)


def _preview(table: TableFile) -> tuple[tuple[str, ...], ...]:
    rows = table.head(PREVIEW_ROWS).itertuples(index=False)
    return tuple(tuple(str(cell)[:PREVIEW_CHARACTERS] for cell in row) for row in rows)
