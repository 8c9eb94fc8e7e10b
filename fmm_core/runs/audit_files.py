"""The files of an audit that trains nothing, matched by id: who is audited, and what is held about them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.audit.direct import too_small
from fmm_core.audit.representations import TOP
from fmm_core.data.attributes import type_attribute
from fmm_core.data.damage import DAMAGE
from fmm_core.data.dataset import Attribute, Dataset, Note, Pairs, merge_small
from fmm_core.data.matrices import read_matrix
from fmm_core.data.plan import Role
from fmm_core.data.readers.clicks import read_clicks
from fmm_core.data.readers.desk import EMPTY, NOT_A_NUMBER, Desk
from fmm_core.data.readers.frames import need_columns, no_column, unique_ids
from fmm_core.data.readers.guessing import IDS, Understood, understand
from fmm_core.data.readers.tablefiles import tables_in
from fmm_core.data.sources import opened
from fmm_core.errors import DataError
from fmm_core.recommenders.pretrained import NEEDED, read_vectors
from fmm_core.runs.config import AuditConfig
from fmm_core.types import Floats

SAME_IDS = "Write the ids the same way in both files."
ORDERS = ("rank", "order")
"""Columns that say where in its list an item stands; without one the rows' order does."""


@dataclass(frozen=True)
class Rows:
    """Numbers by id; `ids` are None where the file has none. `where` names the file in messages."""

    ids: NDArray[np.str_] | None
    values: Floats
    where: str


@dataclass(frozen=True)
class Held:
    """Numbers of those who have some: `values` people or items × d, zeros for the others; `there` says who has."""

    values: Floats
    there: NDArray[np.bool_]


@dataclass(frozen=True)
class Subjects:
    """Who is audited and what is held about them; None where no file says.

    Attributes
    ----------
    attributes : as the users file has them; small groups are merged in `attacked`
    before, after : of people; `item_before`, `item_after` : of items
    history : people × items, ones
    lists : people × places, best first, −1 where there is none
    """

    users: NDArray[np.str_]
    items: NDArray[np.str_]
    attributes: dict[str, Attribute]
    before: Held | None
    after: Held | None
    item_before: Held | None
    item_after: Held | None
    history: csr_matrix | None
    lists: NDArray[np.int32] | None
    notes: tuple[Note, ...]

    @cached_property
    def attacked(self) -> dict[str, Attribute]:
        """The attributes of which at least two groups are large enough."""
        merged = {name: merge_small(attribute) for name, attribute in self.attributes.items()}
        return {name: attribute for name, attribute in merged.items() if len(attribute.groups) > 1}

    def dataset(self, name: str) -> Dataset:
        """What is known of people and items as a data set, for its card."""
        clicks = None if self.history is None else self.history.tocoo()
        none = np.zeros(0, np.int32)
        pairs = Pairs(none, none) if clicks is None else Pairs(clicks.row, clicks.col)
        return Dataset(name, self.users, self.items, pairs, {}, self.attributes, notes=self.notes)


def read_subjects(config: AuditConfig) -> Subjects:
    """Read and match the files of an audit.

    Raises
    ------
    DataError
        A file is missing or damaged, nothing in it matches the users file, or no attribute can be attacked.
    """
    path = {role: Path(each) for role, each in config.files.items()}
    users, attributes, notes = _people(path["users"], config)
    match = _Matching(users, path["users"].name, config.row_order, notes)
    vectors, item_vectors = _vectors(path["vectors"]) if config.vectors else (None, None)
    later, item_later = _vectors(path["after"]) if config.after else (None, None)
    if config.items:
        item_vectors = _vectors(path["items"])[0]
    clicks = match.pairs(_clicks(path["interactions"])) if config.interactions else None
    shown = match.pairs(_listed(path["lists"])) if config.lists else None
    items = _all_items([item_vectors, item_later], [clicks, shown])
    return Subjects(
        users=users,
        items=items,
        attributes=attributes,
        before=match.people(vectors),
        after=match.people(later),
        item_before=_of_items(item_vectors, items),
        item_after=_of_items(item_later, items),
        history=None if clicks is None else _history(clicks, len(users), items),
        lists=None if shown is None else _lists(shown, len(users), items),
        notes=tuple(notes),
    )


@contextmanager
def _table(path: Path, role: Role) -> Iterator[Understood]:
    """The one table at a path, its columns understood; a zip or a folder may hold it."""
    with opened(path) as folder:
        tables = tables_in(folder)
        if len(tables) != 1:
            what = f"it holds {len(tables)} tables" if tables else "it holds no table"
            raise DataError(what, path.name, "Name a file with one (csv, parquet or xlsx).", code="audit.tables")
        yield understand(role, tables[0], {}, ())


