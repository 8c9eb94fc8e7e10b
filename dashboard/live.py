"""Other weights of a run: what was tried, and an estimate of what was not. No streamlit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.findings import PERSON_VECTOR, Figure, aucs
from dashboard.tradeoffs import payers
from fmm_core.runs.config import Weights, weights_key

NEAR = 1e-9
Key = tuple[str, str, str]
"""Kind of figure, attribute, group."""
Figures = Mapping[Key, tuple[float, float, float]]
"""Value and both ends of its interval."""


@dataclass(frozen=True)
class Change:
    """What a group finds more (less, if below 0) than before, of 1, with the interval person by person."""

    attribute: str
    group: str
    change: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Outcome:
    """What one set of weights leaves.

    Attributes
    ----------
    attacks, linear : per attribute the strongest and the plain linear attacker, after
    kept : share of Recall@20
    changes : everyone's and the groups', the greatest loss first
    exact : worked out, not estimated
    """

    attacks: Mapping[str, Figure]
    linear: Mapping[str, Figure]
    kept: float
    changes: Sequence[Change]
    exact: bool


@dataclass(frozen=True)
class Trials:
    """All weights of one run that were tried.

    Attributes
    ----------
    names : attributes that a weight can be given to
    weights : tried × names
    figures : tried × figures × 3 (value, low, high)
    keys : of the figures
    people : how many a figure is about
    """

    names: tuple[str, ...]
    weights: np.ndarray
    figures: np.ndarray
    keys: tuple[Key, ...]
    people: Mapping[Key, int]

    def outcome(self, asked: Mapping[str, float], own: Mapping[str, float]) -> Outcome | None:
        """What these weights leave, tried or estimated; None where too little was tried.

        Parameters
        ----------
        own : the run's weights
        """
        point = _vector(asked, self.names)
        exact = np.flatnonzero(_far(self.weights, point) < NEAR)
        if len(exact):
            return self._told(self.figures[exact[-1]], exact=True)
        estimate = self._estimated(point, _vector(own, self.names))
        return None if estimate is None else self._told(estimate, exact=False)

    def _estimated(self, point: np.ndarray, own: np.ndarray) -> np.ndarray | None:
        """Changes along each weight add up; what they miss at weights that were tried is spread to those near by.

        Shepard's interpolation (1968) of what is missed, by one over the squared distance.
        """
        straight = self._added_up(point, own)
        if straight is None:
            return None
        sums = [self._added_up(each, own) for each in self.weights]
        known = np.array([each is not None for each in sums])
        missed = np.array(
            [figures - each for figures, each in zip(self.figures, sums, strict=True) if each is not None]
        )
        close = _far(self.weights[known], point) ** -2.0
        return straight + np.tensordot(close / close.sum(), missed, axes=1)

    def _added_up(self, point: np.ndarray, own: np.ndarray) -> np.ndarray | None:
        """The run's own figures and, for each weight moved alone, the change between the nearest two tried."""
        start = np.flatnonzero(_far(self.weights, own) < NEAR)
        if not len(start):
            return None
        first = self.figures[start[-1]]
        found = first.copy()
        for place in np.flatnonzero(np.abs(point - own) > NEAR):
            others = np.delete(np.arange(len(self.names)), place)
            alone = np.flatnonzero((np.abs(self.weights[:, others] - own[others]) < NEAR).all(axis=1))
            line = alone[np.argsort(self.weights[alone, place])]
            steps = self.weights[line, place]
            if not steps[0] <= point[place] <= steps[-1]:
                return None
            found += _between(point[place], steps, self.figures[line]) - first
        return found

    def _told(self, figures: np.ndarray, exact: bool) -> Outcome:
        table = dict(zip(self.keys, figures, strict=True))

        def figure(key: Key) -> Figure:
            value, low, high = (float(each) for each in table[key])
            return Figure(value, low, high, self.people[key])

        groups = [(key, figure(key)) for key in self.keys if key[0] == "change"]
        changes = [Change(key[1], key[2], each.value, each.low, each.high, each.n) for key, each in groups]
        return Outcome(
            attacks={key[1]: figure(key) for key in self.keys if key[0] == "strongest"},
            linear={key[1]: figure(key) for key in self.keys if key[0] == "linear"},
            kept=float(table["kept", "", ""][0]),
            changes=sorted(changes, key=lambda each: each.change),
            exact=exact,
        )


def trials(table: pd.DataFrame, names: Sequence[str]) -> Trials | None:
    """What `audit/weights.csv` holds; None where nothing was tried."""
    if table.empty:
        return None
    blocks = [block for _, block in table.groupby("weights", sort=False)]
    keys = tuple(zip(blocks[0]["kind"], blocks[0]["attribute"], blocks[0]["group"], strict=True))
    figures = [block[["value", "ci_low", "ci_high"]].to_numpy(float) for block in blocks]
    weights = [_vector(json.loads(block["weights"].iloc[0]), names) for block in blocks]
    people = dict(zip(keys, blocks[0]["n_users"].astype(int), strict=True))
    return Trials(tuple(names), np.array(weights), np.array(figures), keys, people)


def kept(leakage: pd.DataFrame, accuracy: pd.DataFrame, groups: pd.DataFrame) -> Outcome:
    """What a run itself found, from its own tables."""
    recall = accuracy[(accuracy["metric"] == "recall") & (accuracy["k"] == 20)].set_index("model")["value"]
    attacks, linear = (attacked(leakage, "after", attacker) for attacker in ("strongest", "linear"))
    paid = sorted(payers(groups, "recall", 20), key=lambda each: each.change)
    changes = [Change(each.attribute, each.group, each.change, each.low, each.high, each.after.n) for each in paid]
    return Outcome(attacks, linear, float(recall["mitigated"] / recall["base"]), changes, exact=True)


def attacked(leakage: pd.DataFrame, phase: str, attacker: str) -> dict[str, Figure]:
    """The person vector by attribute; those that nobody could be asked about are left out."""
    table = aucs(leakage, "all")
    wanted = {key[0]: figure for key, figure in table.items() if key[1:] == (PERSON_VECTOR, "", phase, attacker)}
    return {name: figure for name, figure in wanted.items() if figure.value == figure.value}


def untried(points: Sequence[Weights], table: pd.DataFrame) -> list[Weights]:
    """Those of the points that `audit/weights.csv` does not hold."""
    there = set(table["weights"])
    return [point for point in points if weights_key(point) not in there]


def _vector(weights: Mapping[str, float], names: Sequence[str]) -> np.ndarray:
    return np.array([weights.get(name, 0.0) for name in names])


def _far(points: np.ndarray, point: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(((points - point) ** 2).sum(axis=1)))


def _between(value: float, steps: np.ndarray, figures: np.ndarray) -> np.ndarray:
    """Linear between the two steps around a value."""
    high = min(max(int(np.searchsorted(steps, value)), 1), len(steps) - 1)
    low = high - 1
    share = (value - steps[low]) / (steps[high] - steps[low])
    return np.asarray((1 - share) * figures[low] + share * figures[high])
