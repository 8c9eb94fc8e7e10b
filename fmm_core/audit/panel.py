"""The panels, and which of their answers each row of the table reports (AUDIT.md, "Panels")."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit import attackers
from fmm_core.audit.combination import Candidate, candidates, choose
from fmm_core.audit.crowds import People
from fmm_core.audit.exact_kernel import MOST_PEOPLE, Question, exact_kernel
from fmm_core.audit.folds import landmarks
from fmm_core.audit.mlp import mlp
from fmm_core.audit.representations import standardise
from fmm_core.types import Floats

FAMILIES = ("linear", "kernel", "discriminant")
"""The panel *fast*: closed-form attackers."""
DEAR_FAMILIES = ("kernel_exact", "mlp")
"""What the panel *full* adds to them."""
UNPROVEN = ("mlp",)
"""Families of which it is not shown that ν holds: on their own rows it is 1, the most there can be."""
REDEALT = 3
"""How often the panel *full* deals the folds again: four draws in all."""
PEOPLE_PER_LANDMARK = 2
"""Small crowds get fewer landmarks. Six draws of 943 people of MovieLens-1M, three attributes: with one landmark per
person 2.5 CPU s, with one per two 1.2, and no headline moved by more than 0.001."""

Family = Mapping[str, list[attackers.Scores]]
Judged = dict[str, tuple[NDArray[np.floating], NDArray[np.floating] | None]]
"""Per row of the table: outer scores (people × columns), retrained scores (people × folds × columns) or None."""


def closed_form(z: Floats, people: People, seed: int) -> dict[str, dict[str, list[attackers.Scores]]]:
    """Per attribute and family, the scores of every setting; all attributes are columns of one solve.

    Rows of `z` beyond `people.users` are the unseen, as `people.folds` says.
    """
    columns = {name: _targets(people.codes[name], people.classes[name]) for name in people.names}
    together = np.column_stack(list(columns.values()))
    marks = landmarks(people.users, min(attackers.LANDMARKS, max(len(people.users) // PEOPLE_PER_LANDMARK, 2)), seed)
    linear = _by_attribute(attackers.linear(z, together, people.folds), columns)
    kernel = _by_attribute(attackers.kernel(z, together, people.folds, marks), columns)
    return {
        name: {
            "linear": linear[name],
            "kernel": kernel[name],
            "discriminant": attackers.discriminant(z, people.codes[name], people.classes[name], people.folds),
        }
        for name in people.names
    }


def judged_draws(z: Floats, people: People, seed: int) -> dict[str, list[Judged]]:
    """Per attribute the answers of the panel *fast*, in a list of one draw of the folds."""
    return _judged([closed_form(z, people, seed)], people)


def judged_in_full(matrix: Floats, crowds: Sequence[People], seed: int) -> list[dict[str, list[Judged]]]:
    """Per crowd and attribute the answers of the panel *full*, one for every draw of the folds.

    Parameters
    ----------
    matrix : everybody × d; crowds know their rows

    Notes
    -----
    The exact kernel is computed once for the people of all crowds together, and left out if they are more than
    `exact_kernel.MOST_PEOPLE`.
    """
    kernels = _exact(matrix, crowds)
    return [
        _judged(_everything(standardise(matrix[people.rows]), people, exact, seed), people)
        for people, exact in zip(crowds, kernels, strict=True)
    ]


def _judged(draws: Iterable[dict[str, dict[str, list[attackers.Scores]]]], people: People) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = {name: [] for name in people.names}
    for families, folds in zip(draws, people.partitions, strict=False):
        for name in people.names:
            found[name].append(judge(families.pop(name), people.codes[name], people.classes[name], folds))
    return found


def _everything(
    z: Floats, people: People, exact: list[dict[str, list[attackers.Scores]]], seed: int
) -> Iterator[dict[str, dict[str, list[attackers.Scores]]]]:
    """As `closed_form`, for every draw of the folds and with the families that only the panel *full* has."""
    networks = mlp(z, people.codes, people.classes, people.users, people.partitions, seed)
    for folds, kernels, network in zip(people.partitions, exact, networks, strict=True):
        found = closed_form(z, replace(people, folds=folds), seed)
        for name, families in found.items():
            families |= {"kernel_exact": kernels[name]} if kernels else {}
            families["mlp"] = [network[name]]
        yield found


def _exact(matrix: Floats, crowds: Sequence[People]) -> list[list[dict[str, list[attackers.Scores]]]]:
    """Per crowd, draw and attribute the exact kernel's settings; nothing where there are too many people."""
    together = np.unique(np.concatenate([people.rows for people in crowds]))
    if len(together) > MOST_PEOPLE:
        return [[{} for _ in people.partitions] for people in crowds]
    columns = [{name: _targets(people.codes[name], people.classes[name]) for name in people.names} for people in crowds]
    questions = [
        Question(np.searchsorted(together, people.rows), np.column_stack(list(own.values())), people.partitions)
        for people, own in zip(crowds, columns, strict=True)
    ]
    found = exact_kernel(standardise(matrix[together]), questions)
    return [[_by_attribute(each, own) for each in draws] for draws, own in zip(found, columns, strict=True)]


def _by_attribute(settings: list[attackers.Scores], columns: Mapping[str, Floats]) -> dict[str, list[attackers.Scores]]:
    """The attributes' own columns of scores that hold those of all."""
    edges = np.cumsum([0, *(part.shape[1] for part in columns.values())])
    between = zip(columns, edges[:-1], edges[1:], strict=True)
    return {name: [scores[:, :, low:high] for scores in settings] for name, low, high in between}


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
    singles, combined = candidates(_settings(families), codes, classes, folds)
    chosen = {"strongest": choose([*singles, combined], folds), "combination": choose([combined], folds)}
    for family in families:
        own, singles = singles[: len(families[family])], singles[len(families[family]) :]
        if family != "linear":
            chosen[family] = choose(own, folds)
    judged: Judged = {name: _outer(candidate.scores, folds) for name, candidate in chosen.items()}
    judged |= {name: (judged[name][0], None) for name in UNPROVEN if name in judged}
    return judged | {"linear": _outer(families["linear"][0], folds)}


def strongest(families: Family, codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]) -> Candidate:
    """The headline alone: the whole nested procedure, without the rows beside it."""
    singles, combined = candidates(_settings(families), codes, classes, folds)
    return choose([*singles, combined], folds)


def _settings(families: Family) -> NDArray[np.float32]:
    """The scores of all settings of all families, settings × people × folds × columns."""
    return np.stack([scores for settings in families.values() for scores in settings])


def _outer(scores: NDArray[np.floating], folds: NDArray[np.int64]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    return scores[np.arange(len(scores)), folds], scores
