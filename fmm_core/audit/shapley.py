"""Shapley values: what each player adds to a game, averaged over all orders of joining (Shapley 1953); numpy only."""

import math
from collections.abc import Mapping
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fmm_core.errors import ConfigError

MOST_PLAYERS = 6
"""64 subsets; every further player doubles them."""

Worth = TypeVar("Worth", float, NDArray[np.float64])
"""What a subset is worth: a number, or an array of them, one per replicate or per person."""


def subsets(players: tuple[str, ...]) -> list[frozenset[str]]:
    """Every subset, the empty one first, the smaller before the larger, in the players' order.

    Examples
    --------
    >>> [sorted(each) for each in subsets(("text", "audio"))]
    [[], ['text'], ['audio'], ['audio', 'text']]
    """
    return [frozenset(chosen) for size in range(len(players) + 1) for chosen in combinations(players, size)]


def shapley(worth: Mapping[frozenset[str], Worth]) -> dict[str, Worth]:
    """Each player's Shapley value, ``Σ_S |S|! (n − |S| − 1)! / n! (v(S ∪ i) − v(S))`` over the S without i.

    Parameters
    ----------
    worth : one entry per subset, the empty one too
        Arrays of one length are games played side by side. The values are linear in `worth`, so those of means are the
        means of people's own values, and those of replicates are replicates of the values.

    Returns
    -------
    {player: value}; the values add up to the worth of all players minus that of none

    Raises
    ------
    ConfigError
        A subset has no worth, or there are more than `MOST_PLAYERS` players.
    """
    players = _players(worth)
    return {player: _value(worth, player, len(players)) for player in players}


def dropped(worth: Mapping[frozenset[str], Worth]) -> dict[str, Worth]:
    """What is lost when one player leaves all others: ``v(all) − v(all without i)``.

    Players who can stand in for each other add much and lose little.
    """
    players = frozenset(_players(worth))
    return {player: worth[players] - worth[players - {player}] for player in sorted(players)}


def _players(worth: Mapping[frozenset[str], Worth]) -> tuple[str, ...]:
    players = tuple(sorted(frozenset().union(*worth)))
    if len(players) > MOST_PLAYERS:
        what = f"Shapley values of {len(players)} players need {2 ** len(players)} subsets"
        raise ConfigError(what, mend=f"Leave at most {MOST_PLAYERS}.", code="shapley.too_many")
    missing = [subset for subset in subsets(players) if subset not in worth]
    if missing:
        name = "+".join(sorted(missing[0])) or "none"
        raise ConfigError(f"the subset {name} has no worth", mend="Give every subset.", code="shapley.missing")
    return players


def _value(worth: Mapping[frozenset[str], Worth], player: str, count: int) -> Worth:
    gains = [
        (worth[subset | {player}] - worth[subset]) * _weight(len(subset), count)
        for subset in worth
        if player not in subset
    ]
    return sum(gains[1:], start=gains[0])


def _weight(size: int, count: int) -> float:
    """The share of all orders of joining in which exactly `size` given players come before another given one."""
    return math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
