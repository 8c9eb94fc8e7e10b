"""Modalities that come with an items table: its titles as text, its categories and the year as genre."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fmm_core.data.dataset import Modality, Note
from fmm_core.data.encoders import encode_bags, encode_categories, words

TITLE_COLUMNS = ("title", "movie_title", "name")
CATEGORY_COLUMNS = ("genres", "genre", "categories", "category", "class")
YEAR_COLUMNS = ("year", "release_year")
YEAR_IN_TITLE = r"\((\d{4})\)\s*$"
"""MovieLens writes "Toy Story (1995)"."""


@dataclass(frozen=True)
class Descriptions:
    """What an items table tells: modalities, a title per item (its id where there is none), and notes on both."""

    modalities: dict[str, Modality]
    titles: tuple[str, ...] | None
    notes: list[Note]


def describe(rows: pd.DataFrame, separator: str | None) -> Descriptions:
    """Read titles, categories and years from an items table.

    Parameters
    ----------
    rows : one row per item, its index the ids
    separator : what stands between two categories of one item; None for any blank
    """
    title, category = _first(rows, TITLE_COLUMNS), _first(rows, CATEGORY_COLUMNS)
    modalities: dict[str, Modality] = {}
    notes: list[Note] = []
    if title is not None:
        add_encoded(modalities, notes, "text", "title", lambda: encode_bags([words(text) for text in title], "titles"))
    if category is not None:
        bags = [[name for part in text.split(separator) if (name := part.strip())] for text in category]
        years = _years(rows, title)
        source = "genres" if years is None else "genres and year"
        add_encoded(modalities, notes, "genre", "genre", lambda: encode_categories(bags, source, years))
    titles = None if title is None else tuple(title.where(title != "", title.index.to_series()))
    return Descriptions(modalities, titles, notes)


def add_encoded(
    modalities: dict[str, Modality], notes: list[Note], name: str, what: str, encode: Callable[[], Modality | None]
) -> None:
    """Add a modality if there is anything to encode, and say which items it tells nothing about."""
    modality = encode()
    if modality is None:
        sentence = f"There is no {name}: nothing about the {what} is shared by two items."
        notes.append(Note(f"modality.{name}.none", 0, sentence))
        return
    modalities[name] = modality
    notes += absence_note(name, modality, what) + silence_note(name, modality)


def absence_note(name: str, modality: Modality, what: str) -> list[Note]:
    """A note if some items have none of a modality."""
    absent, total = int((~modality.present).sum()), len(modality.present)
    if not absent:
        return []
    have, they = ("has", "it gets") if absent == 1 else ("have", "they get")
    sentence = f"{absent:,} of {total:,} items {have} no {what}; for {name} {they} the average."
    return [Note(f"modality.{name}.imputed", absent, sentence)]


def silence_note(name: str, modality: Modality) -> list[Note]:
    """A note if some items have a description that shares nothing with any other."""
    silent = int((modality.present & ~modality.features.any(axis=1)).sum())
    if not silent:
        return []
    total = len(modality.present)
    items = f"{silent:,} of {total:,} items"
    have = "has" if silent == 1 else "have"
    sentence = (
        f"{name.capitalize()} cannot tell what is alike here: {items} {have} nothing in it that another item has too."
    )
    return [Note(f"modality.{name}.silent", silent, sentence)]


def _first(rows: pd.DataFrame, names: tuple[str, ...]) -> pd.Series | None:
    return next((rows[name].str.strip() for name in names if name in rows), None)


def _years(rows: pd.DataFrame, title: pd.Series | None) -> np.ndarray | None:
    """The year of each item, NaN where unknown; from the titles where no column has it."""
    raw = _first(rows, YEAR_COLUMNS)
    if raw is None and title is not None:
        raw = title.str.extract(YEAR_IN_TITLE, expand=False)
    if raw is None:
        return None
    years = pd.to_numeric(raw, errors="coerce").to_numpy(float, na_value=np.nan)
    return years if np.isfinite(years).any() else None
