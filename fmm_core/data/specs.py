"""Which data sets come with the tool, in words; imports nothing heavy, so pages may read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CatalogEntry:
    """A data set that can be had by name.

    Attributes
    ----------
    item_noun : what its items are called in sentences, singular and plural
    """

    title: str
    sentence: str
    item_noun: tuple[str, str]
    downloads: bool


CATALOG: dict[str, CatalogEntry] = {
    "synthetic": CatalogEntry(
        title="Made-up films",
        sentence="Made in two seconds. The leak is planted, so the truth is known.",
        item_noun=("film", "films"),
        downloads=False,
    ),
    "movielens-100k": CatalogEntry(
        title="MovieLens-100K",
        sentence="943 real people. Fetched once, 2 MB, by your click.",
        item_noun=("film", "films"),
        downloads=True,
    ),
}
