"""Which modality leaks and which one pays: shares of leakage and accuracy of every mix. No streamlit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.findings import Figure
from dashboard.wording.names import modality_title
from fmm_core.audit.shapley import dropped, shapley
from fmm_core.runs.config import RunConfig
from fmm_core.runs.store import StageTime
from fmm_core.runs.sweep import base, modality_subsets

Mix = frozenset[str]
Key = TypeVar("Key")
ALMOST_NO_COST = 0.03
"""The share of accuracy whose loss counts as almost none; the trade-offs page starts from the same."""

NAMES = ("adds to AUC", "AUC lost without it", "adds to Recall@20", "Recall@20 lost without it")
WORTH_DROPPING = 0.1
"""The share of the leakage above guessing that must go with a modality, or dropping it is not worth a headline. Its
interval does not count the attackers' training, so that it excludes 0 is not enough."""

Z95 = 1.959964
LEAST_SECONDS = 20.0
"""A quick run takes no less, whatever was already there when the opened run was made."""


@dataclass(frozen=True)
class Share:
    """What one modality does on each side.

    Attributes
    ----------
    leakage, accuracy : what it adds, averaged over all orders of adding modalities (Shapley values), 0 … 1
    leakage_drop, accuracy_drop : what goes with it when it alone is left out of all
    """

    name: str
    title: str
    leakage: Figure
    leakage_drop: Figure
    accuracy: Figure | None = None
    accuracy_drop: Figure | None = None

    @property
    def surplus(self) -> float:
        """Leakage less accuracy: what to drop first has most of it."""
        return self.leakage.value - (self.accuracy.value if self.accuracy else 0.0)

    @property
    def earns(self) -> bool:
        """Whether it surely adds to accuracy."""
        return self.accuracy is not None and self.accuracy.low > 0


@dataclass(frozen=True)
class Mixes:
    """What was found in every mix of modalities.

    Attributes
    ----------
    leakage : AUC of the strongest attacker on the joint profile
    accuracy : Recall@20 of a recommender trained on the mix; empty unless every mix was trained
    shares : what to drop first stands first
    """

    leakage: Mapping[Mix, Figure]
    accuracy: Mapping[Mix, Figure]
    shares: tuple[Share, ...]

    @property
    def everything(self) -> Mix:
        """All modalities."""
        return frozenset(each.name for each in self.shares)

    @property
    def leaking(self) -> bool:
        """Whether any modality surely adds to leakage."""
        return any(each.leakage.low > 0 for each in self.shares)

    @property
    def droppable(self) -> Share | None:
        """The modality that takes most leakage with it, enough and surely, and as surely almost no accuracy."""
        if not self.accuracy:
            return None
        least = WORTH_DROPPING * (self.leakage[self.everything].value - 0.5)
        most = ALMOST_NO_COST * self.accuracy[self.everything].value
        found = [
            each
            for each in self.shares
            if each.leakage_drop.low > 0 and each.leakage_drop.value >= least
            and each.accuracy_drop is not None and each.accuracy_drop.high <= most
        ]  # fmt: skip
        return max(found, key=lambda each: each.leakage_drop.value, default=None)

    @property
    def replaceable(self) -> bool:
        """Whether no modality alone would surely take any leakage with it: the others tell the same."""
        return not any(each.leakage_drop.low > 0 for each in self.shares)


def mixes(
    table: pd.DataFrame, attribute: str, card: Mapping[str, Any], found: Mapping[Mix, NDArray[np.float64]]
) -> Mixes | None:
    """Put both sides together; None if the attribute was not attacked in the mixes.

    Parameters
    ----------
    table : `audit/modalities.csv`
    found : {mix: Recall@20 of every person, NaN without test items}; anything but every mix is as good as nothing
    """
    rows = table[table["attribute"] == attribute]
    by_kind = {kind: _figures(rows[rows["kind"] == kind]) for kind in ("leakage", "leakage_share", "leakage_drop")}
    leakage = {frozenset(filter(None, subset.split("+"))): figure for subset, figure in by_kind["leakage"].items()}
    if not leakage:
        return None
    accuracy = accuracy_figures(found) if set(found) == set(leakage) else {}
    added = accuracy_figures(shapley(found)) if accuracy else {}
    lost = accuracy_figures(dropped(found)) if accuracy else {}
    shares = [
        Share(name, modality_title(card, name), figure, by_kind["leakage_drop"][name], added.get(name), lost.get(name))
        for name, figure in by_kind["leakage_share"].items()
    ]
    whole = Mixes(leakage, accuracy, tuple(sorted(shares, key=lambda each: -each.surplus)))
    first = whole.droppable
    return Mixes(leakage, accuracy, tuple(sorted(whole.shares, key=lambda each: each != first)))


