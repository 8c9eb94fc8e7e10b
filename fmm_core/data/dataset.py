"""The one data structure every room knows (contract C1): users, items, interactions, modalities, attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from fmm_core.types import Codes, Floats

UNDISCLOSED = -1
"""Code of a user whose attribute is unknown."""

MIN_GROUP = 20
"""Smaller groups are merged into *other* for attacks and group tables."""

MAX_CATEGORIES = 50
"""Attributes with more categories are not offered."""

MAX_DISTINCT_NUMBERS = 25
"""Numbers with more distinct values are cut into bands."""

OTHER = "other"
"""Name of the group that small groups are merged into."""


@dataclass(frozen=True)
class Pairs:
    """Unique interactions; `split` is 0 train, 1 validation, 2 test where the source fixes it."""

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    time: NDArray[np.float64] | None = None
    split: NDArray[np.int8] | None = None


@dataclass(frozen=True)
class Modality:
    """One description of the items: `features` items × d (absent rows hold the mean), `present`, `source` in words."""

    features: Floats
    present: NDArray[np.bool_]
    source: str


@dataclass(frozen=True)
class Attribute:
    """One sensitive attribute: group names in display order, a code per user (−1 undisclosed), band edges or None."""

    groups: tuple[str, ...]
    codes: Codes
    edges: tuple[float, ...] | None = None

    @property
    def counts(self) -> NDArray[np.int64]:
        """People per group, in the order of `groups`."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.groups))


@dataclass(frozen=True)
class Note:
    """Something a reader of the data set should know: stable code, how many, one sentence."""

    code: str
    count: int
    sentence: str


@dataclass(frozen=True)
class Dataset:
    """A frozen, validated data set; readers produce it, everything else consumes it.

    `item_noun` is what its items are called in sentences, singular and plural.
    """

    name: str
    users: NDArray[np.str_]
    items: NDArray[np.str_]
    pairs: Pairs
    modalities: Mapping[str, Modality]
    attributes: Mapping[str, Attribute]
    titles: tuple[str, ...] | None = None
    notes: tuple[Note, ...] = field(default=())
    item_noun: tuple[str, str] = ("item", "items")

    @property
    def n_users(self) -> int:
        """How many users there are, with interactions or without."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """How many items there are, with interactions or without."""
        return len(self.items)


def merge_small(attribute: Attribute, minimum: int = MIN_GROUP) -> Attribute:
    """Merge groups of fewer than `minimum` people into *other*; if that stays too small, its people are left out.

    Labels stay in the data set; this is the view that attacks and group tables work on. People left out get the code
    −1, so ``(merged.codes < 0).sum() - (attribute.codes < 0).sum()`` counts them. Where a group called *other* exists,
    small groups join it. `edges` are kept only if every band is.
    """
    counts = attribute.counts
    large = [index for index in range(len(counts)) if counts[index] >= minimum]
    small = [index for index in range(len(counts)) if 0 < counts[index] < minimum]
    groups = [attribute.groups[index] for index in large]
    recode = np.full(len(counts) + 1, UNDISCLOSED, np.int16)  # the last entry serves code −1
    recode[large] = np.arange(len(large))
    if small and (OTHER in groups or counts[small].sum() >= minimum):
        groups += [] if OTHER in groups else [OTHER]
        recode[small] = groups.index(OTHER)
    edges = attribute.edges if len(large) == len(counts) else None
    return replace(attribute, groups=tuple(groups), codes=recode[attribute.codes], edges=edges)
