"""The one data structure every room knows (contract C1): users, items, interactions, modalities, attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Note:
    """Something a reader of the data set should know: stable code, how many, one sentence."""

    code: str
    count: int
    sentence: str


@dataclass(frozen=True)
class Dataset:
    """A frozen, validated data set; readers produce it, everything else consumes it."""

    name: str
    users: NDArray[np.str_]
    items: NDArray[np.str_]
    pairs: Pairs
    modalities: Mapping[str, Modality]
    attributes: Mapping[str, Attribute]
    titles: tuple[str, ...] | None = None
    notes: tuple[Note, ...] = field(default=())