def _people(path: Path, config: AuditConfig) -> tuple[NDArray[np.str_], dict[str, Attribute], list[Note]]:
    with _table(path, "users") as understood:
        frame, name, column = understood.table.frame(), understood.table.name, understood.columns["user_id"]
    if column:
        desk = Desk()
        users = unique_ids(frame, name, column, desk).to_numpy(str)
        desk.settle()
    elif config.row_order:
        users = np.arange(1, len(frame) + 1).astype(str)
    else:
        raise no_column("user_id", [str(each) for each in frame.columns], name)
    return users, *_attributes(frame, name, config.attributes)


def _attributes(frame: pd.DataFrame, file: str, names: Sequence[str]) -> tuple[dict[str, Attribute], list[Note]]:
    """The named columns as attributes, and why some are none."""
    need_columns(frame, file, names)
    typed = {name: type_attribute(name, frame[name].tolist()) for name in names}
    notes = [note for _, note in typed.values() if note is not None]
    attributes = {name: attribute for name, (attribute, _) in typed.items() if attribute is not None}
    if not attributes:
        raise DataError(notes[0].sentence.removesuffix("."), file, "Name others.", code="audit.no_attribute")
    if all(len(merge_small(each).groups) < 2 for each in attributes.values()):
        name, attribute = next(iter(attributes.items()))
        raise too_small(attribute, f'{file}, column "{name}"')
    return attributes, notes


def _clicks(path: Path) -> "_Chosen":
    with _table(path, "interactions") as understood:
        _need_ids(understood)
        desk = Desk()
        ids = {meaning: understood.columns[meaning] for meaning in IDS}
        clicks = read_clicks(understood.table, ids, desk)
        desk.settle()
        return _Chosen(understood.table.name, clicks.users, clicks.items, clicks.user, clicks.item)


def _listed(path: Path) -> "_Chosen":
    """Recommendation lists as pairs, the best of each list first."""
    with _table(path, "interactions") as understood:
        _need_ids(understood)
        frame, name = understood.table.frame(), understood.table.name
    desk = Desk()
    ids = [frame[understood.columns[meaning]].str.strip() for meaning in IDS]
    for each in ids:
        desk.rows(each == "", name, str(each.name), EMPTY)
    order = next((column for column in frame.columns if str(column).lower() in ORDERS), None)
    if order is not None:
        place = pd.to_numeric(frame[order], errors="coerce")
        desk.rows(place.isna(), name, str(order), NOT_A_NUMBER)
        rows = place.sort_values(kind="stable").index
        ids = [each.loc[rows] for each in ids]
    desk.settle()
    (user, users), (item, items) = (pd.factorize(each) for each in ids)
    return _Chosen(name, users.to_numpy(str), items.to_numpy(str), user, item)


def _need_ids(understood: Understood) -> None:
    for meaning in understood.lacks:
        raise no_column(meaning, understood.table.columns, understood.table.name)


def _vectors(path: Path) -> tuple[Rows, Rows | None]:
    """Numbers per person and, where one file holds both, per item."""
    if path.name.endswith(".npz") and set(NEEDED) <= _arrays(path):
        both = read_vectors(path)
        item = Rows(both.item.ids, both.item.vectors, path.name)
        return Rows(both.user.ids, both.user.vectors, path.name), item
    matrix = read_matrix(path)
    rows = Rows(matrix.ids, matrix.values, path.name)
    _need_finite(rows)
    return rows, None


