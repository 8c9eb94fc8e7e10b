"""The files of an audit that trains nothing, matched by id: who is audited, and what is held about them."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from fmm_core.data.readers.frames import interaction_ids, need_columns, read_frame, refuse, unique_ids
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
    frame = read_table(path["users"])
    users = _user_ids(frame, path["users"], config.row_order)
    attributes, notes = _attributes(frame, path["users"], config.attributes)
    match = _Matching(users, path["users"], config.row_order, notes)
    vectors, item_vectors = _vectors(path["vectors"]) if config.vectors else (None, None)
    later, item_later = _vectors(path["after"]) if config.after else (None, None)
    if config.items:
        item_vectors = _vectors(path["items"])[0]
    clicks = _pairs(read_table(path["interactions"]), path["interactions"], match) if config.interactions else None
    shown = _listed(read_table(path["lists"]), path["lists"], match) if config.lists else None
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


def read_table(path: Path) -> pd.DataFrame:
    """A table of text, from csv (also gz), tsv or parquet; an empty cell is "".

    Raises
    ------
    DataError
        It is missing or cannot be read.
    """
    if not path.name.endswith(".parquet"):
        return read_frame(path, "\t" if ".tsv" in path.suffixes else ",")
    try:
        frame = pd.read_parquet(path)
    except FileNotFoundError:
        raise DataError("this file is missing", path.name, "Check the path.", code="data.missing") from None
    except DAMAGE as error:
        raise DataError("this is no parquet file", path.name, "Export it again.", code="data.unreadable") from error
    return frame.astype("str").where(frame.notna(), "")


def _user_ids(frame: pd.DataFrame, path: Path, row_order: bool) -> NDArray[np.str_]:
    if row_order and "user_id" not in frame:
        return np.arange(1, len(frame) + 1).astype(str)
    return unique_ids(frame, path, "user_id").to_numpy(str)


def _attributes(frame: pd.DataFrame, path: Path, names: Sequence[str]) -> tuple[dict[str, Attribute], list[Note]]:
    """The named columns as attributes, and why some are none."""
    need_columns(frame, path, names)
    typed = {name: type_attribute(name, frame[name].tolist()) for name in names}
    notes = [note for _, note in typed.values() if note is not None]
    attributes = {name: attribute for name, (attribute, _) in typed.items() if attribute is not None}
    if not attributes:
        raise DataError(notes[0].sentence.removesuffix("."), path.name, "Name others.", code="audit.no_attribute")
    if all(len(merge_small(each).groups) < 2 for each in attributes.values()):
        name, attribute = next(iter(attributes.items()))
        raise too_small(attribute, f'{path.name}, column "{name}"')
    return attributes, notes


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


class _Matching:
    """Who in a file is who in the users file; what does not match is counted in `notes`."""

    def __init__(self, users: NDArray[np.str_], path: Path, row_order: bool, notes: list[Note]) -> None:
        self.users, self.known, self.path = users, pd.Index(users), path
        self.row_order, self.notes = row_order, notes

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
            what = f"{len(rows.values):,} rows for the {len(self.users):,} rows of {self.path.name}"
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
            what = f"none of its {len(strange):,} ids is in {self.path.name} ({_some(strange)})"
            raise DataError(what, where, SAME_IDS, code="data.unknown_ids")
        if len(strange):
            what = "id of {} is" if len(strange) == 1 else "ids of {} are"
            self._note("audit.strangers", len(strange), f"{what.format(where)} not in {self.path.name}: left out.")
        if absent:
            what = "person of {} is" if absent == 1 else "people of {} are"
            rest = f"not in {where}: nothing is read from it about them."
            self._note("audit.absent", absent, f"{what.format(self.path.name)} {rest}")
        return places

    def _note(self, code: str, number: int, sentence: str) -> None:
        self.notes.append(Note(code, number, f"{number:,} {sentence}"))


def _marked(places: NDArray[np.intp], size: int) -> NDArray[np.bool_]:
    there = np.zeros(size, bool)
    there[places[places >= 0]] = True
    return there


@dataclass(frozen=True)
class _Chosen:
    """People by row of the users file, and items by id, one entry a pair."""

    user: NDArray[np.intp]
    item: NDArray[np.str_]


def _pairs(frame: pd.DataFrame, path: Path, match: _Matching) -> _Chosen:
    user, item = interaction_ids(frame, path)
    places = match.places(user.to_numpy(str), path.name)
    return _Chosen(places[places >= 0], item.to_numpy(str)[places >= 0])


def _listed(frame: pd.DataFrame, path: Path, match: _Matching) -> _Chosen:
    """The same with the best of each list first."""
    column = next((name for name in ORDERS if name in frame), None)
    if column is not None:
        place = pd.to_numeric(frame[column], errors="coerce")
        what = ("value is not a number", "values are not numbers")
        refuse(place.isna(), path, column, what, "Correct or remove them.", "data.not_a_number")
        frame = frame.loc[place.sort_values(kind="stable").index]
    return _pairs(frame, path, match)


def _all_items(vectors: Sequence[Rows | None], chosen: Sequence[_Chosen | None]) -> NDArray[np.str_]:
    """Every item any file names, in order of ids."""
    ids = [rows.ids for rows in vectors if rows is not None and rows.ids is not None]
    named = [np.unique(pairs.item) for pairs in chosen if pairs is not None]
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
    columns = pd.Index(items).get_indexer(pd.Index(chosen.item))
    ones = np.ones(len(columns), np.float32)
    history = csr_matrix((ones, (chosen.user, columns)), shape=(n_users, len(items)))
    history.data[:] = 1  # a pair that is there twice counts once
    return history


def _lists(chosen: _Chosen, n_users: int, items: NDArray[np.str_]) -> NDArray[np.int32]:
    frame = pd.DataFrame({"user": chosen.user, "item": pd.Index(items).get_indexer(pd.Index(chosen.item))})
    frame = frame.drop_duplicates(["user", "item"])
    place = frame.groupby("user").cumcount().to_numpy()
    lists = np.full((n_users, TOP), -1, np.int32)
    kept = place < TOP
    lists[frame["user"].to_numpy()[kept], place[kept]] = frame["item"].to_numpy()[kept]
    return lists


def with_absolute_paths(config: AuditConfig) -> AuditConfig:
    """The same settings, whichever folder they are read from later."""
    paths = {role: str(Path(path).expanduser().resolve()) for role, path in config.files.items()}
    return config.model_copy(update=paths)


def _some(names: NDArray[np.generic]) -> str:
    return ", ".join(str(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
