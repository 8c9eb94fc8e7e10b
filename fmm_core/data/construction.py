"""From what a reader gathered to a data set that keeps contract C1: canonical types, repeats merged, rules checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fmm_core.data.dataset import UNDISCLOSED, Attribute, Dataset, Modality, Note, Pairs
from fmm_core.errors import DataError

_FILE_NAME = re.compile(r"\w[\w .-]*")
"""A modality's name becomes part of a file name."""


def assemble(draft: Dataset) -> Dataset:
    """Finish a data set: the one door through which readers and generators hand over what they made.

    Parameters
    ----------
    draft : Dataset
        Its interactions may repeat and stand in any order, and its arrays may be of any width.

    Returns
    -------
    Dataset
        Interactions sorted by user and item, each there once; repeats, and people without any, counted in notes.

    Raises
    ------
    DataError
        An id is empty or there twice, or an array does not fit the users, the items or its own rules.
    """
    users, items = _ids("users", draft.users), _ids("items", draft.items)
    pairs, repeats = unique_pairs(_checked_pairs(draft.pairs, len(users), len(items)), len(items))
    if draft.titles is not None:
        _need(len(draft.titles) == len(items), "titles", f"{len(draft.titles):,} titles for {len(items):,} items")
    _check_names(draft.modalities)
    notes = (*draft.notes, *_repeats_note(repeats), *_idle_note(pairs.user, len(users)))
    return replace(
        draft,
        users=users,
        items=items,
        pairs=pairs,
        modalities={name: _modality(name, item, len(items)) for name, item in draft.modalities.items()},
        attributes={name: _attribute(name, item, len(users)) for name, item in draft.attributes.items()},
        notes=notes,
    )


def unique_pairs(pairs: Pairs, n_items: int) -> tuple[Pairs, int]:
    """Sort interactions by user and item and merge repeated ones.

    Of equal ones the earliest is kept; where the source fixes the split, one from the training part goes first, so
    that nothing learned from is tested on.

    Returns
    -------
    pairs, number of repeats merged
    """
    key = pairs.user.astype(np.int64) * n_items + pairs.item
    order = np.lexsort(tuple(part for part in (pairs.time, pairs.split, key) if part is not None))
    first = np.ones(len(key), bool)
    first[1:] = np.diff(key[order]) != 0
    kept = order[first]
    time = None if pairs.time is None else pairs.time[kept]
    part = None if pairs.split is None else pairs.split[kept]
    return Pairs(pairs.user[kept], pairs.item[kept], time, part), len(key) - len(kept)


def _need(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise DataError(what, where, "Correct what made this data set.", code="data.contract")


def _ids(where: str, ids: NDArray[np.str_]) -> NDArray[np.str_]:
    texts = np.asarray(ids).astype(str)
    _need(texts.ndim == 1 and len(texts) > 0, where, "a list with at least one id is needed")
    _need(not (texts == "").any(), where, "an id is empty")
    _need(len(np.unique(texts)) == len(texts), where, "an id is there twice")
    return texts


def _checked_pairs(pairs: Pairs, n_users: int, n_items: int) -> Pairs:
    for name, part, size in (("user", pairs.user, n_users), ("item", pairs.item, n_items)):
        inside = len(part) > 0 and part.min() >= 0 and part.max() < size
        _need(inside, f"pairs.{name}", f"positions from 0 to {size - 1:,} are needed, and at least one")
    for name, column in (("item", pairs.item), ("time", pairs.time), ("split", pairs.split)):
        fits = column is None or column.shape == pairs.user.shape
        _need(fits, f"pairs.{name}", "one entry per interaction is needed")
    _need(pairs.time is None or bool(np.isfinite(pairs.time).all()), "pairs.time", "a time is not a number")
    _need(pairs.split is None or bool(np.isin(pairs.split, (0, 1, 2)).all()), "pairs.split", "0, 1 or 2 is needed")
    return Pairs(
        pairs.user.astype(np.int32),
        pairs.item.astype(np.int32),
        None if pairs.time is None else pairs.time.astype(np.float64),
        None if pairs.split is None else pairs.split.astype(np.int8),
    )


def _check_names(names: Mapping[str, object]) -> None:
    for name in names:
        _need(_FILE_NAME.fullmatch(name) is not None, f'modality "{name}"', "letters, digits and . _ - are needed")
    _need(len({name.lower() for name in names}) == len(names), "modalities", "two names differ only in upper case")


def _modality(name: str, modality: Modality, n_items: int) -> Modality:
    where, features, present = f'modality "{name}"', modality.features, modality.present
    fits = features.ndim == 2 and features.shape[0] == n_items and features.shape[1] > 0
    _need(fits, where, f"features of shape {features.shape} for {n_items:,} items")
    _need(present.shape == (n_items,), where, "one entry of `present` per item is needed")
    _need(bool(np.isfinite(features).all()), where, "a feature is not a number")
    return Modality(np.ascontiguousarray(features, np.float32), present.astype(bool), modality.source)


def _attribute(name: str, attribute: Attribute, n_users: int) -> Attribute:
    where, groups, codes = f'attribute "{name}"', attribute.groups, attribute.codes
    _need(codes.shape == (n_users,), where, f"{len(codes):,} codes for {n_users:,} users")
    _need(len(set(groups)) == len(groups) and all(groups), where, "a group's name is empty or there twice")
    inside = codes.min() >= UNDISCLOSED and codes.max() < len(groups)
    _need(bool(inside), where, f"codes from {UNDISCLOSED} to {len(groups) - 1} are needed")
    _need(attribute.edges is None or _cuts(attribute.edges, len(groups)), where, "the edges do not fit the bands")
    return replace(attribute, codes=codes.astype(np.int16))


def _cuts(edges: Sequence[float], n_bands: int) -> bool:
    return len(edges) == n_bands - 1 and bool((np.diff(edges) > 0).all())


def _repeats_note(repeats: int) -> list[Note]:
    if not repeats:
        return []
    verb = "interaction was" if repeats == 1 else "interactions were"
    return [Note("pairs.repeated", repeats, f"{repeats:,} repeated {verb} merged.")]


def _idle_note(user: NDArray[np.int32], n_users: int) -> list[Note]:
    idle = n_users - len(np.unique(user))
    if not idle:
        return []
    verb = "person has" if idle == 1 else "people have"
    return [Note("users.idle", idle, f"{idle:,} {verb} no interactions and can't be audited.")]
