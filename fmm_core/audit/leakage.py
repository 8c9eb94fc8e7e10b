"""The leakage table: every representation, every attribute, every attacker of the panel, all and held-out people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from fmm_core.audit import attackers, logistic
from fmm_core.audit.combination import Candidate, candidates, choose
from fmm_core.audit.folds import deal, landmarks
from fmm_core.audit.intervals import Estimate, estimate
from fmm_core.audit.representations import Target, standardise
from fmm_core.audit.verdict import verdict
from fmm_core.data.dataset import Attribute
from fmm_core.types import Floats, Progress, silent

FAMILIES = ("linear", "kernel", "discriminant")
PEOPLE_PER_LANDMARK = 2


@dataclass(frozen=True)
class People:
    """Who is attacked, and on which of their attributes: those who disclosed all of `names`."""

    names: tuple[str, ...]
    rows: NDArray[np.int64]
    users: NDArray[np.str_]
    codes: Mapping[str, NDArray[np.int16]]
    classes: Mapping[str, int]
    folds: NDArray[np.int64]
    held_out: NDArray[np.bool_]


def leakage_table(
    targets: Sequence[Target],
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    *,
    eligible: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    panel: str = "fast",
    seed: int = 0,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Attack every target; rows as in contract C4's `audit/leakage.csv`.

    Parameters
    ----------
    attributes : with small groups merged; people with code −1 are left out of that attribute
    eligible : people with training interactions
    held_out : people on whom no choice was made; judged by the same out-of-fold scores, separately
    """
    crowds = list(_crowds(attributes, users, eligible, held_out, seed))
    rows: list[dict[str, Any]] = []
    with one_thread():
        for done, target in enumerate(targets, start=1):
            for crowd in crowds:
                names = {"representation": target.representation, "modality": target.modality, "phase": target.phase}
                rows += [names | {"panel": panel} | row for row in _attack(target, crowd, seed)]
            progress(done, len(targets))
    return pd.DataFrame(rows)


def one_thread() -> threadpool_limits:
    """Linear algebra on one thread: thousands of small solves spend more on waking threads than on the work."""
    return threadpool_limits(1, user_api="blas")


def _crowds(
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    eligible: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    seed: int,
) -> Iterator[People]:
    """Attributes disclosed by the same people share folds and factorisations."""
    by_mask: dict[bytes, list[str]] = {}
    for name, attribute in attributes.items():
        by_mask.setdefault((eligible & (attribute.codes >= 0)).tobytes(), []).append(name)
    for mask, names in by_mask.items():
        rows = np.flatnonzero(np.frombuffer(mask, bool))
        codes = {name: attributes[name].codes[rows] for name in names}
        classes = {name: len(attributes[name].groups) for name in names}
        folds = deal(users[rows], list(codes.values()), seed)
        yield People(tuple(names), rows, users[rows], codes, classes, folds, held_out[rows])


def _attack(target: Target, people: People, seed: int) -> Iterator[dict[str, Any]]:
    z = standardise(target.matrix[people.rows])
    families = _closed_form(z, people, seed)
    for name in people.names:
        code, classes = people.codes[name], people.classes[name]
        judged = _judge_panel(families[name], code, classes, people.folds)
        table = z if target.sparse is None else target.sparse[people.rows]
        plain = logistic.attack(table, code, classes, people.folds)
        judged["logistic"] = (plain.scores, None)
        yield from _auc_rows(name, judged, people)
        yield from _decision_rows(name, plain, people)


def _closed_form(z: Floats, people: People, seed: int) -> dict[str, dict[str, list[attackers.Scores]]]:
    """Per attribute and family, the scores of every setting."""
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


Judged = dict[str, tuple[NDArray[np.floating], NDArray[np.floating] | None]]


def _judge_panel(
    families: Mapping[str, list[attackers.Scores]], codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]
) -> Judged:
    """Outer and retrained scores of the row `strongest`, the combination, and every family's own choice."""
    settings = np.stack([scores for family in FAMILIES for scores in families[family]])
    singles, combined = candidates(settings, codes, classes, folds)
    of_family: dict[str, list[Candidate]] = {}
    for family in FAMILIES:
        count = len(families[family])
        of_family[family], singles = singles[:count], singles[count:]
    every = [candidate for family in FAMILIES for candidate in of_family[family]]
    chosen = {"strongest": choose([*every, combined], folds), "combination": choose([combined], folds)}
    chosen |= {family: choose(of_family[family], folds) for family in FAMILIES if family != "linear"}
    chosen["linear"] = of_family["linear"][0]  # two-sided as it is: below ½ means over-corrected
    own = np.arange(len(codes)), folds
    return {name: (candidate.scores[own], candidate.scores) for name, candidate in chosen.items()}


def _auc_rows(name: str, judged: Judged, people: People) -> Iterator[dict[str, Any]]:
    everyone = np.ones(len(people.rows), bool)
    for who, mask in (("all", everyone), ("held_out", people.held_out)):
        found = {
            attacker: estimate(scores, retrained, people.codes[name], people.folds, mask)
            for attacker, (scores, retrained) in judged.items()
        }
        linear_high = found["linear"].high
        for attacker, figure in found.items():
            says = verdict(figure.low, figure.high, linear_high=linear_high if attacker == "strongest" else None)
            yield _row(name, people, who, attacker, "auc", figure, 0.5) | {"verdict": says}


def _row(
    name: str, people: People, who: str, attacker: str, metric: str, figure: Estimate, chance: float
) -> dict[str, Any]:
    return {
        "attribute": name,
        "classes": people.classes[name],
        "users": who,
        "attacker": attacker,
        "metric": metric,
        "value": figure.value,
        "ci_low": figure.low,
        "ci_high": figure.high,
        "chance": chance,
        "p_value": figure.p_value,
        "verdict": "",
        "n_users": figure.n,
    }


def _decision_rows(name: str, plain: logistic.Decisions, people: People) -> Iterator[dict[str, Any]]:
    """Balanced accuracy and accuracy of the plain attacker's answers, with normal intervals over people."""
    codes, classes = people.codes[name], people.classes[name]
    right = plain.answers == codes
    shares = np.array([right[codes == label].mean() for label in range(classes)])
    counts = np.bincount(codes, minlength=classes)
    balanced = _proportion(shares.mean(), np.sqrt((shares * (1 - shares) / counts).sum()) / classes, len(codes))
    accuracy = _proportion(right.mean(), np.sqrt(right.mean() * (1 - right.mean()) / len(codes)), len(codes))
    yield _row(name, people, "all", "logistic", "balanced_accuracy", balanced, 1 / classes)
    yield _row(name, people, "all", "logistic", "accuracy", accuracy, counts.max() / len(codes))


def _proportion(value: float, error: float, n: int) -> Estimate:
    return Estimate(float(value), float(max(value - 1.96 * error, 0)), float(min(value + 1.96 * error, 1)), np.nan, n)


def validation_attack(
    vectors: Floats,
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    selection: NDArray[np.bool_],
    seed: int,
) -> dict[str, float]:
    """AUC of the strongest closed-form attacker per attribute, on the selection users only: for tuning."""
    found = {}
    with one_thread():
        for people in _crowds(attributes, users, selection, np.zeros(len(users), bool), seed):
            families = _closed_form(standardise(vectors[people.rows]), people, seed)
            everyone = np.ones(len(people.rows), bool)
            for name in people.names:
                judged = _judge_panel(families[name], people.codes[name], people.classes[name], people.folds)
                found[name] = estimate(*judged["strongest"], people.codes[name], people.folds, everyone).value
    return found
