"""From understood tables to a data set, whatever files they came in: interactions, people, items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fmm_core.data.dataset import Attribute, Dataset, Note, Pairs
from fmm_core.data.plan import ROLES, Plan, Role
from fmm_core.data.readers.clicks import Clicks, read_clicks, sampled
from fmm_core.data.readers.descriptions import describe
from fmm_core.data.readers.desk import Desk
from fmm_core.data.readers.frames import described_items, locate_ids, no_column, people
from fmm_core.data.readers.guessing import Understood, understand
from fmm_core.data.readers.tablefiles import TableFile
from fmm_core.data.sentences import need_encoder
from fmm_core.errors import DataError
from fmm_core.types import Progress


@dataclass(frozen=True)
class Layout:
    """Every table of a folder, and what was made of those that are used."""

    tables: tuple[TableFile, ...]
    understood: Mapping[Role, Understood]

    def plan(self, plan: Plan) -> Plan:
        """`plan` with every guess written down."""
        return plan.model_copy(
            update={
                "files": {role: each.table.name for role, each in self.understood.items()},
                "columns": {role: dict(each.columns) for role, each in self.understood.items()},
            }
        )


def lay_out(tables: Sequence[TableFile], found: Mapping[Role, TableFile], plan: Plan) -> Layout:
    """Which column means what in every table that is used.

    Raises
    ------
    DataError
        `plan` names a column that is not there.
    """
    understood: dict[Role, Understood] = {}
    for role, table in found.items():
        corrected = plan.columns.get(role, {})
        for column in corrected.values():
            if column and column not in table.columns:
                raise no_column(column, table.columns, table.name)
        others = [each for other, each in found.items() if other != role]
        understood[role] = understand(role, table, corrected, others)
    return Layout(tuple(tables), {role: understood[role] for role in ROLES if role in understood})


def gather(
    layout: Layout, name: str, plan: Plan, progress: Progress, *, most_rows: int | None = None, separator: str = ""
) -> Dataset:
    """A data set that a reader may add modalities to before it is assembled.

    Parameters
    ----------
    name : of the data set, unless `plan` gives one
    most_rows : of the interactions, for a first look
    separator : what stands between two categories of one item; found in the column if empty

    Raises
    ------
    DataError
        A table or column is missing, or its content cannot be used; `DataErrors` if there are several problems. Or
        the encoder of texts is not installed.
    """
    need_encoder(plan.text_encoder)
    desk = Desk(plan.leave_out_bad_rows)
    clicks, source = _clicks(layout, plan, desk, most_rows, progress)
    if len(clicks.user) == 0:
        desk.settle()
        raise DataError("no row can be used", source.name, "Fill in who chose what.", code="data.no_rows")
    users, attributes, notes = _people(layout, clicks, source, plan, desk)
    items, rows = _items(layout, clicks, source, desk)
    progress(3, 4)
    notes += desk.settle()
    told = describe(rows, separator, plan.text_encoder)
    progress(4, 4)
    user, item = locate_ids(clicks.users, users), locate_ids(clicks.items, items)
    pairs = Pairs(user[clicks.user], item[clicks.item], clicks.time, clicks.split)
    remarks = (each.table.remark for each in layout.understood.values())
    found = (*(Note("file.encoding", 0, remark) for remark in remarks if remark), *notes, *told.notes)
    return Dataset(plan.name or name, users, items, pairs, told.modalities, attributes, told.titles, found)


def _clicks(
    layout: Layout, plan: Plan, desk: Desk, most_rows: int | None, progress: Progress
) -> tuple[Clicks, TableFile]:
    understood = layout.understood.get("interactions")
    if understood is None:
        names = ", ".join(table.name for table in layout.tables)
        mend = f"The tables here are: {names}. Say which one holds who chose what, or name it interactions.csv."
        raise DataError("no table of interactions was found", mend=mend, code="data.no_interactions")
    for each in layout.understood.values():
        for meaning in each.lacks:
            desk.problem(no_column(meaning, each.table.columns, each.table.name))
    if plan.min_rating is not None and not understood.columns.get("rating"):
        desk.problem(no_column("rating", understood.table.columns, understood.table.name))
    desk.settle()
    clicks = read_clicks(
        understood.table,
        understood.columns,
        desk,
        min_rating=plan.min_rating,
        most_rows=most_rows,
        progress=lambda done, total, **figures: progress(2 * done, 4 * total, **figures),
    )
    return (clicks if plan.sample_users is None else sampled(clicks, plan.sample_users)), understood.table


def _people(
    layout: Layout, clicks: Clicks, source: TableFile, plan: Plan, desk: Desk
) -> tuple[np.ndarray, dict[str, Attribute], list[Note]]:
    ids = clicks.users
    understood = layout.understood.get("users")
    if understood is not None:
        frame, column = understood.table.frame(), understood.columns["user_id"]
        if plan.sample_users is not None:
            frame = frame[frame[column].str.strip().isin(ids)]
        return people(frame, understood.table.name, column, ids, source.name, desk, plan.attributes)
    columns = layout.understood["interactions"].columns
    frame, notes = _told_with_clicks(source, columns)
    frame = frame[frame[columns["user_id"]].isin(ids)]
    users, attributes, more = people(frame, source.name, columns["user_id"], ids, source.name, desk, plan.attributes)
    if not attributes:
        sentence = "There is no table of people, so nothing can be audited."
        notes.append(Note("users.none", len(ids), sentence))
    return users, attributes, [*notes, *more]


def _told_with_clicks(source: TableFile, columns: Mapping[str, str]) -> tuple[pd.DataFrame, list[Note]]:
    """One row a person from a flat table: what is the same in all their rows; what differs is no attribute."""
    person = columns["user_id"]
    used = set(columns.values())
    told = [name for name in source.columns if name not in used]
    blocks = (block.drop_duplicates() for _, block in source.blocks([person, *told]))
    rows = pd.concat(blocks).drop_duplicates()
    rows[person] = rows[person].str.strip()
    differs = rows.groupby(person)[told].nunique().max() if told else pd.Series(dtype=int)
    kept = [name for name in told if differs[name] == 1]
    notes = [
        Note("attribute.per_click", 0, f"{name} is not offered: it differs between the rows of one person.")
        for name in told
        if name not in kept
    ]
    return rows[[person, *kept]].drop_duplicates(person), notes


def _items(layout: Layout, clicks: Clicks, source: TableFile, desk: Desk) -> tuple[np.ndarray, pd.DataFrame]:
    understood = layout.understood.get("items")
    if understood is None:
        return described_items(None, "", clicks.items, source.name, desk)
    meant = {meaning: column for meaning, column in understood.columns.items() if column}
    frame = understood.table.frame(list(meant.values())).set_axis(list(meant), axis=1)
    return described_items(frame, understood.table.name, clicks.items, source.name, desk)
