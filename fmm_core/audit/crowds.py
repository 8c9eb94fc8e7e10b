"""Who is attacked on what: people who disclosed the same attributes share one partition and one factorisation."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit.folds import FOLD_DRAW, deal
from fmm_core.data.dataset import OTHER, UNDISCLOSED, Attribute, merge_small


@dataclass(frozen=True)
class Unseen:
    """People whose labels were kept from whoever made the vectors; the audit knows their codes."""

    rows: NDArray[np.int64]
    codes: Mapping[str, NDArray[np.int16]]


@dataclass(frozen=True)
class People:
    """Who is attacked, and on which of their attributes: those who disclosed all of `names`.

    `redealt` holds further draws of the folds, for attackers that are averaged over several. `unseen` are other people,
    asked about the same attributes in the same groups: attackers learn from these and judge those.
    """

    names: tuple[str, ...]
    rows: NDArray[np.int64]
    users: NDArray[np.str_]
    codes: Mapping[str, NDArray[np.int16]]
    classes: Mapping[str, int]
    folds: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    unseen: Unseen
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
    disclosed: NDArray[np.bool_] | None = None,
) -> Iterator[People]:
    """Attributes disclosed by the same people share folds and factorisations.

    Parameters
    ----------
    disclosed : whose labels the mitigation saw; None: everybody's. The others are `unseen`
    """
    told = eligible if disclosed is None else eligible & disclosed
    known = among(attributes, told)
    by_mask: dict[bytes, list[str]] = {}
    for name, attribute in known.items():
        by_mask.setdefault((attribute.codes >= 0).tobytes(), []).append(name)
    for mask, names in by_mask.items():
        rows = np.flatnonzero(np.frombuffer(mask, bool))
        codes = {name: known[name].codes[rows] for name in names}
        classes = {name: len(known[name].groups) for name in names}
        folds = deal(users[rows], list(codes.values()), seed)
        unseen = _unseen({name: (attributes[name], known[name]) for name in names}, eligible & ~told)
        yield People(tuple(names), rows, users[rows], codes, classes, folds, held_out[rows], unseen)


def _unseen(pairs: Mapping[str, tuple[Attribute, Attribute]], who: NDArray[np.bool_]) -> Unseen:
    """`who` in the groups of each pair's second attribute, which is the first as known of others."""
    rows = np.flatnonzero(who)
    return Unseen(rows, {name: _regrouped(own, known)[rows] for name, (own, known) in pairs.items()})


def _regrouped(own: Attribute, known: Attribute) -> NDArray[np.int16]:
    """Codes of `own` in the groups of `known`; who belongs to none of them is *other* or, without that, left out."""
    places = {group: place for place, group in enumerate(known.groups)}
    rest = places.get(OTHER, UNDISCLOSED)
    recode = np.array([*(places.get(group, rest) for group in own.groups), UNDISCLOSED], np.int16)
    return recode[own.codes]
