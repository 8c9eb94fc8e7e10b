"""The leakage table: every representation, every attribute, every attacker of the panel, all and held-out people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from fmm_core.audit import logistic
from fmm_core.audit.crowds import People, crowds
from fmm_core.audit.intervals import NOTHING, Z95, Estimate, estimate
from fmm_core.audit.panel import FAMILIES, Judged, closed_form, judge
from fmm_core.audit.permutation import permutation_p_values
from fmm_core.audit.representations import Target, standardise
from fmm_core.audit.verdict import verdict
from fmm_core.data.dataset import Attribute
from fmm_core.types import Floats, Progress, silent

PERMUTED = ("user_vector",)
"""Representations whose headline's p-value is taken from permutations where those are asked for."""
ATTACKERS = ("strongest", "combination", *FAMILIES, "logistic")


def leakage_table(
    targets: Sequence[Target],
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    *,
    eligible: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    panel: str = "fast",
    permutations: int = 0,
    seed: int = 0,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Attack every target; rows as in contract C4's `audit/leakage.csv`.

    Parameters
    ----------
    attributes : with small groups merged; people with code −1 are left out of that attribute
    eligible : people with training interactions
    held_out : people on whom no choice was made; judged by the same out-of-fold scores, separately
    permutations : label tables drawn for the p-value of the row `strongest` of the `PERMUTED` representations; every
        other p-value, and all of them at 0, is the approximation of `intervals.estimate`. 200 for the record: 10 CPU s
        more for a two-class attribute of 943 people, 38 at 6040, some four times that for seven classes
    """
    groups = list(crowds(attributes, users, eligible, held_out, seed))
    silenced = set(attributes) - {name for people in groups for name in people.names}
    rows: list[dict[str, Any]] = []
    with one_thread():
        for done, target in enumerate(targets, start=1):
            names = {"representation": target.representation, "modality": target.modality, "phase": target.phase}
            found = [row for people in groups for row in _attack(target, people, permutations, seed)]
            found += [row for name in attributes if name in silenced for row in _nothing(name)]
            rows += [names | {"panel": panel} | row for row in found]
            progress(done, len(targets))
    return pd.DataFrame(rows)


def one_thread() -> threadpool_limits:
    """Linear algebra on one thread: thousands of small solves spend more on waking threads than on the work."""
    return threadpool_limits(1, user_api="blas")


def _attack(target: Target, people: People, permutations: int, seed: int) -> Iterator[dict[str, Any]]:
    z = standardise(target.matrix[people.rows])
    families = closed_form(z, people, seed)
    rows: list[dict[str, Any]] = []
    for name in people.names:
        code, classes = people.codes[name], people.classes[name]
        judged = judge(families.pop(name), code, classes, people.folds)
        table = z if target.sparse is None else target.sparse[people.rows]
        plain = logistic.attack(table, code, classes, people.folds)
        judged["logistic"] = (plain.scores, None)
        rows += [*_auc_rows(name, judged, people), *_decision_rows(name, plain, people)]
    if permutations and target.representation in PERMUTED:
        _permute(rows, z, people, permutations, seed)
    yield from rows


def _permute(rows: list[dict[str, Any]], z: Floats, people: People, count: int, seed: int) -> None:
    """Give the headlines among `rows` their p-values by permutation."""
    headlines = {(row["attribute"], row["users"]): row for row in rows if row["attacker"] == "strongest"}
    observed = {key: row["value"] for key, row in headlines.items()}
    for key, p_value in permutation_p_values(z, people, observed, judged_people(people), count, seed).items():
        headlines[key]["p_value"] = p_value


def judged_people(people: People) -> dict[str, NDArray[np.bool_]]:
    """Whom every figure is given for, among the people of one crowd."""
    return {"all": np.ones(len(people.rows), bool), "held_out": people.held_out}


def _auc_rows(name: str, judged: Judged, people: People) -> Iterator[dict[str, Any]]:
    for who, mask in judged_people(people).items():
        found = {
            attacker: estimate(scores, retrained, people.codes[name], people.folds, mask)
            for attacker, (scores, retrained) in judged.items()
        }
        linear_high = found["linear"].high
        for attacker, figure in found.items():
            says = verdict(figure.low, figure.high, linear_high=linear_high if attacker == "strongest" else None)
            yield _row(name, who, attacker, "auc", figure, 0.5) | {"verdict": says}


def _nothing(name: str) -> Iterator[dict[str, Any]]:
    """An attribute of which no two groups are large enough among those attacked: said, not dropped."""
    for who in ("all", "held_out"):
        for attacker in ATTACKERS:
            yield _row(name, who, attacker, "auc", NOTHING, 0.5) | {"verdict": verdict(NOTHING.low, NOTHING.high)}


def _row(name: str, who: str, attacker: str, metric: str, figure: Estimate, chance: float) -> dict[str, Any]:
    return {
        "attribute": name,
        "classes": figure.classes,
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
    codes, classes, n = people.codes[name], people.classes[name], len(people.rows)
    right = plain.answers == codes
    shares = np.array([right[codes == label].mean() for label in range(classes)])
    counts = np.bincount(codes, minlength=classes)
    errors = np.sqrt((shares * (1 - shares) / counts).sum()) / classes, np.sqrt(right.mean() * (1 - right.mean()) / n)
    balanced, accuracy = (
        _proportion(shares.mean(), errors[0], n, classes),
        _proportion(right.mean(), errors[1], n, classes),
    )
    yield _row(name, "all", "logistic", "balanced_accuracy", balanced, 1 / classes)
    yield _row(name, "all", "logistic", "accuracy", accuracy, counts.max() / n)


def _proportion(value: float, error: float, n: int, classes: int) -> Estimate:
    low, high = max(value - Z95 * error, 0.0), min(value + Z95 * error, 1.0)
    return Estimate(float(value), float(low), float(high), np.nan, n, classes)


def validation_attack(
    vectors: Floats,
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    selection: NDArray[np.bool_],
    seed: int,
) -> dict[str, float]:
    """AUC of the strongest closed-form attacker per attribute, on the selection users only: for tuning.

    An attribute of which no two groups are large enough among them reads ½: it gives nothing to tune on.
    """
    found = dict.fromkeys(attributes, 0.5)
    with one_thread():
        for people in crowds(attributes, users, selection, np.zeros(len(users), bool), seed):
            families = closed_form(standardise(vectors[people.rows]), people, seed)
            everyone = np.ones(len(people.rows), bool)
            for name in people.names:
                judged = judge(families[name], people.codes[name], people.classes[name], people.folds)
                found[name] = estimate(*judged["strongest"], people.codes[name], people.folds, everyone).value
    return found
