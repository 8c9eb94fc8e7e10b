"""Who is attacked on what: people who disclosed the same attributes share one partition and one factorisation."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit.folds import FOLD_DRAW, deal
from fmm_core.data.dataset import UNDISCLOSED, Attribute, merge_small


@dataclass(frozen=True)
class People:
    """Who is attacked, and on which of their attributes: those who disclosed all of `names`.

    `redealt` holds further draws of the folds, for attackers that are averaged over several.
    """

    names: tuple[str, ...]
    rows: NDArray[np.int64]
    users: NDArray[np.str_]
    codes: Mapping[str, NDArray[np.int16]]
    classes: Mapping[str, int]
    folds: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    redealt: tuple[NDArray[np.int64], ...] = ()

    @property
    def partitions(self) -> list[NDArray[np.int64]]:
        """The folds of every draw."""
        return [self.folds, *self.redealt]

    def asked(self, names: Collection[str]) -> "People":
        """The same people in the same folds, attacked on some of their attributes only."""
        kept = tuple(name for name in self.names if name in names)
        codes, classes = {name: self.codes[name] for name in kept}, {name: self.classes[name] for name in kept}
        return replace(self, names=kept, codes=codes, classes=classes)

    def dealt_again(self, times: int, seed: int) -> "People":
        """The same people with `times` further draws of the folds."""
        codes = list(self.codes.values())
        draws = (deal(self.users, codes, seed + FOLD_DRAW * draw) for draw in range(1, times + 1))
        return replace(self, redealt=tuple(draws))


def among(attributes: Mapping[str, Attribute], who: NDArray[np.bool_]) -> dict[str, Attribute]:
    """The attributes as known of `who` alone, groups that are too small among them merged once more.

    An attribute of which fewer than two groups remain has nothing to be told apart and is left out.
    """
    known = {
        name: merge_small(replace(attribute, codes=np.where(who, attribute.codes, UNDISCLOSED).astype(np.int16)))
        for name, attribute in attributes.items()
    }
    return {name: attribute for name, attribute in known.items() if len(attribute.groups) > 1}


def crowds(
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    eligible: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    seed: int,
) -> Iterator[People]:
    """Attributes disclosed by the same people share folds and factorisations."""
    known = among(attributes, eligible)
    by_mask: dict[bytes, list[str]] = {}
    for name, attribute in known.items():
        by_mask.setdefault((attribute.codes >= 0).tobytes(), []).append(name)
    for mask, names in by_mask.items():
        rows = np.flatnonzero(np.frombuffer(mask, bool))
        codes = {name: known[name].codes[rows] for name in names}
        classes = {name: len(known[name].groups) for name in names}
        folds = deal(users[rows], list(codes.values()), seed)
        yield People(tuple(names), rows, users[rows], codes, classes, folds, held_out[rows])
