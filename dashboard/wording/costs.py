"""What mitigation costs and whom: accuracy as things found, losses as the paired change, in `accuracy` and `groups`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.tradeoffs import payers, stands_out
from dashboard.wording.names import attribute_title, nouns
from dashboard.wording.numbers import of_100, people, percent, signed, signed_between
from fmm_core.runs.tables import CROSS, of_groups

METRIC, K = "recall", 20
"""The accuracy pages speak of: of 100 things people chose next, how many stood in the top 20."""


CROSSED = "Where two attributes meet"
CROSSED_NOTE = (
    "Two groups may each be served well and the people in both be served badly. Small groups come with wide margins; "
    "the more groups, the more likely one looks bad by chance."
)
CROSSING = "Attributes"
SHOWN = "What people are shown"
SHOWN_NOTE = (
    "Whole lists, hit or miss. The part of all {items} that is shown, and how unevenly, depend on how many lists there "
    "are: compare before with after, not a large group with a small one."
)
SHOWN_TO = "Shown to"
STAR = "\\*: the change is sure by itself. Among many figures one or two are so by chance."

EXPOSURES: dict[str, str] = {
    "popular_share": "popular, of 100",
    "favourite_share": "own favourite kind, of 100",
    "calibration": "away from own mix",
    "coverage": "shown at all, of 100",
    "gini": "unevenness, 0 to 100",
}
"""What stands above the columns of the table of exposure, in its order."""

_READINGS: dict[str, str] = {
    "popular_share": "Of 100 recommended {items} {before} were among the most popular fifth",
    "favourite_share": "Of 100 recommended {items} {before} were of the kind their person had chosen most",
    "calibration": "Distance of a list's mix of kinds from its person's own mix (0: the same; at most 4.61): {before}",
    "coverage": "Of 100 {items} there are, {before} stood in somebody's list",
    "gini": "Unevenness (Gini; 0: every {item} in as many lists, 100: one {item} for everybody): {before}",
}
"""One sentence a figure; where something was mitigated, it goes on "before and … after"."""


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
    single = of_groups(rows)
    worst = single[single["attribute"] != ""].sort_values("value").iloc[0]
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


def exposure_readings(exposure: pd.DataFrame, k: int, card: Mapping[str, Any], mitigated: bool) -> list[str]:
    """One sentence for every figure of everyone's lists of length `k`."""
    rows = exposure[(exposure["attribute"] == "") & (exposure["k"] == k)].set_index(["model", "metric"])["value"]
    item, items = nouns(card)
    found = []
    for metric in (each for each in EXPOSURES if ("base", each) in rows.index):
        before, after = (exposure_figure(metric, rows[model, metric]) for model in ("base", "mitigated"))
        sentence = _READINGS[metric].format(item=item, items=items, before=before)
        found.append(f"{sentence} before and {after} after." if mitigated else f"{sentence}.")
    return found


def exposure_figure(metric: str, value: float) -> str:
    """A figure of exposure as it is printed: of 100, and the distance of two mixes as it is."""
    if value != value:
        return "not known"
    return f"{value:.2f}" if metric == "calibration" else of_100(value, 0)


def exposure_rows(exposure: pd.DataFrame, k: int, attribute: str, mitigated: bool) -> pd.DataFrame:
    """Everyone and the groups of one attribute, each figure before → after, a change that is sure with a star."""
    rows = of_groups(exposure[(exposure["k"] == k) & exposure["attribute"].isin(["", attribute])])
    base = rows[rows["model"] == "base"].set_index(["attribute", "group", "metric"])
    after = rows[rows["model"] == "mitigated"].set_index(["attribute", "group", "metric"])
    found: dict[str, dict[str, str]] = {}
    for key in base.index:
        _, group, metric = key
        line = found.setdefault(str(group), {"group": str(group)})
        line[EXPOSURES[metric]] = _before_after(metric, base.loc[key], after.loc[key], mitigated)
        line["people"] = f"{int(base.loc[key, 'n_users']):,}"
    columns = ["group", "people", *EXPOSURES.values()]
    table = pd.DataFrame(found.values())
    return table[[column for column in columns if column in table]]


def _before_after(metric: str, before: pd.Series, after: pd.Series, mitigated: bool) -> str:
    first = exposure_figure(metric, before["value"])
    if not mitigated:
        return first
    sure = after["pd_low"] > 0 or after["pd_high"] < 0
    return f"{first} → {exposure_figure(metric, after['value'])}{' *' if sure else ''}"


def crossing_title(card: Mapping[str, Any], crossing: str) -> str:
    """Two attributes by their titles: ``Gender × Age``."""
    return CROSS.join(attribute_title(card, name) for name in crossing.split(CROSS))


def crossing_reading(groups: pd.DataFrame, crossing: str, metric: str, k: int, mitigated: bool) -> str:
    """Who is served best and least where two attributes meet, and how the two compare before and after."""
    rows = groups[(groups["attribute"] == crossing) & (groups["metric"] == metric) & (groups["k"] == k)]
    now = rows[rows["model"] == ("mitigated" if mitigated else "base")]
    real = of_groups(now, crossing).sort_values("value")
    least, best = real.iloc[0], real.iloc[-1]
    ratio = {row.model: row.value for row in rows[rows["group"] == "ratio"].itertuples()}
    share = ratio["mitigated" if mitigated else "base"]
    sentence = f"Served least: {least['group']} ({of_100(least['value'])} of 100); best: {best['group']} "
    sentence += f"({of_100(best['value'])}). "
    if share != share:
        return sentence.strip()
    sentence += f"The least served reach {percent(share)} of the best served"
    return f"{sentence}, and {percent(ratio['base'])} before mitigation." if mitigated else f"{sentence}."


def left_out(number: int) -> str:
    """How many people are in groups too small to judge; "" if none."""
    verb = "is" if number == 1 else "are"
    return f"{people(number)} {verb} in groups of fewer than 20 and left out." if number else ""


def not_drawn(number: int) -> str:
    """How many groups are only in the exact figures; "" if none."""
    verb = "stands" if number == 1 else "stand"
    return f"{number} more {'group' if number == 1 else 'groups'} {verb} in the exact figures." if number else ""


def _row(accuracy: pd.DataFrame, model: str) -> pd.Series:
    rows = accuracy[(accuracy["model"] == model) & (accuracy["metric"] == METRIC) & (accuracy["k"] == K)]
    return rows.iloc[0]
