"""RecBole atomic files: `.inter`, `.user`, `.item`, and a knowledge graph as `.kg` with `.link`; typed headers."""

from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.dataset import Dataset, Modality, unique_pairs
from fmm_core.data.encoders import encode_bags, encode_categories, words
from fmm_core.data.readers.frames import (
    absence_note,
    described_items,
    interaction_ids,
    locate_ids,
    need_columns,
    people,
    read_frame,
    read_times,
    repeats_note,
)
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

TITLE_COLUMNS = ("movie_title", "title", "name")
CATEGORY_COLUMNS = ("class", "genre", "genres", "category", "categories")
YEAR_COLUMNS = ("release_year", "year")
NEVER_SENSITIVE = ("zip_code",)
"""Columns of a users file that identify a person instead of describing them."""


def fits(folder: Path) -> bool:
    """Whether the folder holds atomic files."""
    return any(folder.glob("*.inter"))


def read(folder: Path, progress: Progress = silent) -> Dataset:
    """Read a folder of atomic files.

    Raises
    ------
    DataError
        A file or column is missing, or its content cannot be used.
    """
    inter_path = _one(folder, ".inter")
    stem = inter_path.stem
    inter = _read_atomic(inter_path)
    interaction_ids(inter, inter_path)
    progress(1, 4)
    user_path, item_path = folder / f"{stem}.user", folder / f"{stem}.item"
    users, attributes, notes = people(_read_atomic(user_path), user_path, inter["user_id"], NEVER_SENSITIVE)
    item_frame = _read_atomic(item_path) if item_path.exists() else None
    items, item_rows = described_items(item_frame, item_path, inter["item_id"])
    progress(2, 4)
    times = read_times(inter, inter_path, "timestamp")
    pairs, repeats = unique_pairs(
        locate_ids(inter["user_id"], users), locate_ids(inter["item_id"], items), times, len(items)
    )
    modalities, titles = _describe(item_rows)
    progress(3, 4)
    knowledge = _knowledge(folder / f"{stem}.kg", folder / f"{stem}.link", items)
    if knowledge is not None:
        modalities["knowledge"] = knowledge
        notes += absence_note("knowledge", knowledge, "link to the knowledge graph")
    progress(4, 4)
    notes += repeats_note(repeats)
    return Dataset(stem, users, items, pairs, modalities, attributes, titles, tuple(notes))


def _one(folder: Path, ending: str) -> Path:
    found = sorted(folder.glob(f"*{ending}"))
    if len(found) != 1:
        what = f"{len(found)} files end in {ending}, one is needed"
        raise DataError(what, folder.name, "Keep exactly one.", code="data.one_file")
    return found[0]


def _read_atomic(path: Path) -> pd.DataFrame:
    """Read one file and take the type (`:token`, `:float`, …) off its column names."""
    frame = read_frame(path, separator="\t")
    return frame.rename(columns=lambda name: str(name).partition(":")[0])


def _describe(frame: pd.DataFrame) -> tuple[dict[str, Modality], tuple[str, ...] | None]:
    modalities: dict[str, Modality] = {}
    title = next((name for name in TITLE_COLUMNS if name in frame), None)
    category = next((name for name in CATEGORY_COLUMNS if name in frame), None)
    year = next((name for name in YEAR_COLUMNS if name in frame), None)
    if title is not None:
        modalities["text"] = encode_bags([words(text) for text in frame[title]], "titles")
    if category is not None:
        numbers = None if year is None else pd.to_numeric(frame[year], errors="coerce").to_numpy(float)
        source = "genres" if year is None else "genres and year"
        modalities["genre"] = encode_categories([text.split() for text in frame[category]], source, numbers)
    return modalities, None if title is None else tuple(frame[title])


def _knowledge(kg_path: Path, link_path: Path, items: np.ndarray) -> Modality | None:
    """Facts about an item: the pairs of relation and neighbour of its entity, in both directions."""
    if not (kg_path.exists() and link_path.exists()):
        return None
    kg, link = _read_atomic(kg_path), _read_atomic(link_path)
    need_columns(kg, kg_path, ("head_id", "relation_id", "tail_id"))
    need_columns(link, link_path, ("item_id", "entity_id"))
    entity = pd.Series(link["entity_id"].to_numpy(), index=link["item_id"])
    entity = entity[~entity.index.duplicated()].reindex(items, fill_value="")
    out = pd.DataFrame({"entity": kg["head_id"], "fact": kg["relation_id"] + ">" + kg["tail_id"]})
    back = pd.DataFrame({"entity": kg["tail_id"], "fact": kg["relation_id"] + "<" + kg["head_id"]})
    facts = pd.concat([out, back])
    facts = facts[facts["entity"].isin(set(entity) - {""})]
    by_entity = facts.groupby("entity")["fact"].apply(list)
    return encode_bags([by_entity.get(name, []) for name in entity], "a knowledge graph")
