"""Groups within groups: every two attributes crossed, small crossings left out and counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fmm_core.data.dataset import MIN_GROUP, UNDISCLOSED, Attribute

CROSS = " × "
"""Between the names of two attributes, and of two groups, that are crossed."""


@dataclass(frozen=True)
class Crossing:
    """Two attributes as one: its groups are those of both at once, and `left_out` people are in smaller ones."""

    name: str
    attribute: Attribute
    left_out: int


def crossings(attributes: Mapping[str, Attribute], judged: NDArray[np.bool_]) -> Iterator[Crossing]:
    """Cross every two attributes, on the people who disclosed both.

    Parameters
    ----------
    judged : users whose figures count; a group needs `MIN_GROUP` of them

    Yields
    ------
    Crossings with at least two groups; with one there is nothing to compare.
    """
    for (name, first), (other, second) in combinations(attributes.items(), 2):
        attribute, left_out = _crossed(first, second, judged)
        if len(attribute.groups) > 1:
            yield Crossing(f"{name}{CROSS}{other}", attribute, left_out)


def _crossed(first: Attribute, second: Attribute, judged: NDArray[np.bool_]) -> tuple[Attribute, int]:
    width = len(second.groups)
    known = judged & (first.codes >= 0) & (second.codes >= 0)
    cell = np.where(known, first.codes.astype(np.int64) * width + second.codes, UNDISCLOSED)
    counts = np.bincount(cell[known], minlength=len(first.groups) * width)
    large = np.flatnonzero(counts >= MIN_GROUP)
    recode = np.full(len(counts) + 1, UNDISCLOSED, np.int16)  # the last entry serves −1
    recode[large] = np.arange(len(large))
    names = tuple(f"{first.groups[each // width]}{CROSS}{second.groups[each % width]}" for each in large)
    return Attribute(names, recode[cell]), int(known.sum() - counts[large].sum())
