"""The layout of MMRec and FMMRec: one `.inter` with the split as x_label, and `<modality>_feat.npy` by item number."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Attribute, Dataset, Modality, Note, Pairs
from fmm_core.data.matrices import read_matrix
from fmm_core.data.readers.descriptions import TITLE_COLUMNS, YEAR_COLUMNS, describe
from fmm_core.data.readers.features import align
from fmm_core.data.readers.frames import (
    FILL,
    described_items,
    locate_ids,
    need_columns,
    people,
    read_times,
    refuse,
)
from fmm_core.data.readers.recbole import one_file, read_atomic
from fmm_core.data.readers.sequences import column_name
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

USER, ITEM, TIME, SPLIT = "userID", "itemID", "timestamp", "x_label"
"""Columns of the interactions, as both projects call them."""

PARTS = ("0", "1", "2")
"""Values of x_label: train, validation, test."""

FEATURES = "_feat.npy"

USER_NAMES = (USER, "user_id", "user", "uid", "id")
ITEM_NAMES = (ITEM, "item_id", "item", "iid", "id")

USER_FILES = ("*.user", "users.csv", "users.tsv", "user_*.csv", "*_attributes.csv")
ITEM_FILES = ("*.item", "items.csv", "items.tsv", "meta-*.csv", "meta_*.csv")
ATTACKER_FILES = ("*.attacker.train.tsv", "*.attacker.test.tsv")
"""FMMRec keeps its labels of people in these two."""

MAPPING = "mapping"
"""Files of this name hold two numberings of the same people or items and nothing about them."""

PREFIX = "u_"
"""FMMRec writes attributes as u_gender, u_age, u_occupation."""

LONGEST_HEADER = 100_000


def fits(folder: Path) -> bool:
    """Whether there are interactions, and features or a split as only this layout has them."""
    found = [path for path in folder.glob("*.inter") if path.is_file()]
    return bool(found) and (any(folder.glob(f"*{FEATURES}")) or any(SPLIT in _header(path) for path in found))


def read(folder: Path, progress: Progress = silent) -> Dataset:
    """Read a folder as MMRec or FMMRec keep it.

    - One `*.inter`, tab-separated: userID, itemID, and perhaps rating, timestamp and x_label (0 train, 1 validation,
      2 test), which is kept as the split. Any rating counts.
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
    inter_path = one_file(folder, "*.inter")
    inter = read_atomic(inter_path)
    user, item = _ids(inter, inter_path)
    times, parts = read_times(inter, inter_path, TIME), _parts(inter, inter_path)
    progress(1, 3)
    users, attributes, notes = _people(folder, inter, user, inter_path)
    items, rows, item_path = _items(folder, item, inter_path)
    progress(2, 3)
    told = describe(rows, separator="|" if item_path.suffix == ".csv" else None)
    modalities, more = _features(folder, items)
    progress(3, 3)
    replaced = tuple(f"modality.{name}." for name in modalities)
    notes += [note for note in told.notes if not note.code.startswith(replaced)] + more
    pairs = Pairs(locate_ids(user, users), locate_ids(item, items), times, parts)
    described = told.modalities | modalities
    return assemble(Dataset(inter_path.stem, users, items, pairs, described, attributes, told.titles, tuple(notes)))


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return [column_name(name) for name in file.readline(LONGEST_HEADER).split("\t")]


def _ids(inter: pd.DataFrame, path: Path) -> tuple[pd.Series, pd.Series]:
    need_columns(inter, path, (USER, ITEM))
    for column in (USER, ITEM):
        refuse(
            inter[column].str.strip() == "", path, column, ("empty value", "empty values"), FILL, "data.empty_values"
        )
    return inter[USER].str.strip(), inter[ITEM].str.strip()


def _parts(inter: pd.DataFrame, path: Path) -> np.ndarray | None:
    if SPLIT not in inter:
        return None
    values = inter[SPLIT].str.strip()
    mend = "Use 0 (train), 1 (validation), 2 (test), or remove the column."
    refuse(~values.isin(PARTS), path, SPLIT, ("unknown value", "unknown values"), mend, "data.split")
    return values.map(PARTS.index).to_numpy(np.int8)


