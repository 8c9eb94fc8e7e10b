"""What mitigation costs and whom: accuracy as things found, losses as the paired change, in `accuracy` and `groups`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.tradeoffs import payers, stands_out
from dashboard.wording.names import attribute_title, nouns
from dashboard.wording.numbers import of_100, percent, signed, signed_between

METRIC, K = "recall", 20
"""The accuracy pages speak of: of 100 things people chose next, how many stood in the top 20."""


@dataclass(frozen=True)
class Card:
    """One metric card: the figure, what it is compared with, and the exact definition."""

    value: str
    delta: str
    description: str
    help: str


def accuracy_kept(accuracy: pd.DataFrame, card: Mapping[str, Any]) -> Card:
    """How much of the base's accuracy is left."""
    base, mitigated = (_row(accuracy, model) for model in ("base", "mitigated"))
    many = nouns(card)[1]
    kept = mitigated["value"] / base["value"] if base["value"] > 0 else float("nan")
    before, after = of_100(base["value"]), of_100(mitigated["value"])
    intervals = " and ".join(f"{of_100(r['ci_low'])} to {of_100(r['ci_high'])}" for r in (base, mitigated))
    return Card(
        value=percent(kept) if kept == kept else "not known",
        delta=f"{before} → {after}",
        description=f"of 100 {many} found",
        help=(
            f"Of 100 {many} people chose next, {before} stood in their top {K} before mitigation and {after} after it "
            f"(recall at {K}; 95 % intervals {intervals}; {int(base['n_users']):,} people)."
        ),
    )


def who_pays(groups: pd.DataFrame, card: Mapping[str, Any]) -> Card:
    """The group that loses most, if any pays more than its share."""
    many = nouns(card)[1]
    found = payers(groups, METRIC, K)
    everyone = next(each for each in found if each.attribute == "")
    explained = f"Change in recall at {K}, person by person, in {many} found of 100; 95 % interval"
    mean = f"everyone {signed(100 * everyone.change)}"
    burdened = stands_out(found)
    if not burdened:
        return Card("No group", "", mean, f"No group surely loses more than everyone does. {explained}.")
    worst = burdened[0]  # payers come by loss
    interval = signed_between(100 * worst.low, 100 * worst.high)
    return Card(
        value=group_title(card, worst.attribute, worst.group),
        delta=f"{signed(100 * worst.change)} {many}",
        description=mean,
        help=f"{explained} {interval}; {worst.after.n:,} people in this group.",
    )


def accuracy_now(accuracy: pd.DataFrame, card: Mapping[str, Any]) -> Card:
    """What the recommender is worth as it is, where nothing was mitigated."""
    base, popularity = (_row(accuracy, model) for model in ("base", "popularity"))
    many = nouns(card)[1]
    return Card(
        value=f"{of_100(base['value'])} of 100",
        delta=f"{of_100(popularity['value'])} by popularity",
        description=f"{many} found",
        help=(
            f"Of 100 {many} people chose next, so many stood in their top {K} (recall at {K}; 95 % interval "
            f"{of_100(base['ci_low'])} to {of_100(base['ci_high'])}; {int(base['n_users']):,} people). "
            "Beside it: the most popular for everyone."
        ),
    )


def served_least(groups: pd.DataFrame, card: Mapping[str, Any]) -> Card:
    """The group the recommender serves least, where nothing was mitigated."""
    rows = groups[(groups["model"] == "base") & (groups["metric"] == METRIC) & (groups["k"] == K)]
    everyone = rows[rows["attribute"] == ""].iloc[0]
    worst = rows[(rows["attribute"] != "") & (rows["group"] != "gap")].sort_values("value").iloc[0]
    many = nouns(card)[1]
    return Card(
        value=group_title(card, str(worst["attribute"]), str(worst["group"])),
        delta=f"{of_100(worst['value'])} {many}",
        description=f"everyone {of_100(everyone['value'])}",
        help=(
            f"Recall at {K} in {many} found of 100; 95 % interval {of_100(worst['ci_low'])} to "
            f"{of_100(worst['ci_high'])}; {int(worst['n_users']):,} people in this group."
        ),
    )


def group_title(card: Mapping[str, Any], attribute: str, group: str) -> str:
    """A group by its own name where that says enough ("Women"), else with its attribute ("Age 25 to 39")."""
    alone = len(card.get("attributes", {}).get(attribute, {}).get("groups", ())) == 2
    return group[:1].upper() + group[1:] if alone else f"{attribute_title(card, attribute)} {group}"


def _row(accuracy: pd.DataFrame, model: str) -> pd.Series:
    rows = accuracy[(accuracy["model"] == model) & (accuracy["metric"] == METRIC) & (accuracy["k"] == K)]
    return rows.iloc[0]
