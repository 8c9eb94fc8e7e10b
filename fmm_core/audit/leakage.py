"""The leakage table: every representation, every attribute, every attacker of the panel, all and held-out people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from fmm_core.audit import logistic, overcorrection
from fmm_core.audit.crowds import People, crowds
from fmm_core.audit.extras import Classifier, out_of_fold
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
from fmm_core.audit.undisclosed import undisclosed_estimates
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

MITIGATED = ("user_vector", "after")
"""Representation and phase of which over-correction is followed up."""
LINEAR_KNOWS = 80
"""Percent of the labels that an attacker of five folds knows."""

Block = dict[str, list[dict[str, Any]]]
"""Rows of one target, by attribute."""


def leakage_table(
    targets: Sequence[Target],
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    *,
    eligible: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    disclosed: NDArray[np.bool_] | None = None,
    panel: Panel = "fast",
    permutations: int = 0,
    extra: Mapping[str, Classifier] | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Attack every target; rows as in contract C4's `audit/leakage.csv`.

    Parameters
    ----------
    attributes : with small groups merged; people with code −1 are left out of that attribute
    eligible : people with training interactions
    held_out : people on whom no choice was made; judged by the same out-of-fold scores, separately
    disclosed : people whose labels the mitigation saw; None: everybody's. *all* and *held_out* are then among these, as
        if there were no others, and rows *undisclosed* judge the others by attackers that learned from these
    panel : "full" adds the exact kernel (up to 10,000 people) and a network, and averages over four draws of the folds,
        for the `FULLY_ATTACKED` and of each kind of profile the modality an attribute is read from best; the column
        `panel` says of every row which it was
    permutations : label tables drawn for the p-value of the row `strongest` of the `PERMUTED` representations; every
        other p-value, and all of them at 0, is the approximation of `intervals.estimate`. 200 for the record: 10 CPU s
        more for a two-class attribute of 943 people, 38 at 6040, some four times that for seven classes. It is the
        closed-form panel's in one partition, whichever `panel` the row's AUC is of. `p_max_t` is its max-T over the
        attributes, times the crowds that they are spread over
    extra : further attackers by name, each in rows of its own, no part of any choice
    """
    groups = list(crowds(attributes, users, eligible, held_out, seed, disclosed))
    if panel == "full":
        groups = [people.dealt_again(REDEALT, seed) for people in groups]
    unseen = disclosed is not None and bool((eligible & ~disclosed).any())
    attack = _Attack(groups, tuple(attributes), permutations, extra or {}, unseen, seed)
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
    extra: Mapping[str, Classifier]
    unseen: bool
    seed: int

    def block(self, target: Target, panel: Panel, names: Sequence[str] = ()) -> Block:
        """The rows of one target, of some attributes only or (none named) of all."""
        crowds = [people for each in self.groups if (people := each.asked(names or self.attributes)).names]
        block: Block = {}
        for people, found in zip(crowds, self._judged(target, crowds, panel), strict=True):
            block |= self._crowd(target, people, found)
        silent_ones = [] if names else [name for name in self.attributes if name not in block]
        block |= {name: list(self._nothing(name, panel)) for name in silent_ones}
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
            beside = {"logistic": plain.scores} | self._extra(name, z, people)
            block[name] = [*_auc_rows(name, draws, beside, people), *_decision_rows(name, plain, people)]
        if self.permutations and target.representation in PERMUTED:
            self._permute(block, z, people)
        if (target.representation, target.phase) == MITIGATED:
            for name in people.names:
                block[name] += _share_rows(name, block[name], z, people, self.seed)
        if self.unseen:
            figures = undisclosed_estimates(target.matrix, target.sparse, people, self.seed)
            for name, estimates in figures.items():
                block[name] += [{"panel": "fast"} | row for row in _figure_rows(name, "undisclosed", estimates)]
        return block

    def _extra(self, name: str, z: Floats, people: People) -> dict[str, Floats]:
        codes, classes = people.codes[name], people.classes[name]
        return {key: out_of_fold(attacker, z, codes, classes, people.folds) for key, attacker in self.extra.items()}

    def _permute(self, block: Block, z: Floats, people: People) -> None:
        """Give the headlines of a block their p-values by permutation."""
        masks = judged_people(people)
        observed = true_headlines(z, people, masks, self.seed)
        found = permutation_p_values(z, people, observed, masks, self.permutations, self.seed)
        for row in (row for rows in block.values() for row in rows if row["attacker"] == "strongest"):
            mine = found[row["attribute"], row["users"]]
            row["p_value"], row["p_max_t"] = mine.p_value, min(len(self.groups) * mine.max_t, 1.0)

    def _nothing(self, name: str, panel: Panel) -> Iterator[dict[str, Any]]:
        """An attribute of which no two groups are large enough among those attacked: said, not dropped."""
        for who in ("all", "held_out"):
            yield from _figure_rows(name, who, dict.fromkeys((*ATTACKERS[panel], *self.extra), NOTHING))
        if self.unseen:
            rows = _figure_rows(name, "undisclosed", dict.fromkeys(ATTACKERS["fast"], NOTHING))
            yield from ({"panel": "fast"} | row for row in rows)


def judged_people(people: People) -> dict[str, NDArray[np.bool_]]:
    """Whom every figure is given for, among the people of one crowd."""
    return {"all": np.ones(len(people.rows), bool), "held_out": people.held_out}


def _auc_rows(name: str, draws: list[Judged], beside: Mapping[str, Floats], people: People) -> Iterator[dict[str, Any]]:
    codes = people.codes[name]
    for who, mask in judged_people(people).items():
        found = {
            attacker: estimate_over_draws(
                [draw[attacker] for draw in draws], codes, people.partitions[: len(draws)], mask
            )
            for attacker in draws[0]
        }
        found |= {attacker: estimate(scores, None, codes, people.folds, mask) for attacker, scores in beside.items()}
        yield from _figure_rows(name, who, found)


def _figure_rows(name: str, who: str, found: Mapping[str, Estimate]) -> Iterator[dict[str, Any]]:
    """A row per attacker; the headline's verdict also heeds the plain linear one."""
    linear_high = found["linear"].high
    for attacker, figure in found.items():
        says = verdict(figure.low, figure.high, linear_high=linear_high if attacker == "strongest" else None)
        yield _row(name, who, attacker, "auc", figure, 0.5) | {"verdict": says}


def _share_rows(
    name: str, rows: Sequence[dict[str, Any]], z: Floats, people: People, seed: int
) -> Iterator[dict[str, Any]]:
    """Where the plain linear attacker is wrong too often: how much so by the share of labels it knows.

    `linear_50` and `linear_90` beside the row `linear`, which knows 80 %; `matched_50` … `matched_90` hold the value
    that groups which match exactly would have, and no interval.
    """
    linear = next(row for row in rows if row["attacker"] == "linear" and row["users"] == "all")
    if not linear["ci_high"] < 0.5:
        return
    for known in overcorrection.by_share(z, people.codes[name], people.users, seed):
        figure = known.figure
        if known.percent != LINEAR_KNOWS:
            says = verdict(figure.low, figure.high)
            yield _row(name, "all", f"linear_{known.percent}", "auc", figure, 0.5) | {"verdict": says}
        exact = Estimate(known.matched, np.nan, np.nan, np.nan, figure.n, figure.classes)
        yield _row(name, "all", f"matched_{known.percent}", "auc", exact, 0.5)


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
