"""The layout of MMRec and FMMRec: one `.inter` with the split as x_label, and `<modality>_feat.npy` by item number."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Dataset, Modality, Note
from fmm_core.data.matrices import read_matrix
from fmm_core.data.plan import AS_GUESSED, Plan, Role
from fmm_core.data.readers.features import align
from fmm_core.data.readers.gathering import Layout, gather, lay_out
from fmm_core.data.readers.recbole import one_file
from fmm_core.data.readers.tablefiles import FrameTable, TableFile, TextTable
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

TITLE = "the layout of MMRec"
SPLIT = "x_label"
FEATURES = "_feat.npy"

USER_FILES = ("*.user", "users.csv", "users.tsv", "user_*.csv", "*_attributes.csv")
ITEM_FILES = ("*.item", "items.csv", "items.tsv", "meta-*.csv", "meta_*.csv")
ATTACKER_FILES = ("*.attacker.train.tsv", "*.attacker.test.tsv")
"""FMMRec keeps its labels of people in these two."""

MAPPING = "mapping"
"""Files of this name hold two numberings of the same people or items and nothing about them."""

PREFIX = "u_"
"""FMMRec writes attributes as u_gender, u_age, u_occupation."""

NESTED = ("categories", "category", "related", "salesRank", "imUrl")
"""Columns of the shops' item files that hold lists in lists."""

NUMBERINGS = {"userID": "user_id", "itemID": "item_id"}
"""Where a table holds both, the second is the shop's own id."""

LONGEST_HEADER = 100_000


def fits(folder: Path) -> bool:
    """Whether there are interactions, and features or a split as only this layout has them."""
    found = [path for path in folder.glob("*.inter") if path.is_file()]
    return bool(found) and (any(folder.glob(f"*{FEATURES}")) or any(SPLIT in _header(path) for path in found))


def _header(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.readline(LONGEST_HEADER)


def look(folder: Path, plan: Plan) -> Layout:
    """The tables of a folder, and which column means what.

    Raises
    ------
    DataError
        There is not exactly one file of interactions, or several files could hold the people or the items.
    """
    found: dict[Role, TableFile] = {"interactions": _table(one_file(folder, "*.inter"))}
    people = _people(folder)
    if people is not None:
        found["users"] = people
    items = _optional(folder, ITEM_FILES, "items")
    if items is not None:
        found["items"] = _table(items)
    return lay_out(list(found.values()), found, plan)


def read(
    folder: Path, plan: Plan = AS_GUESSED, progress: Progress = silent, *, most_rows: int | None = None
) -> Dataset:
    """Read a folder as MMRec or FMMRec keep it.

    - One `*.inter`, tab-separated: userID, itemID, and perhaps rating, timestamp and x_label (0 train, 1 validation,
      2 test), which is kept as the split. Any rating counts unless `plan` sets a limit.
    - `<modality>_feat.npy` (image, text, audio, …): row n describes the item with the number n. None is needed.
    - Attributes of people: a users file (`*.user`, `users.csv`, `user_*.csv`, `*_attributes.csv`) with userID; or
      FMMRec's `*.attacker.train.tsv` and `*.attacker.test.tsv`; or its columns u_gender, u_age, … of the interactions.
      Codes stay codes: no file of either project says what 0 and 1 mean.
    - Titles: an items file (`*.item`, `items.csv`, `meta-*.csv`) with itemID. Text of your own (`text_feat.npy`) takes
      the place of what would be made from titles.

    Raises
    ------
    DataError
        A file or column is missing, or its content cannot be used.
    """
    name = one_file(folder, "*.inter").stem
    draft = gather(look(folder, plan), name, plan, progress, most_rows=most_rows)
    modalities, more = _features(folder, draft.items)
    replaced = tuple(f"modality.{name}." for name in modalities)
    notes = (*(note for note in draft.notes if not note.code.startswith(replaced)), *more)
    return assemble(replace(draft, modalities=dict(draft.modalities) | modalities, notes=notes))


def _table(path: Path) -> TextTable:
    there = _header(path)
    left_out = {*NESTED, *(other for name, other in NUMBERINGS.items() if name in there)}

    def column(header: str) -> str:
        """Its name without its type and FMMRec's prefix; "" for what is not read."""
        name = header.partition(":")[0].strip()
        return "" if name in left_out else name.removeprefix(PREFIX)

    return TextTable(path, name_of=column)


def _people(folder: Path) -> TableFile | None:
    """The first place that has attributes of people; without one, those among the interactions count."""
    path = _optional(folder, USER_FILES, "users")
    if path is not None:
        return _table(path)
    labels = [found for pattern in ATTACKER_FILES for found in sorted(folder.glob(pattern))]
    if not labels:
        return None
    return FrameTable(pd.concat([_table(found).frame() for found in labels], ignore_index=True), labels[0].name)


def _optional(folder: Path, patterns: Sequence[str], what: str) -> Path | None:
    """The only file that fits, None if there is none."""
    found = sorted({path for pattern in patterns for path in folder.glob(pattern) if MAPPING not in path.name})
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:3])
        raise DataError(f"several files could be the {what}: {names}", folder.name, "Keep one.", code="data.one_file")
    return found[0] if found else None


def _features(folder: Path, items: np.ndarray) -> tuple[dict[str, Modality], list[Note]]:
    modalities, notes = {}, []
    for path in sorted(folder.glob(f"*{FEATURES}")):
        name = path.name.removesuffix(FEATURES)
        values = read_matrix(path).values
        modalities[name], more = align(np.arange(len(values)).astype(str), values, items, path, name)
        notes += more
    return modalities, notes
