import numpy as np
import pytest

from fmm_core.audit.shapley import dropped, shapley, subsets
from fmm_core.errors import ConfigError


def game(players: str, worth) -> dict[frozenset[str], float]:
    return {subset: float(worth(subset)) for subset in subsets(tuple(players))}


def test_the_glove_game() -> None:
    """A and b own a left glove each, c a right one; a pair is worth 1. By hand: of six orders c completes a pair in
    four, and a only where c came before and b did not: one order, as b."""
    gloves = game("abc", lambda who: "c" in who and len(who) > 1)
    assert shapley(gloves) == pytest.approx({"a": 1 / 6, "b": 1 / 6, "c": 4 / 6})


def test_in_an_additive_game_everybody_gets_their_own() -> None:
    own = {"a": 1.0, "b": -2.0, "c": 0.5, "d": 4.0}
    found = game("abcd", lambda who: 10 + sum(own[each] for each in who))
    assert shapley(found) == pytest.approx(own)
    assert dropped(found) == pytest.approx(own)


def test_in_a_symmetric_game_everybody_gets_the_same() -> None:
    assert shapley(game("abcdef", lambda who: len(who) ** 2)) == pytest.approx(dict.fromkeys("abcdef", 6.0))


def test_two_who_can_stand_in_for_each_other_add_half_and_lose_nothing() -> None:
    either = game("ab", bool)
    assert shapley(either) == {"a": 0.5, "b": 0.5}
    assert dropped(either) == {"a": 0.0, "b": 0.0}


def test_values_add_up_to_all_minus_none() -> None:
    rng = np.random.default_rng(0)
    worth = {subset: rng.normal(size=7) for subset in subsets(tuple("abcdef"))}
    total = sum(shapley(worth).values())
    assert total == pytest.approx(worth[frozenset("abcdef")] - worth[frozenset()], abs=1e-12)


def test_the_value_of_a_mean_is_the_mean_of_the_values() -> None:
    rng = np.random.default_rng(1)
    worth = {subset: rng.normal(size=50) for subset in subsets(tuple("abc"))}
    means = {subset: float(values.mean()) for subset, values in worth.items()}
    assert {name: values.mean() for name, values in shapley(worth).items()} == pytest.approx(shapley(means))


def test_a_missing_subset_is_named() -> None:
    worth = game("ab", len)
    del worth[frozenset("a")]
    with pytest.raises(ConfigError, match="the subset a has no worth"):
        shapley(worth)


def test_too_many_players_are_said() -> None:
    with pytest.raises(ConfigError, match="7 players need 128 subsets"):
        shapley(game("abcdefg", len))
