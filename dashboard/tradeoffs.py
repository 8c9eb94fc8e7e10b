"""From finished runs to points of a trade-off: accuracy kept against the strongest attack. No streamlit."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol, TypeVar

import pandas as pd

from dashboard.findings import Figure, aucs
from fmm_core.runs.config import RunConfig
from fmm_core.runs.tables import of_groups

NONE = "none"
ALL = "all"
"""The choice "all attributes at once": the worst of them counts."""


@dataclass(frozen=True)
class Line:
    """What the settings have in common that a line may join: only their weights differ.

    Attributes
    ----------
    protected : names of the attributes with a weight above 0
    made : "" for a base like the opened run's, else what it was made with
    variant : "" for the method as its preset has it, else what differs
    """

    method: str
    protected: tuple[str, ...] = ()
    made: str = ""
    variant: str = ""


@dataclass(frozen=True)
class Point:
    """One run: its method and weights, the share of Recall@20 it kept, and the strongest attack per attribute."""

    run_id: str
    method: str
    weights: tuple[tuple[str, float], ...]
    seed: int
    kept: float
    attacks: Mapping[str, Figure]
    made: str = ""
    variant: str = ""

    @property
    def line(self) -> Line:
        """The line it stands on."""
        return Line(self.method, tuple(name for name, _ in self.weights), self.made, self.variant)

    def attack(self, attribute: str) -> Figure:
        """The attack on one attribute, or the worst of all."""
        if attribute != ALL:
            return self.attacks[attribute]
        return max(self.attacks.values(), key=lambda figure: figure.strength)


@dataclass(frozen=True)
class Setting:
    """All seeds of one method and weights, averaged.

    Attributes
    ----------
    kept : mean share of accuracy kept, 1 = all
    attack : mean of the folded AUC: |AUC − ½| + ½
    below : whether the mean AUC lies below ½
    seeds : the same two figures of every seed
    """

    points: tuple[Point, ...]
    seeds: tuple[tuple[float, float], ...]
    kept: float
    attack: float
    below: bool

    @property
    def line(self) -> Line:
        """The line all its runs share."""
        return self.points[0].line

    @property
    def method(self) -> str:
        """The method all its runs share."""
        return self.line.method

    @property
    def made(self) -> str:
        """What all its runs were made with, if not like the opened one."""
        return self.line.made

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights all its runs share, one an attribute; nothing for no mitigation."""
        return tuple(weight for _, weight in self.points[0].weights)


@dataclass(frozen=True)
class Hidden:
    """How many finished runs were left out, each counted under its first reason."""

    data: int = 0
    split: int = 0
    audit: int = 0
    model: int = 0
    """Another recommender, other settings of it, or other modalities: shown when the reader widens."""
    accuracy: int = 0
    """Audits of files: they have none."""


def comparable(
    opened: RunConfig, others: Sequence[tuple[str, RunConfig]], wide: bool = False
) -> tuple[list[str], Hidden]:
    """Ids of the runs that may stand on one figure with the opened one, and how many may not, by reason.

    Method, weights and seed are free. Data, splits and what is attacked must be equal; so must the recommender and its
    modalities, unless `wide`.
    """
    reasons = {run_id: _reason(opened, config) for run_id, config in others}
    allowed = ("", "model") if wide else ("",)
    counts = Counter(reason for reason in reasons.values() if reason not in allowed)
    return [run_id for run_id, reason in reasons.items() if reason in allowed], Hidden(**counts)


def _reason(opened: RunConfig, other: RunConfig) -> str:
    """Why a run can't stand beside the opened one, as a field of `Hidden`; "" if it can."""
    if other.fingerprint != opened.fingerprint:
        return "data"
    if (other.split_seed, other.user_split_seed) != (opened.split_seed, opened.user_split_seed):
        return "split"
    if _audited(other) != _audited(opened):
        return "audit"
    return "" if same_model(opened, other) else "model"


def _audited(config: RunConfig) -> tuple[object, ...]:
    """What was attacked by whom, and on whom the mitigation could be seen."""
    return config.panel, config.attributes, config.disclosed


def same_model(opened: RunConfig, other: RunConfig) -> bool:
    """Whether both runs train the same recommender on the same modalities."""
    return (other.recommender, other.modalities) == (opened.recommender, opened.modalities)


def line(config: RunConfig, made: str = "", variant: str = "") -> Line:
    """The line a run stands on; a run that mitigates nothing is called "none", whatever its method."""
    protected = tuple(config.active_weights) if config.mitigation.name != NONE else ()
    return Line(config.mitigation.name, protected, made, variant) if protected else Line(NONE, made=made)


def point(run_id: str, config: RunConfig, leakage: pd.DataFrame, accuracy: pd.DataFrame, users: str, on: Line) -> Point:
    """Read one run's tables; it stands on the line `on`."""
    recall = accuracy[(accuracy["metric"] == "recall") & (accuracy["k"] == 20)].set_index("model")["value"]
    table = aucs(leakage, users)
    attacks = {key[0]: figure for key, figure in table.items() if key[1:] == ("user_vector", "", "after", "strongest")}
    weights = tuple((name, config.active_weights[name]) for name in on.protected)
    kept = float(recall["mitigated"] / recall["base"])
    return Point(run_id, on.method, weights, config.seed, kept, attacks, on.made, on.variant)


