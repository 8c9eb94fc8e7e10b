"""Interactions, read block by block: ids become numbers as they come, so a file may be larger than the memory."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.data.dataset import Note
from fmm_core.data.readers.desk import EMPTY, NOT_A_NUMBER, Desk, Fault
from fmm_core.data.readers.tablefiles import BLOCK, TableFile
from fmm_core.data.readers.times import Times
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

PARTS = ("train", "validation", "test")
"""Values of the column `split`, where there is one; 0, 1, 2 mean the same, as MMRec writes them."""

_PART_CODES = {name: code for code, name in enumerate(PARTS)} | {str(code): code for code in range(3)}
UNKNOWN_PART = Fault("data.split", "unknown value", "unknown values", f"Use {', '.join(PARTS)}, or drop the column.")


@dataclass(frozen=True)
class Clicks:
    """Interactions by number: `user` and `item` (n) point into `users` and `items`, ids as they first came."""

    users: NDArray[np.str_]
    items: NDArray[np.str_]
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    time: NDArray[np.float64] | None = None
    split: NDArray[np.int8] | None = None

    def only(self, kept: NDArray[np.bool_]) -> "Clicks":
        """The interactions that are `kept`, and the ids that occur in them."""
        user, users = _renumbered(self.user[kept], self.users)
        item, items = _renumbered(self.item[kept], self.items)
        time = None if self.time is None else self.time[kept]
        split = None if self.split is None else self.split[kept]
        return replace(self, users=users, items=items, user=user, item=item, time=time, split=split)


def _renumbered(codes: NDArray[np.int32], ids: NDArray[np.str_]) -> tuple[NDArray[np.int32], NDArray[np.str_]]:
    there = np.bincount(codes, minlength=len(ids)) > 0
    return (np.cumsum(there) - 1).astype(np.int32)[codes], ids[there]


class Numbering:
    """Numbers ids in the order they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def codes(self, ids: pd.Series) -> NDArray[np.int32]:
        """The number of each id."""
        codes, distinct = pd.factorize(ids)
        numbers = self._numbers
        return np.array([numbers.setdefault(name, len(numbers)) for name in distinct], np.int32)[codes]

    def ids(self) -> NDArray[np.str_]:
        """All ids, by number."""
        return np.array(list(self._numbers), dtype=np.str_)


def read_clicks(
    table: TableFile,
    columns: Mapping[str, str],
    desk: Desk,
    *,
    min_rating: float | None = None,
    most_rows: int | None = None,
    progress: Progress = silent,
) -> Clicks:
    """Read a table of interactions; what cannot be used is told at `desk` and left out.

    Parameters
    ----------
    columns : meaning (`plan.MEANINGS`) -> column; a meaning without a column, or with "", is not there
    min_rating : interactions rated lower are left out
    most_rows : look at so many rows only

    Raises
    ------
    DataError
        There is no row, or none is left, or the table is damaged.
    """
    reading = _Reading(table, {meaning: column for meaning, column in columns.items() if column}, desk, min_rating)
    seen = 0
    for share, block in table.blocks(list(reading.columns.values()), rows=min(BLOCK, most_rows or BLOCK)):
        reading.take(block)
        seen += len(block)
        progress(round(1000 * share), 1000)
        if most_rows is not None and seen >= most_rows:
            break
    if not seen:
        raise DataError("there is a header but no row", table.name, "Export it again.", code="data.no_rows")
    return reading.finish()


class _Reading:
    def __init__(self, table: TableFile, columns: Mapping[str, str], desk: Desk, min_rating: float | None) -> None:
        self.table, self.columns, self.desk, self.min_rating = table, columns, desk, min_rating
        self._users, self._items = Numbering(), Numbering()
        self._times = Times(table.name, columns["time"]) if "time" in columns else None
        self._parts: list[tuple[NDArray, ...]] = []
        self._low = 0

    def take(self, block: pd.DataFrame) -> None:
        """Number the ids of a block and keep what can be used."""
        user, item = (block[self.columns[meaning]].str.strip() for meaning in ("user_id", "item_id"))
        good = np.ones(len(block), bool)
        for meaning, ids in (("user_id", user), ("item_id", item)):
            empty = ids == ""
            self.desk.rows(empty, self.table.name, self.columns[meaning], EMPTY)
            good &= ~empty.to_numpy(bool)
        time, split = self._time(block), self._split(block)
        good &= np.isfinite(time) & (split >= 0) & self._rated(block)
        codes = self._users.codes(user[good]), self._items.codes(item[good])
        self._parts.append((*codes, time[good], split[good]))

    def _time(self, block: pd.DataFrame) -> NDArray[np.float64]:
        if self._times is None:
            return np.zeros(len(block))
        return self._times.read(block[self.columns["time"]], self.desk)

    def _split(self, block: pd.DataFrame) -> NDArray[np.int8]:
        """Which part an interaction belongs to; −1 where it is not said."""
        if "split" not in self.columns:
            return np.zeros(len(block), np.int8)
        column = self.columns["split"]
        codes = block[column].str.strip().str.lower().map(_PART_CODES).fillna(-1).to_numpy(np.int8)
        self.desk.rows(pd.Series(codes < 0, index=block.index), self.table.name, column, UNKNOWN_PART)
        return codes

    def _rated(self, block: pd.DataFrame) -> NDArray[np.bool_]:
        """Whether a rating is high enough, where that is asked for."""
        if self.min_rating is None:
            return np.ones(len(block), bool)
        column = self.columns["rating"]
        ratings = pd.to_numeric(block[column].str.strip(), errors="coerce").to_numpy(float, na_value=np.nan)
        self.desk.rows(pd.Series(~np.isfinite(ratings), index=block.index), self.table.name, column, NOT_A_NUMBER)
        low = ratings < self.min_rating
        self._low += int(low.sum())
        return np.isfinite(ratings) & ~low

    def finish(self) -> Clicks:
        user, item, time, split = (np.concatenate(parts) for parts in zip(*self._parts, strict=True))
        if len(user) == 0 and self._low:
            what = f"no rating is {self.min_rating:g} or more"
            raise DataError(what, self.table.name, "Choose a lower minimum.", code="data.min_rating")
        if self._low:
            were = "interaction" if self._low == 1 else "interactions"
            was = "was" if self._low == 1 else "were"
            sentence = f"{self._low:,} {were} rated below {self.min_rating:g} {was} left out."
            self.desk.note(Note("pairs.low_rating", self._low, sentence))
        return Clicks(
            self._users.ids(),
            self._items.ids(),
            user,
            item,
            None if self._times is None else time,
            split if "split" in self.columns else None,
        )


def sampled(clicks: Clicks, most: int) -> Clicks:
    """The interactions of at most `most` people, drawn by a hash of their ids: the same people whatever the order."""
    if len(clicks.users) <= most:
        return clicks
    marks = np.array([hashlib.sha256(name.encode()).digest()[:8] for name in clicks.users])
    drawn = np.zeros(len(marks), bool)
    drawn[np.argsort(marks, kind="stable")[:most]] = True
    return clicks.only(drawn[clicks.user])
