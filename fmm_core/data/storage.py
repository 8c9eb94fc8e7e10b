"""Data sets on disk: `datasets/<slug>-<8 hex of fingerprint>/` (contract C1)."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd

from fmm_core.data.damage import DAMAGE
from fmm_core.data.dataset import MIN_GROUP, Attribute, Dataset, Modality, Note, Pairs, merge_small
from fmm_core.data.specs import CATALOG
from fmm_core.errors import DataError

FORMAT = 1


def fingerprint(dataset: Dataset) -> str:
    """sha256 over the canonical arrays: 64 hex digits.

    The order of users and items counts. Name, titles, sources and notes do not; band edges do through the bands' names.
    Features are compared to the last bit, so a text encoder's may differ between kinds of processor.
    """
    digest = hashlib.sha256()

    def add(label: str, array: np.ndarray) -> None:
        digest.update(f"{label}|{array.dtype.str}|{array.shape}|".encode() + np.ascontiguousarray(array).tobytes())

    def add_text(label: str, texts: Any) -> None:
        digest.update(json.dumps([label, [str(text) for text in texts]]).encode())

    add_text("users", dataset.users)
    add_text("items", dataset.items)
    for part in ("user", "item", "time", "split"):
        values = getattr(dataset.pairs, part)
        if values is not None:
            add(part, values)
    for name, modality in sorted(dataset.modalities.items()):
        add(f"modality {name}", modality.features)
        add(f"present {name}", modality.present)
    for name, attribute in sorted(dataset.attributes.items()):
        add_text(f"groups {name}", attribute.groups)
        add(f"codes {name}", attribute.codes)
    return digest.hexdigest()


def slug_of(name: str) -> str:
    """A name as part of a folder's: small letters, digits and hyphens, at most 60."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:60].strip("-") or "data"


def save(dataset: Dataset, datasets_dir: Path) -> Path:
    """Store a data set and return its folder; an equal one that is there already is left alone.

    It is written whole beside its place and then moved there, so no reader ever sees half of it.
    """
    print_, slug = fingerprint(dataset), slug_of(dataset.name)
    target = datasets_dir / f"{slug}-{print_[:8]}"
    if target.exists():
        return target
    draft = datasets_dir / f".draft-{uuid4().hex[:8]}"
    draft.mkdir(parents=True)
    try:
        _write(dataset, draft, slug, print_)
        draft.rename(target)
    except OSError:
        if not target.exists():  # else somebody stored the same meanwhile
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _write(dataset: Dataset, folder: Path, slug: str, print_: str) -> None:
    pairs = {name: getattr(dataset.pairs, name) for name in ("user", "item", "time", "split")}
    np.savez_compressed(folder / "pairs.npz", **{name: part for name, part in pairs.items() if part is not None})
    codes = {f"attribute.{name}": attribute.codes for name, attribute in dataset.attributes.items()}
    pd.DataFrame({"user": dataset.users, **codes}).to_parquet(folder / "users.parquet")
    present = {f"present.{name}": modality.present for name, modality in dataset.modalities.items()}
    titles = {} if dataset.titles is None else {"title": list(dataset.titles)}
    pd.DataFrame({"item": dataset.items, **titles, **present}).to_parquet(folder / "items.parquet")
    for name, modality in dataset.modalities.items():
        np.save(folder / f"modality.{name}.npy", modality.features, allow_pickle=False)
    text = json.dumps(card(dataset, slug, print_), indent=2, ensure_ascii=False)
    (folder / "dataset.json").write_text(text + "\n", encoding="utf-8")


def card(dataset: Dataset, slug: str, print_: str) -> dict[str, Any]:
    """What `dataset.json` holds: all that a page says about a data set without opening its arrays."""
    n_pairs = len(dataset.pairs.user)
    return {
        "format": FORMAT,
        "name": dataset.name,
        "slug": slug,
        "title": CATALOG[slug].title if slug in CATALOG else dataset.name,
        "item_noun": list(dataset.item_noun),
        "fingerprint": print_,
        "n_users": dataset.n_users,
        "n_items": dataset.n_items,
        "n_pairs": n_pairs,
        "density": n_pairs / max(dataset.n_users * dataset.n_items, 1),
        "attributes": {name: _attribute_card(name, item) for name, item in dataset.attributes.items()},
        "modalities": {name: _modality_card(name, item) for name, item in dataset.modalities.items()},
        "titles": dataset.titles is not None,
        "notes": [{"code": note.code, "count": note.count, "sentence": note.sentence} for note in dataset.notes],
    }


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _attribute_card(name: str, attribute: Attribute) -> dict[str, Any]:
    merged = merge_small(attribute)
    offered = len(merged.groups) > 1
    reason = "" if offered else f"fewer than two groups have {MIN_GROUP} people"
    groups = [{"name": group, "count": int(n)} for group, n in zip(attribute.groups, attribute.counts, strict=True)]
    return {
        "title": _title(name),
        "groups": groups,
        "undisclosed": int((attribute.codes < 0).sum()),
        "edges": None if attribute.edges is None else list(attribute.edges),
        "classes_attacked": list(merged.groups),
        "offered": offered,
        "reason": reason,
    }


def _modality_card(name: str, modality: Modality) -> dict[str, Any]:
    return {
        "title": _title(name),
        "dim": int(modality.features.shape[1]),
        "present": int(modality.present.sum()),
        "source": modality.source,
    }


def load(folder: Path) -> Dataset:
    """Read what `save` wrote, and check it against its fingerprint.

    Raises
    ------
    DataError
        The folder is not a stored data set, was written by another version, or was changed since.
    """
    try:
        about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        mark = str(about["fingerprint"])
        dataset = _read(folder, about) if about["format"] == FORMAT else None
    except DAMAGE as error:
        raise _refusal(folder, "this is not a stored data set, or it is damaged", "data.stored") from error
    if dataset is None:
        raise _refusal(folder, f"its format is {about['format']}, and this version reads {FORMAT}", "data.format")
    if fingerprint(dataset) != mark:
        raise _refusal(folder, "it was changed after it was stored (its fingerprint differs)", "data.changed")
    return dataset


def _refusal(folder: Path, what: str, code: str) -> DataError:
    return DataError(what, f"data set {folder.name}", "Fetch or import it again.", code=code)


def _read(folder: Path, about: dict[str, Any]) -> Dataset:
    with np.load(folder / "pairs.npz", allow_pickle=False) as archive:
        pairs = Pairs(**{name: archive[name] for name in archive.files})
    users = pd.read_parquet(folder / "users.parquet")
    items = pd.read_parquet(folder / "items.parquet")
    return Dataset(
        name=about["name"],
        users=users["user"].to_numpy(str),
        items=items["item"].to_numpy(str),
        pairs=pairs,
        modalities={
            name: Modality(
                features=np.load(folder / f"modality.{name}.npy", allow_pickle=False),
                present=items[f"present.{name}"].to_numpy(bool),
                source=item["source"],
            )
            for name, item in about["modalities"].items()
        },
        attributes={name: _attribute(name, item, users) for name, item in about["attributes"].items()},
        titles=tuple(items["title"]) if "title" in items else None,
        notes=tuple(Note(**note) for note in about["notes"]),
        item_noun=(about["item_noun"][0], about["item_noun"][1]),
    )


def _attribute(name: str, about: dict[str, Any], users: pd.DataFrame) -> Attribute:
    groups = tuple(group["name"] for group in about["groups"])
    edges = None if about["edges"] is None else tuple(about["edges"])
    return Attribute(groups, users[f"attribute.{name}"].to_numpy(np.int16), edges)