def _people(
    folder: Path, inter: pd.DataFrame, user: pd.Series, inter_path: Path
) -> tuple[np.ndarray, dict[str, Attribute], list[Note]]:
    """Users and their attributes, from the first place that has any; none is legal, and said."""
    path, frame = _described_people(folder, inter, inter_path)
    if frame is not None:
        return people(_without_prefix(frame), path, user, inter_path)
    sentence = "No file says anything about the people: nothing that is known of them can be audited."
    return np.unique(user.to_numpy(str)), {}, [Note("attributes.none", 0, sentence)]


def _described_people(folder: Path, inter: pd.DataFrame, inter_path: Path) -> tuple[Path, pd.DataFrame | None]:
    path = _optional(folder, USER_FILES, "users")
    if path is not None:
        return path, _table(path, USER_NAMES, "user_id")
    labels = [found for pattern in ATTACKER_FILES for found in sorted(folder.glob(pattern))]
    if labels:
        return labels[0], pd.concat([_table(found, USER_NAMES, "user_id") for found in labels], ignore_index=True)
    columns = [name for name in inter if name.startswith(PREFIX)]
    return inter_path, _from_interactions(inter, columns, inter_path) if columns else None


def _from_interactions(inter: pd.DataFrame, columns: list[str], path: Path) -> pd.DataFrame:
    """One row per person; each interaction repeats what is known of them, and must not differ."""
    for column in columns:
        first = inter.groupby(USER)[column].transform("first")
        what = ("row differs from another one of the same person", "rows differ from another one of the same person")
        mend = "Give every person one value."
        refuse(inter[column] != first, path, column, what, mend, "data.contradiction")
    return inter.loc[~inter[USER].duplicated(), [USER, *columns]].rename(columns={USER: "user_id"})


def _without_prefix(frame: pd.DataFrame) -> pd.DataFrame:
    short = {name: name.removeprefix(PREFIX) for name in frame.columns if name.startswith(PREFIX)}
    return frame.rename(columns={name: plain for name, plain in short.items() if plain and plain not in frame})


def _items(folder: Path, item: pd.Series, inter_path: Path) -> tuple[np.ndarray, pd.DataFrame, Path]:
    """Items, and of what is known of them the titles, genres and years: the shops' categories are nested lists."""
    path = _optional(folder, ITEM_FILES, "items")
    if path is None:
        return *described_items(None, inter_path, item, inter_path), inter_path
    frame = _table(path, ITEM_NAMES, "item_id")
    known = [name for name in ("item_id", *TITLE_COLUMNS, "genres", "genre", *YEAR_COLUMNS) if name in frame]
    return *described_items(frame[known], path, item, inter_path), path


def _optional(folder: Path, patterns: Sequence[str], what: str) -> Path | None:
    """The only file that fits, None if there is none."""
    found = sorted({path for pattern in patterns for path in folder.glob(pattern) if MAPPING not in path.name})
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:3])
        raise DataError(f"several files could be the {what}: {names}", folder.name, "Keep one.", code="data.one_file")
    return found[0] if found else None


def _table(path: Path, id_names: Sequence[str], id_name: str) -> pd.DataFrame:
    """A table beside the interactions, its ids under one name; both projects write tabs into some `.csv`."""
    frame = read_atomic(path, "\t" if len(_header(path)) > 1 else ",")
    found = next((name for name in id_names if name in frame), id_names[0])
    need_columns(frame, path, (found,))
    others = [name for name in frame.columns if name not in (found, id_name)]
    return frame[[found, *others]].rename(columns={found: id_name})


def _features(folder: Path, items: np.ndarray) -> tuple[dict[str, Modality], list[Note]]:
    modalities, notes = {}, []
    for path in sorted(folder.glob(f"*{FEATURES}")):
        name = path.name.removesuffix(FEATURES)
        values = read_matrix(path).values
        modalities[name], more = align(np.arange(len(values)).astype(str), values, items, path, name)
        notes += more
    return modalities, notes
