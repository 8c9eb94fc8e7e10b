"""Columns of RecBole files that hold a list in every cell, parted by blanks: words, or numbers of one length."""

from collections.abc import Collection
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.dataset import Modality, Note
from fmm_core.data.encoders import encode_bags
from fmm_core.data.matrix_checks import check_lengths, check_size, floats
from fmm_core.data.readers.descriptions import add_encoded
from fmm_core.data.readers.desk import NOT_A_NUMBER, refuse
from fmm_core.data.readers.features import align

WORDS, NUMBERS = LISTS = "token_seq", "float_seq"
"""RecBole's names for the two kinds of list."""


def split_types(path: Path) -> dict[str, str]:
    """The type of every column, "" where the header names none: `title:token_seq` is a title of words.

    Raises
    ------
    OSError, UnicodeDecodeError
        The file can't be read; `frames.read_frame` says so in words.
    """
    with path.open(encoding="utf-8-sig") as file:
        pairs = (name.partition(":") for name in file.readline().rstrip("\r\n").split("\t"))
        return {name.strip(): kind.strip() for name, _, kind in pairs}


def list_notes(path: Path) -> list[Note]:
    """A note on every list in a table of people: none of them is an attribute."""
    lists = [name for name, kind in split_types(path).items() if kind in LISTS] if path.exists() else []
    return [
        Note("attribute.list", 0, f"{name} is not offered: it holds a list for every person, not one answer.")
        for name in lists
    ]


def add_lists(
    modalities: dict[str, Modality],
    notes: list[Note],
    frame: pd.DataFrame,
    path: Path,
    items: np.ndarray,
    told: Collection[str],
) -> None:
    """Add a modality for every column of lists: words weighed as in titles, numbers as they are.

    Parameters
    ----------
    frame : rows of the items file, with `item_id`
    told : columns that were read already, as titles or categories

    Raises
    ------
    DataError
        A list has something that is not a number, or another length than the others.
    """
    types = split_types(path)
    rows = frame.set_index(frame["item_id"].str.strip())
    for name in [name for name, kind in types.items() if kind == WORDS and name not in told]:
        bags = [cell.split() for cell in rows[name].reindex(items, fill_value="")]
        add_encoded(modalities, notes, name, name, partial(encode_bags, bags, path.name))
    for name in [name for name, kind in types.items() if kind == NUMBERS]:
        given = frame[frame[name].str.strip() != ""]
        if given.empty:
            notes.append(Note(f"modality.{name}.none", 0, f"There is no {name}: no item has one."))
            continue
        modalities[name], more = _numbers(given, path, name, items)
        notes += more


def _numbers(given: pd.DataFrame, path: Path, name: str, items: np.ndarray) -> tuple[Modality, list[Note]]:
    """Lists of one length, one for every item that has any."""
    lists = given[name].str.split()
    lengths = lists.str.len().astype(int)
    check_lengths(path, lengths.index[lengths != lengths.mode()[0]])
    check_size(path, len(given), int(lengths.iloc[0]))
    numbers = pd.to_numeric(lists.explode(), errors="coerce")
    bad = numbers.isna().groupby(level=0).any()
    refuse(bad, path.name, name, NOT_A_NUMBER)
    values = floats(numbers.to_numpy(float)).reshape(len(given), -1)
    return align(given["item_id"].str.strip().to_numpy(str), values, items, path, name)