def settings(points: Sequence[Point], attribute: str) -> list[Setting]:
    """Average the seeds of equal settings; no mitigation first, then by line and weight.

    A run of the same seed that stands twice counts once.
    """
    grouped: dict[tuple[Line, tuple[tuple[str, float], ...]], dict[int, Point]] = {}
    for each in points:
        grouped.setdefault((each.line, each.weights), {})[each.seed] = each
    found = [_average(tuple(seeds.values()), attribute) for seeds in grouped.values()]
    return sorted(found, key=_order)


def _order(setting: Setting) -> tuple[Any, ...]:
    on = setting.line
    return on.made, on.method != NONE, on.method, on.variant, on.protected, sum(setting.weights), setting.weights


def lines(found: Sequence[Setting]) -> list[list[Setting]]:
    """The settings line by line, in the order given."""
    grouped: dict[Line, list[Setting]] = {}
    for each in found:
        grouped.setdefault(each.line, []).append(each)
    return list(grouped.values())


def _average(points: tuple[Point, ...], attribute: str) -> Setting:
    figures = [each.attack(attribute) for each in points]
    count = len(points)
    return Setting(
        points=points,
        seeds=tuple((each.kept, 0.5 + figure.strength) for each, figure in zip(points, figures, strict=True)),
        kept=sum(each.kept for each in points) / count,
        attack=0.5 + sum(figure.strength for figure in figures) / count,
        below=sum(figure.value for figure in figures) / count < 0.5,
    )


def front(found: Sequence[Setting]) -> list[Setting]:
    """The settings no other beats on both counts, from most to least accuracy kept."""
    best: list[Setting] = []
    for each in sorted(found, key=lambda one: (-one.kept, one.attack)):
        if not best or each.attack < best[-1].attack:
            best.append(each)
    return best


def knee(found: Sequence[Setting]) -> Setting | None:
    """The best bargain: the setting of the front farthest from the straight line between its two ends.

    Both axes are scaled to the front's own range first. None for fewer than three settings.
    """
    line = front(found)
    if len(line) < 3:
        return None
    first, last = line[0], line[-1]
    width, height = first.kept - last.kept, first.attack - last.attack
    if width <= 0 or height <= 0:
        return None
    gain = {id(each): (first.attack - each.attack) / height - (first.kept - each.kept) / width for each in line}
    best = max(line, key=lambda each: gain[id(each)])
    return best if gain[id(best)] > 0 else None


def meets(setting: Setting, lose: float, right: float) -> bool:
    """Whether a setting loses at most `lose` of accuracy and is attacked with an AUC of at most `right`."""
    return setting.kept >= 1 - lose and setting.attack <= right


def nearest(found: Sequence[Setting], lose: float, right: float) -> Setting:
    """The setting that misses the two limits by least, both misses added up."""
    return min(found, key=lambda each: max(1 - lose - each.kept, 0) + max(each.attack - right, 0))


class Changed(Protocol):
    """A group whose accuracy changed; the empty attribute is everyone's."""

    @property
    def attribute(self) -> str: ...
    @property
    def change(self) -> float: ...
    @property
    def high(self) -> float: ...


Group = TypeVar("Group", bound=Changed)


@dataclass(frozen=True)
class Payer:
    """One group's accuracy before and after with their intervals, and the paired change with its own."""

    attribute: str
    group: str
    before: Figure
    after: Figure
    change: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval of the change excludes 0 from below: a loss that is there."""
        return self.high < 0


def measured(groups: pd.DataFrame, known: Iterable[str]) -> list[str]:
    """The metrics, of those known, that a run's table holds."""
    there = set(groups["metric"])
    return [metric for metric in known if metric in there]


def payers(groups: pd.DataFrame, metric: str, k: int, crossing: str = "") -> list[Payer]:
    """Everyone first, then every group by loss; of the single attributes, or of two crossed."""
    rows = of_groups(groups, crossing)
    rows = rows[(rows["metric"] == metric) & (rows["k"] == k)]
    before = {(row.attribute, row.group): _accuracy(row) for row in rows[rows["model"] == "base"].itertuples()}
    found = [
        Payer(
            row.attribute, row.group, before[row.attribute, row.group], _accuracy(row),
            float(row.paired_difference), float(row.pd_low), float(row.pd_high),
        )
        for row in rows[rows["model"] == "mitigated"].itertuples()
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.attribute != "", each.change))


def stands_out(found: Sequence[Group]) -> list[Group]:
    """The groups that pay more than their share, in their order: a loss that is there, and larger than everyone's.

    Whoever looks at many groups finds one by chance: the margins are widened for as many looks (Bonferroni, the
    interval taken as normal), so that in all about one time in twenty somebody is named wrongly.
    """
    everyone = next(each for each in found if each.attribute == "")
    groups = [each for each in found if each.attribute]
    wider = NormalDist().inv_cdf(1 - 0.025 / max(len(groups), 1)) / NormalDist().inv_cdf(0.975)
    limit = min(everyone.change, 0.0)
    return [each for each in groups if each.change + wider * (each.high - each.change) < limit]


def _accuracy(row: Any) -> Figure:
    return Figure(float(row.value), float(row.ci_low), float(row.ci_high), int(row.n_users))
