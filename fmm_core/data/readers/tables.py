"""A folder of tables: `interactions`, `users`, `items` as csv or csv.gz, `<modality>.npz` with item_id, features."""

from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Dataset, Pairs
from fmm_core.data.readers.descriptions import describe
from fmm_core.data.readers.features import read_features
from fmm_core.data.readers.frames import (
    described_items,
    interaction_ids,
    locate_ids,
    people,
    read_frame,
    read_times,
    refuse,
)
from fmm_core.types import Progress, silent

ENDINGS = (".csv", ".csv.gz")
PARTS = ("train", "validation", "test")
"""Values of the column `split`, where the interactions have one."""


def fits(folder: Path) -> bool:
    """Whether the folder holds a table of interactions."""
    return any((folder / f"interactions{ending}").exists() for ending in ENDINGS)


def read(folder: Path, progress: Progress = silent) -> Dataset:
    """Read a folder of tables.

    `interactions` needs user_id and item_id and may have time and split (train, validation, test); every other column
    of `users` is an attribute; `items` is optional and may have title, genres (parted by |) and year. A file
    `text.npz` or `genre.npz` takes the place of what would be made from the items table.

    Raises
    ------
    DataError
        A file or column is missing, or its content cannot be used.
    """
    inter_path, user_path, item_path = (_path(folder, stem) for stem in ("interactions", "users", "items"))
    inter = read_frame(inter_path)
    user, item = interaction_ids(inter, inter_path)
    times, parts = read_times(inter, inter_path, "time"), _parts(inter, inter_path)
    progress(1, 3)
    users, attributes, notes = people(read_frame(user_path), user_path, user, inter_path)
    item_frame = read_frame(item_path) if item_path.exists() else None
    items, item_rows = described_items(item_frame, item_path, item, inter_path)
    progress(2, 3)
    told = describe(item_rows, separator="|")
    notes += told.notes
    for path in sorted(folder.glob("*.npz")):
        told.modalities[path.stem], more = read_features(path, items)
        notes += more
    progress(3, 3)
    pairs = Pairs(locate_ids(user, users), locate_ids(item, items), times, parts)
    name = folder.resolve().name
    return assemble(Dataset(name, users, items, pairs, told.modalities, attributes, told.titles, tuple(notes)))


def _path(folder: Path, stem: str) -> Path:
    return next((path for ending in ENDINGS if (path := folder / f"{stem}{ending}").exists()), folder / f"{stem}.csv")


def _parts(frame: pd.DataFrame, path: Path) -> np.ndarray | None:
    if "split" not in frame:
        return None
    values = frame["split"].str.strip()
    mend = f"Use {', '.join(PARTS)}, or remove the column."
    refuse(~values.isin(PARTS), path, "split", ("unknown value", "unknown values"), mend, "data.split")
    return values.map(PARTS.index).to_numpy(np.int8)
