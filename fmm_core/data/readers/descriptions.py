"""Modalities that come with an items table: its titles as text, its categories and the year as genre."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fmm_core.data.dataset import Modality, Note
from fmm_core.data.encoders import encode_categories, encode_words
from fmm_core.data.plan import TextEncoder
from fmm_core.data.sentences import encode_sentences

YEAR_IN_TITLE = r"\((\d{4})\)\s*$"
"""MovieLens writes "Toy Story (1995)"."""

TEXT_ENCODERS: dict[TextEncoder, Callable[[Sequence[Sequence[str]], str], Modality | None]] = {
    "words": encode_words,
    "sentences": encode_sentences,
}


@dataclass(frozen=True)
class Descriptions:
    """What an items table tells: modalities, a title per item (its id where there is none), and notes on both."""

    modalities: dict[str, Modality]
    titles: tuple[str, ...] | None
    notes: list[Note]


def describe(rows: pd.DataFrame, separator: str = "", text_encoder: TextEncoder = "words") -> Descriptions:
    """Read titles, descriptions, categories and years from an items table.

    Parameters
    ----------
    rows : one row per item, its index the ids; columns `title`, `text`, `genres`, `year` where there are any
    separator : what stands between two categories of one item; found in the column if empty
    text_encoder : how titles and descriptions become numbers

    Raises
    ------
    DataError
        The encoder is not installed.
    """
    title, text, category = (_column(rows, name) for name in ("title", "text", "genres"))
    modalities: dict[str, Modality] = {}
    notes: list[Note] = []
    told = [(name, column) for name, column in (("title", title), ("description", text)) if column is not None]
    if told:
        texts = list(zip(*(column for _, column in told), strict=True))
        what, source = " or ".join(name for name, _ in told), " and ".join(f"{name}s" for name, _ in told)
        add_encoded(modalities, notes, "text", what, lambda: TEXT_ENCODERS[text_encoder](texts, source))
    if category is not None:
        parted_by = separator or separator_of(category)
        groups = [[name for part in cell.split(parted_by) if (name := part.strip())] for cell in category]
        years = _years(rows, title)
        origin = "genres" if years is None else "genres and year"
        add_encoded(modalities, notes, "genre", "genre", lambda: encode_categories(groups, origin, years))
    titles = None if title is None else tuple(title.where(title != "", title.index.to_series()))
    return Descriptions(modalities, titles, notes)


def separator_of(cells: pd.Series) -> str:
    """What stands between categories: the first of | ; , that occurs at all."""
    return next((sign for sign in "|;," if cells.str.contains(sign, regex=False).any()), "|")


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


def _column(rows: pd.DataFrame, name: str) -> pd.Series | None:
    return rows[name].str.strip() if name in rows else None


def _years(rows: pd.DataFrame, title: pd.Series | None) -> np.ndarray | None:
    """The year of each item, NaN where unknown; from the titles where no column has it."""
    raw = _column(rows, "year")
    if raw is None and title is not None:
        raw = title.str.extract(YEAR_IN_TITLE, expand=False)
    if raw is None:
        return None
    years = pd.to_numeric(raw, errors="coerce").to_numpy(float, na_value=np.nan)
    return years if np.isfinite(years).any() else None
