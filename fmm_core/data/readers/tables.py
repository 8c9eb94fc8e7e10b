"""A folder of tables: `interactions`, `users`, `items` as csv or csv.gz, `<modality>.npz` with item_id, features."""

from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.dataset import Dataset, Modality, Note, unique_pairs
from fmm_core.data.encoders import encode_bags, encode_categories, impute, words
from fmm_core.data.readers.frames import (
    absence_note,
    described_items,
    interaction_ids,
    locate_ids,
    people,
    read_frame,
    read_times,
    repeats_note,
)
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

ENDINGS = (".csv", ".csv.gz")


def fits(folder: Path) -> bool:
    """Whether the folder holds a table of interactions."""
    return any((folder / f"interactions{ending}").exists() for ending in ENDINGS)


def read(folder: Path, progress: Progress = silent) -> Dataset:
    """Read a folder of tables.

    Raises
    ------
    DataError
        A file or column is missing, or its content cannot be used.
    """
    inter_path, user_path, item_path = (_path(folder, stem) for stem in ("interactions", "users", "items"))
    inter = read_frame(inter_path)
    interaction_ids(inter, inter_path)
    progress(1, 3)
    users, attributes, notes = people(read_frame(user_path), user_path, inter["user_id"])
    item_frame = read_frame(item_path) if item_path.exists() else None
    items, item_rows = described_items(item_frame, item_path, inter["item_id"])
    pairs, repeats = unique_pairs(
        locate_ids(inter["user_id"], users),
        locate_ids(inter["item_id"], items),
        read_times(inter, inter_path, "time"),
        len(items),
    )
    progress(2, 3)
    modalities, titles = _describe(item_rows)
    for path in sorted(folder.glob("*.npz")):
        modalities[path.stem], more = _features(path, items)
        notes += more
    progress(3, 3)
    notes += repeats_note(repeats)
    return Dataset(folder.resolve().name, users, items, pairs, modalities, attributes, titles, tuple(notes))


def _path(folder: Path, stem: str) -> Path:
    return next((path for ending in ENDINGS if (path := folder / f"{stem}{ending}").exists()), folder / f"{stem}.csv")


def _describe(frame: pd.DataFrame) -> tuple[dict[str, Modality], tuple[str, ...] | None]:
    modalities: dict[str, Modality] = {}
    if "title" in frame:
        modalities["text"] = encode_bags([words(text) for text in frame["title"]], "titles")
    if "genres" in frame:
        bags = [[name for name in text.split("|") if name] for text in frame["genres"]]
        modalities["genre"] = encode_categories(bags, "genres")
    return modalities, tuple(frame["title"]) if "title" in frame else None


def _features(path: Path, items: np.ndarray) -> tuple[Modality, list[Note]]:
    """One modality by item id; items it does not know get the mean, ids no item has are counted.

    Raises
    ------
    DataError
        Arrays are missing, pickled, of unequal length, or an id is there twice.
    """
    ids, features = _arrays(path)
    position = pd.Index(ids).get_indexer(pd.Index(items))
    present = position >= 0
    finite = np.isfinite(features).all(axis=1)
    present[present] = finite[position[present]]
    filled = np.zeros((len(items), features.shape[1]), np.float32)
    filled[present] = features[position[present]]
    modality = Modality(impute(filled, present), present, path.name)
    notes = absence_note(path.stem, modality, f"usable row in {path.name}")
    unknown = int((~np.isin(ids, items)).sum())
    if unknown:
        sentence = f"{unknown:,} rows of {path.name} describe items that are not in the data; they were left out."
        notes.append(Note(f"modality.{path.stem}.unknown", unknown, sentence))
    return modality, notes


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            ids, features = archive["item_id"].astype(str), archive["features"].astype(np.float32)
    except KeyError:
        mend = "Save it with np.savez(file, item_id=…, features=…)."
        raise DataError("there is no array item_id or features", path.name, mend, code="data.no_array") from None
    except (ValueError, OSError) as error:
        what = "this file is no npz of plain numbers"
        raise DataError(what, path.name, "Save it with np.savez, without objects.", code="data.unreadable") from error
    if features.ndim != 2 or len(ids) != len(features):
        what = f"item_id has {len(ids):,} entries and features the shape {features.shape}"
        raise DataError(what, path.name, "One row of features per id is needed.", code="data.shape")
    if len(np.unique(ids)) != len(ids):
        repeated = len(ids) - len(np.unique(ids))
        raise DataError(f"{repeated:,} repeated ids", path.name, "Keep one row per id.", code="data.duplicate_ids")
    return ids, features
