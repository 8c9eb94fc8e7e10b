"""Which maps a run holds, and each person's group on them: from `projection.csv` and `people.parquet`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.findings import BIASED, FILTERED, PERSON_VECTOR


@dataclass(frozen=True)
class Slice:
    """One picture.

    Attributes
    ----------
    phase : data, before or after
    xy : (people, 2)
    users : (people,) ids
    """

    representation: str
    modality: str
    phase: str
    xy: NDArray[np.floating]
    users: NDArray[np.object_]

    @property
    def slug(self) -> str:
        """What tells it from the other pictures of its layout."""
        return f"{self.representation}_{self.phase}"


_ORDER = ("data", "before", "after")


def layouts(projection: pd.DataFrame) -> dict[str, list[Slice]]:
    """{layout: its pictures}, person vectors first; *before* comes before *after*, *biased* before *filtered*."""
    found: dict[str, list[Slice]] = {}
    columns = ["layout", "representation", "modality", "phase"]
    for (layout, representation, modality, phase), rows in projection.groupby(columns, sort=False):
        picture = Slice(representation, modality, phase, rows[["x", "y"]].to_numpy(), rows["user"].to_numpy(object))
        found.setdefault(str(layout), []).append(picture)
    for pictures in found.values():
        pictures.sort(key=lambda each: (_ORDER.index(each.phase), each.representation == FILTERED))
    return dict(sorted(found.items(), key=lambda pair: pair[1][0].representation != PERSON_VECTOR))


def is_split(pictures: Sequence[Slice]) -> bool:
    """Whether these are the parts of a modality's profile: raw, biased, filtered."""
    return any(each.representation in (BIASED, FILTERED) for each in pictures)


def codes_of(picture: Slice, people: pd.DataFrame, attribute: str, groups: Sequence[str]) -> NDArray[np.int16]:
    """The group of each person drawn: its place in `groups`, −1 undisclosed or in none of them."""
    of_user = people.set_index("user")[attribute].reindex(picture.users)
    index = {group: place for place, group in enumerate(groups)}
    return of_user.map(index).fillna(-1).to_numpy(np.int16)


def groups_in(people: pd.DataFrame, card: Mapping[str, Any], attribute: str) -> tuple[str, ...]:
    """The groups of an attribute in the data's own order."""
    there = set(people[attribute]) - {""}
    known = [each["name"] for each in card.get("attributes", {}).get(attribute, {}).get("groups", ())]
    return tuple(each for each in known if each in there) + tuple(sorted(there - set(known)))