def _figures(rows: pd.DataFrame) -> dict[str, Figure]:
    columns = ("subset", "value", "ci_low", "ci_high", "n_users")
    return {
        str(subset): Figure(float(value), float(low), float(high), int(n))
        for subset, value, low, high, n in zip(*(rows[column] for column in columns), strict=True)
    }


def accuracy_figures(people: Mapping[Key, NDArray[np.float64]]) -> dict[Key, Figure]:
    """Means over people with their 95 % intervals; people without test items (NaN) do not count.

    Shapley values are linear, so the value of a mean is the mean of people's own values, and its error is paired: what
    makes a person easy for every mix cancels. Drawing people anew a thousand times gives the same interval.
    """
    return {key: _mean(values[~np.isnan(values)]) for key, values in people.items()}


def _mean(values: NDArray[np.float64]) -> Figure:
    half = Z95 * float(values.std(ddof=1)) / np.sqrt(len(values))
    value = float(values.mean())
    return Figure(value, value - half, value + half, len(values))


def mean_step(attacks: Mapping[Mix, Figure]) -> tuple[Figure, int, int]:
    """The mean change of leakage when one modality is added to a mix; in how many steps it rose; of how many.

    Parameters
    ----------
    attacks : of every mix

    Notes
    -----
    The mean is a weighted sum of the mixes' figures, so its variance is taken from theirs, as if they were independent.
    They are of the same people and rise together, so the interval is rather too wide. It does not count how much a
    recommender would vary had it been trained from another random start.
    """
    steps = [(mix, mix | {name}) for mix in attacks for name in frozenset().union(*attacks) - mix]
    changes = [attacks[larger].value - attacks[smaller].value for smaller, larger in steps]
    weights = dict.fromkeys(attacks, 0.0)
    for smaller, larger in steps:
        weights[smaller] -= 1 / len(steps)
        weights[larger] += 1 / len(steps)
    half = float(np.sqrt(sum((weights[mix] * (each.high - each.low) / 2) ** 2 for mix, each in attacks.items())))
    value = float(np.mean(changes))
    n = min(each.n for each in attacks.values())
    return Figure(value, value - half, value + half, n), sum(change > 0 for change in changes), len(steps)


def planned(opened: RunConfig) -> dict[Mix, RunConfig]:
    """The run that trains each mix of the opened run's modalities."""
    return {frozenset(each.modalities or ()): each for each in modality_subsets(opened)}


def trained_on(plan: RunConfig, others: Sequence[RunConfig]) -> int | None:
    """Which of the others has the base that `plan` would train, attacked by the same panel; whatever was done to it
    afterwards.
    """
    wanted = base(plan), plan.panel
    return next((place for place, other in enumerate(others) if (base(other), other.panel) == wanted), None)


def seconds_for(count: int, opened: RunConfig, quick: RunConfig, stages: Sequence[StageTime]) -> float:
    """What so many quick runs may take, from the opened run's own times; training in proportion to its epochs."""
    took = {stage.name: stage.seconds for stage in stages}
    shorter = min(_epochs(quick) / _epochs(opened), 1.0)
    one = took.get("pretrain", 0.0) * shorter + took.get("audit", 0.0) + took.get("project", 0.0)
    return count * max(one, LEAST_SECONDS)


def _epochs(config: RunConfig) -> int:
    return int(getattr(config.recommender, "epochs", 1))


def as_table(found: Mixes) -> pd.DataFrame:
    """The exact figures behind the butterfly: AUC and Recall@20."""
    sides = ("leakage", "leakage_drop", "accuracy", "accuracy_drop")
    names = dict(zip(sides, NAMES, strict=True))
    rows = []
    for each in found.shares:
        row: dict[str, Any] = {"modality": each.title}
        for side, name in names.items():
            figure = getattr(each, side)
            if figure is not None:
                row |= {name: figure.value, f"{name}, low": figure.low, f"{name}, high": figure.high}
        rows.append(row | {"people": each.leakage.n})
    return pd.DataFrame(rows).round(4)
