"""RecBole atomic files: `.inter`, `.user`, `.item`, and a knowledge graph as `.kg` with `.link`; typed headers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Dataset, Note
from fmm_core.data.encoders import encode_bags
from fmm_core.data.plan import AS_GUESSED, Plan, Role
from fmm_core.data.readers.descriptions import add_encoded
from fmm_core.data.readers.frames import need_columns
from fmm_core.data.readers.gathering import Layout, gather, lay_out
from fmm_core.data.readers.sequences import LISTS, add_lists, list_notes
from fmm_core.data.readers.tablefiles import TableFile, TextTable
from fmm_core.errors import DataError
from fmm_core.types import Progress, silent

VECTORS = (".useremb", ".itememb")
TITLE = "RecBole's atomic files"
ENDINGS: dict[Role, str] = {"interactions": ".inter", "users": ".user", "items": ".item"}


def fits(folder: Path) -> bool:
    """Whether the folder holds atomic files."""
    return any(folder.glob("*.inter"))


def look(folder: Path, plan: Plan) -> Layout:
    """The tables of a folder of atomic files, and which column means what.

    Raises
    ------
    DataError
        There is not exactly one file of interactions, or a file is damaged.
    """
    inter = one_file(folder, "*.inter")
    paths = {role: inter.with_suffix(ending) for role, ending in ENDINGS.items()}
    found: dict[Role, TableFile] = {
        role: _table(path, lists=role != "users") for role, path in paths.items() if path.exists()
    }
    return lay_out(list(found.values()), found, plan)


def read(
    folder: Path, plan: Plan = AS_GUESSED, progress: Progress = silent, *, most_rows: int | None = None
) -> Dataset:
    """Read a folder of atomic files; any rating counts as an interaction unless `plan` sets a limit.

    Types in headers may be missing. Lists are descriptions of items and no attributes of people: of `token_seq` the
    words, of `float_seq` the numbers. Vectors that RecBole keeps beside the tables are not read.

    Raises
    ------
    DataError
        A file or column is missing, or its content cannot be used.
    """
    inter, layout = one_file(folder, "*.inter"), look(folder, plan)
    draft = gather(layout, inter.stem, plan, progress, most_rows=most_rows, separator=" ")
    modalities, notes = dict(draft.modalities), [*draft.notes, *_unread(folder)]
    notes += list_notes(inter.with_suffix(ENDINGS["users"]))
    if (described := layout.understood.get("items")) is not None:
        path = inter.with_suffix(ENDINGS["items"])
        add_lists(modalities, notes, described.table.frame(), path, draft.items, described.columns.values())
    kg, link = inter.with_suffix(".kg"), inter.with_suffix(".link")
    if kg.exists() and link.exists():
        bags = _facts(kg, link, draft.items)
        what = "link to the knowledge graph"
        add_encoded(modalities, notes, "knowledge", what, lambda: encode_bags(bags, "a knowledge graph"))
    return assemble(replace(draft, modalities=modalities, notes=tuple(notes)))


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


def _table(path: Path, lists: bool = True) -> TextTable:
    """One file; the type (`:token`, `:float`, …) is taken off its column names.

    Parameters
    ----------
    lists : False to leave out columns that hold a list in every cell
    """

    def name_of(header: str) -> str:
        name, _, kind = header.partition(":")
        return "" if kind.strip() in LISTS and not lists else name.strip()

    return TextTable(path, "\t", name_of)


def _unread(folder: Path) -> list[Note]:
    """A note on RecBole's files of vectors: an attack on vectors is another question than one on a data set."""
    names = [path.name for path in sorted(folder.iterdir()) if path.suffix in VECTORS]
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    sentence = f"{', '.join(names)} {verb} not read: vectors can be audited on their own."
    return [Note("files.unread", len(names), sentence)]


def _facts(kg_path: Path, link_path: Path, items: np.ndarray) -> list[list[str]]:
    """What the graph holds of each item: the pairs of relation and neighbour of its entity, in both directions."""
    kg, link = _table(kg_path).frame(), _table(link_path).frame()
    need_columns(kg, kg_path.name, ("head_id", "relation_id", "tail_id"))
    need_columns(link, link_path.name, ("item_id", "entity_id"))
    entity = pd.Series(link["entity_id"].to_numpy(), index=link["item_id"])
    entity = entity[~entity.index.duplicated()].reindex(items, fill_value="")
    out = pd.DataFrame({"entity": kg["head_id"], "fact": kg["relation_id"] + ">" + kg["tail_id"]})
    back = pd.DataFrame({"entity": kg["tail_id"], "fact": kg["relation_id"] + "<" + kg["head_id"]})
    facts = pd.concat([out, back])
    facts = facts[facts["entity"].isin(set(entity) - {""})]
    by_entity = facts.groupby("entity")["fact"].apply(list)
    return [by_entity.get(name, []) for name in entity]
