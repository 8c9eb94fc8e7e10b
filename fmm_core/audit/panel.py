"""The panel *fast*: the closed-form attackers, and which of their answers each row of the table reports."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit import attackers
from fmm_core.audit.combination import Candidate, candidates, choose
from fmm_core.audit.crowds import People
from fmm_core.audit.folds import landmarks
from fmm_core.types import Floats

FAMILIES = ("linear", "kernel", "discriminant")
PEOPLE_PER_LANDMARK = 2
"""Small crowds get fewer landmarks. Six draws of 943 people of MovieLens-1M, three attributes: with one landmark per
person 2.5 CPU s, with one per two 1.2, and no headline moved by more than 0.001."""

Family = Mapping[str, list[attackers.Scores]]
Judged = dict[str, tuple[NDArray[np.floating], NDArray[np.floating] | None]]
"""Per row of the table: outer scores (people × columns), retrained scores (people × folds × columns) or None."""


def closed_form(z: Floats, people: People, seed: int) -> dict[str, dict[str, list[attackers.Scores]]]:
    """Per attribute and family, the scores of every setting; all attributes are columns of one solve."""
    columns = {name: _targets(people.codes[name], people.classes[name]) for name in people.names}
    together = np.column_stack(list(columns.values()))
    edges = np.cumsum([0, *(part.shape[1] for part in columns.values())])
    marks = landmarks(people.users, min(attackers.LANDMARKS, max(len(z) // PEOPLE_PER_LANDMARK, 2)), seed)
    shared = {
        "linear": attackers.linear(z, together, people.folds),
        "kernel": attackers.kernel(z, together, people.folds, marks),
    }
    return {
        name: {
            **{family: [s[:, :, low:high] for s in scores] for family, scores in shared.items()},
            "discriminant": attackers.discriminant(z, people.codes[name], people.classes[name], people.folds),
        }
        for name, low, high in zip(people.names, edges[:-1], edges[1:], strict=True)
    }


def _targets(codes: NDArray[np.integer], classes: int) -> Floats:
    """Centred one-hot columns; for two classes that of class 1 says it all."""
    one_hot = (codes[:, None] == np.arange(classes)).astype(np.float32)
    one_hot = one_hot[:, 1:] if classes == 2 else one_hot
    return one_hot - one_hot.mean(axis=0)


def judge(families: Family, codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]) -> Judged:
    """Outer and retrained scores of the row `strongest`, the combination, and every family's own choice.

    `linear` is the plain attacker as it is: two-sided, nothing learned on top. A read-out would learn that its answers
    are wrong after an over-correction and turn them round, and no interval would ever lie below ½.
    """
    settings = np.stack([scores for family in FAMILIES for scores in families[family]])
    singles, combined = candidates(settings, codes, classes, folds)
    chosen = {"strongest": choose([*singles, combined], folds), "combination": choose([combined], folds)}
    for family in FAMILIES:
        own, singles = singles[: len(families[family])], singles[len(families[family]) :]
        if family != "linear":
            chosen[family] = choose(own, folds)
    judged: Judged = {name: _outer(candidate.scores, folds) for name, candidate in chosen.items()}
    return judged | {"linear": _outer(families["linear"][0], folds)}


def strongest(families: Family, codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]) -> Candidate:
    """The headline alone: the whole nested procedure, without the rows beside it."""
    settings = np.stack([scores for family in FAMILIES for scores in families[family]])
    singles, combined = candidates(settings, codes, classes, folds)
    return choose([*singles, combined], folds)


def _outer(scores: NDArray[np.floating], folds: NDArray[np.int64]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    return scores[np.arange(len(scores)), folds], scores
