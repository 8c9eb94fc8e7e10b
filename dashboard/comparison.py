"""Two to five runs side by side: what differs in their settings, and what was found in each. No streamlit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.findings import Figure, aucs
from dashboard.tradeoffs import NONE, Payer, payers
from dashboard.wording import tradeoffs as words
from dashboard.wording.names import attribute_title
from dashboard.wording.numbers import of_100, percent, tries, tries_between
from fmm_core.runs.config import RunConfig


@dataclass(frozen=True)
class Side:
    """What was found in one run.

    Attributes
    ----------
    attacks : {attribute: the strongest attack on the person vector after mitigation}
    base, mitigated : Recall@20
    losses : everyone first, then the groups by loss
    protected : the attributes the run mitigates
    """

    name: str
    attacks: Mapping[str, Figure]
    base: Figure
    mitigated: Figure
    losses: tuple[Payer, ...]
    protected: tuple[str, ...] = ()

    def worst(self, among: Collection[str]) -> Figure:
        """The attack farthest from guessing, on the attributes named; on all where none is."""
        figures = [figure for name, figure in self.attacks.items() if name in among] or list(self.attacks.values())
        return max(figures, key=lambda figure: figure.strength)

    @property
    def kept(self) -> float:
        """The share of Recall@20 that mitigation left."""
        return self.mitigated.value / self.base.value


def side(name: str, config: RunConfig, leakage: pd.DataFrame, accuracy: pd.DataFrame, groups: pd.DataFrame) -> Side:
    """Read one run's tables."""
    table = aucs(leakage, "all")
    recall = accuracy[(accuracy["metric"] == "recall") & (accuracy["k"] == 20)]
    figures = {row.model: Figure(row.value, row.ci_low, row.ci_high, int(row.n_users)) for row in recall.itertuples()}
    return Side(
        name=name,
        attacks={key[0]: each for key, each in table.items() if key[1:] == ("user_vector", "", "after", "strongest")},
        base=figures["base"],
        mitigated=figures["mitigated"],
        losses=tuple(payers(groups, "recall", 20)),
        protected=() if config.mitigation.name == NONE else tuple(config.active_weights),
    )


def figures(sides: Sequence[Side], card: Mapping[str, Any]) -> pd.DataFrame:
    """One row a figure, one column a run, every figure with its interval."""
    names = list(dict.fromkeys(name for each in sides for name in each.attacks))
    rows = {
        f"{attribute_title(card, name)}: attacker right in 100": [_attack(each, name) for each in sides]
        for name in names
    }
    rows |= {
        "Found of 100, before": [_found(each.base) for each in sides],
        "Found of 100, after": [_found(each.mitigated) for each in sides],
        "Accuracy kept": [percent(each.kept, 1) for each in sides],
        "Largest loss of a group": [words.largest_loss(each.losses) for each in sides],
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=[each.name for each in sides])


def _attack(each: Side, attribute: str) -> str:
    figure = each.attacks.get(attribute)
    return "not audited" if figure is None else f"{tries(figure.value)} ({tries_between(figure.low, figure.high)})"


def _found(figure: Figure) -> str:
    return f"{of_100(figure.value)} ({of_100(figure.low)} to {of_100(figure.high)})"


def differences(configs: Mapping[str, RunConfig]) -> pd.DataFrame:
    """The settings, by dotted path, that are not the same in all runs; one column a run."""
    flat = {name: _flatten(config.model_dump(mode="json")) for name, config in configs.items()}
    keys = dict.fromkeys(key for each in flat.values() for key in each)
    rows = {key: [_written(each.get(key, "")) for each in flat.values()] for key in keys}
    unequal = {key: values for key, values in rows.items() if len(set(values)) > 1}
    return pd.DataFrame.from_dict(unequal, orient="index", columns=list(flat))


def _flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def headline(sides: Sequence[Side]) -> str:
    """Which of two runs leaves less to attack, and at what cost; claimed only where the intervals do not overlap.

    What counts is the worst attribute among those that one of them protects.
    """
    if len(sides) != 2:
        return words.COMPARE
    aimed_at = {name for each in sides for name in each.protected}
    less, other = sorted(sides, key=lambda each: each.worst(aimed_at).strength)
    low, high = (_folded(each.worst(aimed_at)) for each in (less, other))
    cost = round(100 * (other.kept - less.kept))
    if low[1] < high[0]:
        price = "at the same cost" if cost == 0 else "and costs more" if cost > 0 else "and costs less"
        return f"{less.name} leaves less to attack than {other.name}, {price}."
    if cost == 0:
        return "These two runs come out about the same."
    cheaper = other if cost > 0 else less
    return f"Both leave about the same to attack; {cheaper.name} keeps more accuracy."


def _folded(figure: Figure) -> tuple[float, float]:
    """The interval of the distance from guessing."""
    ends = (abs(figure.low - 0.5), abs(figure.high - 0.5))
    return (0.0 if figure.low <= 0.5 <= figure.high else min(ends)), max(ends)
