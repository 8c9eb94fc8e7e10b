"""Tables of interactions, people and items under any name, in text, parquet or a workbook; features beside them."""

from dataclasses import replace
from pathlib import Path

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Dataset
from fmm_core.data.plan import AS_GUESSED, Plan
from fmm_core.data.readers.features import features_name, read_features
from fmm_core.data.readers.gathering import Layout, gather, lay_out
from fmm_core.data.readers.guessing import roles
from fmm_core.data.readers.tablefiles import holds_tables, tables_in
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

TITLE = "tables"
FEATURES = ("*.npz", "*_features.csv", "*_features.csv.gz", "*_features.parquet")


def fits(folder: Path) -> bool:
    """Whether the folder holds a table; what is in it is seen when it is read."""
    return holds_tables(folder)


def look(folder: Path, plan: Plan) -> Layout:
    """Which file is which table, and which column means what.

    Raises
    ------
    DataError
        `plan` names a file or a column that is not there.
    """
    tables = tables_in(folder)
    names = [table.name for table in tables]
    for name in plan.files.values():
        if name and name not in names:
            mend = f"There are: {', '.join(names)}."
            raise DataError(f'there is no table "{name}"', folder.name, mend, code="data.missing")
    return lay_out(tables, roles(tables, plan.files), plan)


def read(
    folder: Path, plan: Plan = AS_GUESSED, progress: Progress = silent, *, most_rows: int | None = None
) -> Dataset:
    """Read a folder of tables.

    Interactions need the person and the item, and may have a rating, a time and a split; every other column of the
    table of people is an attribute (without that table: columns of the interactions that are the same in all rows of
    a person); items may have a title, categories, a year and a description. A file `<modality>.npz` or
    `<modality>_features.csv` (or .parquet) adds a modality, or takes the place of one made from the items' table.

    Parameters
    ----------
    plan : corrections of what would be guessed
    most_rows : of the interactions, for a first look

    Raises
    ------
    DataError
        A table or column is missing, or its content cannot be used; `DataErrors` if there are several problems.
    """
    draft = gather(look(folder, plan), folder.resolve().name, plan, progress, most_rows=most_rows)
    modalities, notes = dict(draft.modalities), list(draft.notes)
    for path in sorted(path for pattern in FEATURES for path in folder.glob(pattern)):
        modalities[features_name(path)], more = read_features(path, draft.items)
        notes += more
    return assemble(replace(draft, modalities=modalities, notes=tuple(notes)))