def _arrays(path: Path) -> set[str]:
    """The names of an npz file's arrays; none where it cannot be read: whoever reads it says why."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return set(archive.files)
    except DAMAGE:
        return set()


def _need_finite(rows: Rows) -> None:
    bad = np.flatnonzero(~np.isfinite(rows.values).all(axis=1))
    if len(bad):
        names = bad + 1 if rows.ids is None else rows.ids[bad]
        kind = "rows" if rows.ids is None else "ids"
        what = f"not all numbers are finite in {len(bad):,} rows ({kind} {_some(names)})"
        raise DataError(what, rows.where, "Correct them or leave them out.", code="vectors.not_finite")


@dataclass(frozen=True)
class _Chosen:
    """Pairs of a file, in its order: `user` and `item` point into `users` and `items`."""

    where: str
    users: NDArray[np.str_]
    items: NDArray[np.str_]
    user: NDArray[np.integer]
    item: NDArray[np.integer]


class _Matching:
    """Who in a file is who in the users file; what does not match is counted in `notes`."""

    def __init__(self, users: NDArray[np.str_], file: str, row_order: bool, notes: list[Note]) -> None:
        self.users, self.known, self.file = users, pd.Index(users), file
        self.row_order, self.notes = row_order, notes

    def pairs(self, chosen: _Chosen) -> _Chosen:
        """The pairs of people in the users file, pointing into that."""
        user = self.places(chosen.users, chosen.where)[chosen.user]
        return replace(chosen, users=self.users, user=user[user >= 0], item=chosen.item[user >= 0])

    def people(self, rows: Rows | None) -> Held | None:
        """The vectors of a file in the order of the users file."""
        if rows is None:
            return None
        if rows.ids is None:
            return self._in_order(rows)
        places = self.places(rows.ids, rows.where)
        values = np.zeros((len(self.users), rows.values.shape[1]), np.float32)
        values[places[places >= 0]] = rows.values[places >= 0]
        return Held(values, _marked(places, len(self.users)))

    def _in_order(self, rows: Rows) -> Held:
        if not self.row_order:
            mend = "Save it with ids, or say --row-order if its rows stand in the order of the users file."
            raise DataError("it holds no ids", rows.where, mend, code="audit.no_ids")
        if len(rows.values) != len(self.users):
            what = f"{len(rows.values):,} rows for the {len(self.users):,} rows of {self.file}"
            raise DataError(what, rows.where, "By row order both need the same number.", code="audit.rows")
        return Held(rows.values, np.ones(len(self.users), bool))

    def places(self, ids: NDArray[np.str_], where: str) -> NDArray[np.intp]:
        """The row of each id in the users file, −1 for strangers.

        Raises
        ------
        DataError
            None is there.
        """
        places = self.known.get_indexer(pd.Index(ids))
        strange, absent = np.unique(ids[places < 0]), len(self.users) - len(np.unique(places[places >= 0]))
        if absent == len(self.users):
            what = f"none of its {len(strange):,} ids is in {self.file} ({_some(strange)})"
            raise DataError(what, where, SAME_IDS, code="data.unknown_ids")
        if len(strange):
            what = "id of {} is" if len(strange) == 1 else "ids of {} are"
            self._note("audit.strangers", len(strange), f"{what.format(where)} not in {self.file}: left out.")
        if absent:
            what = "person of {} is" if absent == 1 else "people of {} are"
            rest = f"not in {where}: nothing is read from it about them."
            self._note("audit.absent", absent, f"{what.format(self.file)} {rest}")
        return places

    def _note(self, code: str, number: int, sentence: str) -> None:
        self.notes.append(Note(code, number, f"{number:,} {sentence}"))


def _marked(places: NDArray[np.intp], size: int) -> NDArray[np.bool_]:
    there = np.zeros(size, bool)
    there[places[places >= 0]] = True
    return there


def _all_items(vectors: Sequence[Rows | None], chosen: Sequence[_Chosen | None]) -> NDArray[np.str_]:
    """Every item any file names, in order of ids."""
    ids = [rows.ids for rows in vectors if rows is not None and rows.ids is not None]
    named = [pairs.items[np.unique(pairs.item)] for pairs in chosen if pairs is not None]
    return np.unique(np.concatenate([*ids, *named, np.zeros(0, str)]))


def _of_items(rows: Rows | None, items: NDArray[np.str_]) -> Held | None:
    if rows is None:
        return None
    if rows.ids is None:
        mend = "Items are looked up by id: save them with their ids."
        raise DataError("it holds no ids", rows.where, mend, code="audit.no_ids")
    places = pd.Index(items).get_indexer(pd.Index(rows.ids))
    values = np.zeros((len(items), rows.values.shape[1]), np.float32)
    values[places] = rows.values
    return Held(values, _marked(places, len(items)))


def _history(chosen: _Chosen, n_users: int, items: NDArray[np.str_]) -> csr_matrix:
    ones = np.ones(len(chosen.item), np.float32)
    history = csr_matrix((ones, (chosen.user, _columns(chosen, items))), shape=(n_users, len(items)))
    history.sum_duplicates()
    history.data[:] = 1  # a pair that is there twice counts once
    return history


def _lists(chosen: _Chosen, n_users: int, items: NDArray[np.str_]) -> NDArray[np.int32]:
    frame = pd.DataFrame({"user": chosen.user, "item": _columns(chosen, items)}).drop_duplicates()
    place = frame.groupby("user").cumcount().to_numpy()
    lists = np.full((n_users, TOP), -1, np.int32)
    kept = place < TOP
    lists[frame["user"].to_numpy()[kept], place[kept]] = frame["item"].to_numpy()[kept]
    return lists


def _columns(chosen: _Chosen, items: NDArray[np.str_]) -> NDArray[np.intp]:
    """Each pair's place among all items."""
    return pd.Index(items).get_indexer(pd.Index(chosen.items))[chosen.item]


def with_absolute_paths(config: AuditConfig) -> AuditConfig:
    """The same settings, whichever folder they are read from later."""
    paths = {role: str(Path(path).expanduser().resolve()) for role, path in config.files.items()}
    return config.model_copy(update=paths)


def _some(names: NDArray[np.generic]) -> str:
    return ", ".join(str(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
