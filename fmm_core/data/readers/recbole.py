"""RecBole atomic files: `.inter`, `.user`, `.item`, and a knowledge graph as `.kg` with `.link`; typed headers."""

from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Dataset, Note, Pairs
from fmm_core.data.encoders import encode_bags
from fmm_core.data.readers.descriptions import CATEGORY_COLUMNS, TITLE_COLUMNS, add_encoded, describe
from fmm_core.data.readers.frames import (
    described_items,
    interaction_ids,
    locate_ids,
    need_columns,
    people,
    read_frame,
    read_times,
)
from fmm_core.data.readers.sequences import UNNAMED, add_lists, column_name, split_types, without_lists
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

VECTORS = (".useremb", ".itememb")


def fits(folder: Path) -> bool:
    """Whether the folder holds atomic files."""
    return any(folder.glob("*.inter"))


def read(folder: Path, progress: Progress = silent) -> Dataset:
    """Read a folder of atomic files; any rating counts as an interaction.

    Types in headers may be missing. Lists are descriptions of items and no attributes of people: of `token_seq` the
    words, of `float_seq` the numbers. Vectors that RecBole keeps beside the tables are not read.

    Raises
    ------
    DataError
        A file or column is missing, or its content cannot be used.
    """
    inter_path = one_file(folder, "*.inter")
    user_path, item_path = inter_path.with_suffix(".user"), inter_path.with_suffix(".item")
    inter = read_atomic(inter_path)
    user, item = interaction_ids(inter, inter_path)
    times = read_times(inter, inter_path, "timestamp")
    progress(1, 4)
    user_frame, list_notes = _single_answers(user_path)
    users, attributes, notes = people(user_frame, user_path, user, inter_path)
    item_frame = read_atomic(item_path) if item_path.exists() else None
    items, item_rows = described_items(item_frame, item_path, item, inter_path)
    progress(2, 4)
    told = describe(item_rows, separator=None)
    if item_frame is not None:
        described = [_first_of(item_frame, names) for names in (TITLE_COLUMNS, CATEGORY_COLUMNS)]
        add_lists(told.modalities, told.notes, item_frame, item_path, split_types(item_path), items, described)
    progress(3, 4)
    kg_path, link_path = inter_path.with_suffix(".kg"), inter_path.with_suffix(".link")
    if kg_path.exists() and link_path.exists():
        bags = _facts(kg_path, link_path, items)
        what = "link to the knowledge graph"
        add_encoded(told.modalities, told.notes, "knowledge", what, lambda: encode_bags(bags, "a knowledge graph"))
    progress(4, 4)
    pairs = Pairs(locate_ids(user, users), locate_ids(item, items), times)
    notes += [*list_notes, *told.notes, *_unread(folder)]
    return assemble(
        Dataset(inter_path.stem, users, items, pairs, told.modalities, attributes, told.titles, tuple(notes))
    )


def one_file(folder: Path, pattern: str) -> Path:
    """The only file of a folder whose name fits a pattern such as `*.inter`.

    Raises
    ------
    DataError
        There is none, or several.
    """
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        what = f"{len(found)} files end in {pattern.removeprefix('*')}, one is needed"
        raise DataError(what, folder.name, "Keep exactly one.", code="data.one_file")
    return found[0]


def _single_answers(path: Path) -> tuple[pd.DataFrame, list[Note]]:
    frame = read_atomic(path)
    return without_lists(frame, split_types(path))


def _first_of(frame: pd.DataFrame, names: tuple[str, ...]) -> str:
    """The column that `describe` reads as the titles or the categories, "" if there is none."""
    return next((name for name in names if name in frame), "")


def _unread(folder: Path) -> list[Note]:
    """A note on RecBole's files of vectors: an attack on vectors is another question than one on a data set."""
    names = [path.name for path in sorted(folder.iterdir()) if path.suffix in VECTORS]
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    return [
        Note("files.unread", len(names), f"{', '.join(names)} {verb} not read: vectors can be audited on their own.")
    ]


def read_atomic(path: Path, separator: str = "\t") -> pd.DataFrame:
    """Read one file, take the type (`:token`, `:float`, …) off its column names, and leave out columns without one."""
    frame = read_frame(path, separator, column_name)
    return frame[[name for name in frame if not name.startswith(UNNAMED)]]


def _facts(kg_path: Path, link_path: Path, items: np.ndarray) -> list[list[str]]:
    """What the graph holds of each item: the pairs of relation and neighbour of its entity, in both directions."""
    kg, link = read_atomic(kg_path), read_atomic(link_path)
    need_columns(kg, kg_path, ("head_id", "relation_id", "tail_id"))
    need_columns(link, link_path, ("item_id", "entity_id"))
    entity = pd.Series(link["entity_id"].to_numpy(), index=link["item_id"])
    entity = entity[~entity.index.duplicated()].reindex(items, fill_value="")
    out = pd.DataFrame({"entity": kg["head_id"], "fact": kg["relation_id"] + ">" + kg["tail_id"]})
    back = pd.DataFrame({"entity": kg["tail_id"], "fact": kg["relation_id"] + "<" + kg["head_id"]})
    facts = pd.concat([out, back])
    facts = facts[facts["entity"].isin(set(entity) - {""})]
    by_entity = facts.groupby("entity")["fact"].apply(list)
    return [by_entity.get(name, []) for name in entity]
