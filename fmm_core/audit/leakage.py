"""The leakage table: every representation, every attribute, every attacker of the panel, all and held-out people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from fmm_core.audit import logistic
from fmm_core.audit.crowds import People, crowds
from fmm_core.audit.intervals import NOTHING, Z95, Estimate, estimate, estimate_over_draws
from fmm_core.audit.panel import (
    DEAR_FAMILIES,
    FAMILIES,
    REDEALT,
    Judged,
    closed_form,
    judge,
    judged_draws,
    judged_in_full,
)
from fmm_core.audit.permutation import permutation_p_values, true_headlines
from fmm_core.audit.representations import Target, standardise
from fmm_core.audit.verdict import verdict
from fmm_core.data.dataset import Attribute
from fmm_core.types import Floats, Panel, Progress, silent

PERMUTED = ("user_vector",)
"""Representations whose headline's p-value is taken from permutations where those are asked for."""
ATTACKERS: Mapping[Panel, tuple[str, ...]] = {
    "fast": ("strongest", "combination", *FAMILIES, "logistic"),
    "full": ("strongest", "combination", *FAMILIES, *DEAR_FAMILIES, "logistic"),
}
FULLY_ATTACKED = ("user_vector", "item_mean", "top_k")
"""Representations that the panel *full* attacks whole."""
PROFILES = ("profile_raw", "profile_biased", "profile_filtered")
"""Of these the panel *full* attacks the one modality each attribute is read from best."""

Block = dict[str, list[dict[str, Any]]]
"""Rows of one target, by attribute."""


def leakage_table(
    targets: Sequence[Target],
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    *,
    eligible: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    panel: Panel = "fast",
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
    panel : "full" adds the exact kernel (up to 10,000 people) and a network, and averages over four draws of the folds,
        for the `FULLY_ATTACKED` and of each kind of profile the modality an attribute is read from best; the column
        `panel` says of every row which it was
    permutations : label tables drawn for the p-value of the row `strongest` of the `PERMUTED` representations; every
        other p-value, and all of them at 0, is the approximation of `intervals.estimate`. 200 for the record: 10 CPU s
        more for a two-class attribute of 943 people, 38 at 6040, some four times that for seven classes. It is the
        closed-form panel's in one partition, whichever `panel` the row's AUC is of
    """
    groups = list(crowds(attributes, users, eligible, held_out, seed))
    if panel == "full":
        groups = [people.dealt_again(REDEALT, seed) for people in groups]
    attack = _Attack(groups, tuple(attributes), permutations, seed)
    whole = [panel if target.representation in FULLY_ATTACKED else "fast" for target in targets]
    blocks: list[Block] = []
    with one_thread():
        steps = len(targets) + (panel == "full" and any(target.representation in PROFILES for target in targets))
        for done, (target, how) in enumerate(zip(targets, whole, strict=True), start=1):
            blocks.append(attack.block(target, how))
            progress(done, steps)
        if steps > len(targets):
            for place, names in _best_read(targets, blocks).items():
                blocks[place] |= attack.block(targets[place], "full", names)
            progress(steps, steps)
    return pd.DataFrame([row for block in blocks for rows in block.values() for row in rows])


def _best_read(targets: Sequence[Target], blocks: Sequence[Block]) -> dict[int, list[str]]:
    """Attributes by the place of the profile they are read from best, among each kind of profile."""
    headlines = [
        (abs(row["value"] - 0.5), row["attribute"], target.representation, place)
        for place, (target, block) in enumerate(zip(targets, blocks, strict=True))
        for rows in block.values()
        for row in rows
        if target.representation in PROFILES and _is_headline(row) and row["value"] == row["value"]
    ]
    best = {(attribute, kind): place for _, attribute, kind, place in sorted(headlines)}
    found: dict[int, list[str]] = {}
    for (attribute, _), place in best.items():
        found.setdefault(place, []).append(attribute)
    return found


def _is_headline(row: Mapping[str, Any]) -> bool:
    return bool(row["attacker"] == "strongest" and row["users"] == "all")


def one_thread() -> threadpool_limits:
    """Linear algebra on one thread: thousands of small solves spend more on waking threads than on the work."""
    return threadpool_limits(1, user_api="blas")


@dataclass(frozen=True)
class _Attack:
    """Whom to attack, the same for every target; attributes that none of `groups` has are silent."""

    groups: list[People]
    attributes: tuple[str, ...]
    permutations: int
    seed: int

    def block(self, target: Target, panel: Panel, names: Sequence[str] = ()) -> Block:
        """The rows of one target, of some attributes only or (none named) of all."""
        crowds = [people for each in self.groups if (people := each.asked(names or self.attributes)).names]
        block: Block = {}
        for people, found in zip(crowds, self._judged(target, crowds, panel), strict=True):
            block |= self._crowd(target, people, found)
        silent_ones = [] if names else [name for name in self.attributes if name not in block]
        block |= {name: list(_nothing(name, panel)) for name in silent_ones}
        place = {"representation": target.representation, "modality": target.modality, "phase": target.phase}
        return {name: [place | {"panel": panel} | row for row in rows] for name, rows in block.items()}

    def _judged(self, target: Target, crowds: list[People], panel: Panel) -> list[dict[str, list[Judged]]]:
        if panel == "full" and crowds:
            return judged_in_full(target.matrix, crowds, self.seed)
        return [judged_draws(standardise(target.matrix[people.rows]), people, self.seed) for people in crowds]

    def _crowd(self, target: Target, people: People, found: dict[str, list[Judged]]) -> Block:
        z = standardise(target.matrix[people.rows])
        block: Block = {}
        for name, draws in found.items():
            table = z if target.sparse is None else target.sparse[people.rows]
            plain = logistic.attack(table, people.codes[name], people.classes[name], people.folds)
            block[name] = [*_auc_rows(name, draws, plain, people), *_decision_rows(name, plain, people)]
        if self.permutations and target.representation in PERMUTED:
            _permute(block, z, people, self.permutations, self.seed)
        return block


def _permute(block: Block, z: Floats, people: People, count: int, seed: int) -> None:
    """Give the headlines of a block their p-values by permutation."""
    masks = judged_people(people)
    observed = true_headlines(z, people, masks, seed)
    p_values = permutation_p_values(z, people, observed, masks, count, seed)
    for row in (row for rows in block.values() for row in rows if row["attacker"] == "strongest"):
        row["p_value"] = p_values[row["attribute"], row["users"]]


def judged_people(people: People) -> dict[str, NDArray[np.bool_]]:
    """Whom every figure is given for, among the people of one crowd."""
    return {"all": np.ones(len(people.rows), bool), "held_out": people.held_out}


def _auc_rows(name: str, draws: list[Judged], plain: logistic.Decisions, people: People) -> Iterator[dict[str, Any]]:
    codes = people.codes[name]
    for who, mask in judged_people(people).items():
        found = {
            attacker: estimate_over_draws(
                [draw[attacker] for draw in draws], codes, people.partitions[: len(draws)], mask
            )
            for attacker in draws[0]
        }
        found["logistic"] = estimate(plain.scores, None, codes, people.folds, mask)
        linear_high = found["linear"].high
        for attacker, figure in found.items():
            says = verdict(figure.low, figure.high, linear_high=linear_high if attacker == "strongest" else None)
            yield _row(name, who, attacker, "auc", figure, 0.5) | {"verdict": says}


def _nothing(name: str, panel: Panel) -> Iterator[dict[str, Any]]:
    """An attribute of which no two groups are large enough among those attacked: said, not dropped."""
    for who in ("all", "held_out"):
        for attacker in ATTACKERS[panel]:
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
