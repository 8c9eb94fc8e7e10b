"""p-values by permutation: the whole nested procedure once more on label tables that mean nothing (AUDIT.md, 6)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit.crowds import People
from fmm_core.audit.folds import hashed
from fmm_core.audit.intervals import estimate
from fmm_core.audit.panel import closed_form, strongest
from fmm_core.types import Floats

CELLS_AT_ONCE = 800_000
"""People × columns solved together: thirteen settings of five float32 scores each, 0.2 GB."""

TABLE_SEED = 2
"""Added to the seed, so that tables are not drawn in the order in which folds (+ 0) and landmarks (+ 1) are."""

Masks = Mapping[str, NDArray[np.bool_]]


def permutation_p_values(
    z: Floats, people: People, observed: Mapping[tuple[str, str], float], masks: Masks, count: int, seed: int
) -> dict[tuple[str, str], float]:
    """Two-sided p of the row `strongest`: ``(1 + #{|AUC* − ½| ≥ |AUC − ½|}) / (1 + count)``.

    Parameters
    ----------
    z : float32, people × d, standardised
    observed : the headline's AUC by (attribute, whom it judges)
    masks : who is judged, by the second part of those keys
    count : label tables drawn; the smallest p there can be is ``1 / (1 + count)``

    Notes
    -----
    A table is permuted as a whole, so attributes stay as they are to each other, and within folds, so every fold keeps
    its classes. Each permuted attribute is one more attribute to the panel: choice, sign and combination are learned
    anew. That is what separates this p from one that compares the chosen attacker with guessing.
    """
    extreme: dict[tuple[str, str], int] = defaultdict(int)
    for name, who, value in _permuted_headlines(z, people, masks, count, seed):
        extreme[name, who] += abs(value - 0.5) >= abs(observed[name, who] - 0.5)
    return {key: (1 + extreme[key]) / (1 + count) if value == value else np.nan for key, value in observed.items()}


def true_headlines(z: Floats, people: People, masks: Masks, seed: int) -> dict[tuple[str, str], float]:
    """AUC of the row `strongest` of the closed-form panel in one partition, by attribute and whom it judges."""
    as_they_are = [np.arange(len(z))]
    return {
        (name, who): estimate(scores, None, people.codes[name], people.folds, mask).value
        for name, (_, _, scores) in zip(people.names, _headlines(z, people, as_they_are, seed), strict=True)
        for who, mask in masks.items()
    }


def _permuted_headlines(
    z: Floats, people: People, masks: Masks, count: int, seed: int
) -> Iterator[tuple[str, str, float]]:
    """Attribute, whom it judges and AUC of every permuted headline."""
    rng = np.random.default_rng(seed + TABLE_SEED)
    columns = sum(1 if classes == 2 else classes for classes in people.classes.values())
    at_once = max(CELLS_AT_ONCE // (len(z) * columns), 1)
    for start in range(0, count, at_once):
        orders = [shuffled_within_folds(people, rng, seed) for _ in range(min(at_once, count - start))]
        for name, table, scores in _headlines(z, people, orders, seed):
            for who, mask in masks.items():
                yield name, who, estimate(scores, None, table, people.folds, mask).value


def _headlines(
    z: Floats, people: People, orders: list[NDArray[np.int64]], seed: int
) -> Iterator[tuple[str, NDArray[np.int16], NDArray[np.floating]]]:
    """Attribute, permuted codes and outer scores of every headline of one batch of tables."""
    source = {f"{name} {number}": (name, order) for number, order in enumerate(orders) for name in people.names}
    tables = replace(
        people,
        names=tuple(source),
        codes={key: people.codes[name][order] for key, (name, order) in source.items()},
        classes={key: people.classes[name] for key, (name, _) in source.items()},
    )
    families = closed_form(z, tables, seed)
    own = np.arange(len(z)), people.folds
    for key, (name, _) in source.items():
        chosen = strongest(families.pop(key), tables.codes[key], tables.classes[key], people.folds)
        yield name, tables.codes[key], chosen.scores[own]


def shuffled_within_folds(people: People, rng: np.random.Generator, seed: int) -> NDArray[np.int64]:
    """Whose labels each person is given: somebody's of the same fold, drawn by hash, so rows may stand in any order."""
    by_hash = np.argsort(hashed(people.users, seed + TABLE_SEED), kind="stable")
    order = np.empty(len(by_hash), np.int64)
    for fold in np.unique(people.folds):
        rows = by_hash[people.folds[by_hash] == fold]
        order[rows] = rng.permutation(rows)
    return order
