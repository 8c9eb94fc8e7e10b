"""p-values by permutation: what is permuted, what stays, and what comes out."""

import numpy as np
import pandas as pd
import pytest
from audit_worlds import gaussian, names, two_groups

from fmm_core.audit import attackers
from fmm_core.audit.crowds import People, crowds
from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.permutation import Permuted, permuted, shuffled_within_folds
from fmm_core.audit.representations import Target
from fmm_core.data.dataset import Attribute

N = 120


@pytest.fixture(autouse=True)
def few_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attackers, "LANDMARKS", 30)


def table(vectors: np.ndarray, codes: np.ndarray, representation: str = "user_vector", **settings: int) -> pd.DataFrame:
    found = leakage_table(
        [Target(representation, "", "before", vectors)],
        two_groups(codes),
        names(N),
        eligible=np.ones(N, bool),
        held_out=np.arange(N) % 3 == 0,
        **settings,
    )
    return found[found["metric"] == "auc"].set_index(["attacker", "users"])


def two_attributes() -> tuple[dict[str, Attribute], People]:
    _, gender = gaussian(N, 2, 0, seed=3)
    attributes = two_groups(gender) | {"age": Attribute(("a", "b", "c"), (np.arange(N) % 3).astype(np.int16))}
    [people] = crowds(attributes, names(N), np.ones(N, bool), np.zeros(N, bool), 0)
    return attributes, people


def test_a_table_is_permuted_as_a_whole_and_within_folds() -> None:
    _, people = two_attributes()
    order = shuffled_within_folds(people, np.random.default_rng(0), 0)
    assert sorted(order) == list(range(N))
    assert (people.folds[order] == people.folds).all()
    assert (order != np.arange(N)).mean() > 0.8


def test_who_is_given_whose_labels_does_not_depend_on_the_order_of_rows() -> None:
    attributes, people = two_attributes()
    moved = np.random.default_rng(1).permutation(N)
    elsewhere = {name: Attribute(a.groups, a.codes[moved]) for name, a in attributes.items()}
    [again] = crowds(elsewhere, names(N)[moved], np.ones(N, bool), np.zeros(N, bool), 0)
    first = shuffled_within_folds(people, np.random.default_rng(5), 0)
    second = shuffled_within_folds(again, np.random.default_rng(5), 0)
    given = dict(zip(people.users, people.users[first], strict=True))
    assert dict(zip(again.users, again.users[second], strict=True)) == given


def test_a_planted_leak_beats_every_table_and_only_the_headline_of_the_vector_is_permuted() -> None:
    """Nineteen tables: the smallest p there can be is 1/20."""
    vectors, codes = gaussian(N, 4, 2.0, seed=0)
    permuted, plain = (table(vectors, codes, permutations=count) for count in (19, 0))
    assert permuted.loc[("strongest", "all"), "p_value"] == pytest.approx(0.05)
    assert permuted.loc[("strongest", "held_out"), "p_value"] == pytest.approx(0.05)
    others = permuted.index.get_level_values("attacker") != "strongest"
    assert permuted.loc[others, "p_max_t"].isna().all()
    alone = permuted.pop("p_max_t")["strongest"]  # of one attribute: the same
    pd.testing.assert_frame_equal(permuted[others], plain[others])
    pd.testing.assert_frame_equal(permuted.drop(columns="p_value"), plain.drop(columns="p_value"))
    pd.testing.assert_series_equal(alone, permuted.loc["strongest", "p_value"], check_names=False)
    pd.testing.assert_frame_equal(*(table(vectors, codes, "item_mean", permutations=count) for count in (19, 0)))


def test_p_is_spread_evenly_where_nothing_leaks() -> None:
    """Thirty worlds, nine tables each: p is one of 0.1 … 1, each as likely; mean 0.55, and 0.1 in one of ten.

    Ten of thirty at 0.1 would come by chance once in 2,000 times.
    """
    found = [
        table(*gaussian(N, 4, 0, seed), permutations=9, seed=seed).loc[("strongest", "all"), "p_value"]
        for seed in range(30)
    ]
    assert sum(p < 0.15 for p in found) < 10
    assert 0.4 < np.mean(found) < 0.7  # standard error 0.052


def test_max_t_by_hand() -> None:
    """Three tables, two attributes. Deviations 0.1, 0.2, 0.3 (√mean² 0.216) and thrice 0.1 (0.1): the largest T of the
    tables are 1, 1 and 1.39, so the first (0.3, T = 1.39) is met by one of them and the second (0.1, T = 1) by all.
    """
    null = np.array([[0.1, 0.2, 0.3], [0.1, 0.1, 0.1]])
    assert permuted(np.array([0.3, 0.1]), null) == [Permuted(2 / 4, 2 / 4), Permuted(1.0, 1.0)]
    assert permuted(np.array([0.31, 0.3]), null) == [Permuted(1 / 4, 1 / 4), Permuted(1 / 4, 1 / 4)]
    assert permuted(np.array([0.0, 0.12]), null) == [Permuted(1.0, 1.0), Permuted(1 / 4, 2 / 4)]


def test_max_t_never_beats_the_p_of_its_own() -> None:
    rng = np.random.default_rng(0)
    found = permuted(rng.random(5) / 10, np.abs(rng.normal(size=(5, 99))) / 20)
    assert all(each.max_t >= each.p_value for each in found)


def test_attributes_of_two_crowds_count_for_each_other() -> None:
    """Five people kept their age to themselves: max-T of each crowd is doubled, for the two questions asked."""
    attributes, _ = two_attributes()
    vectors, _ = gaussian(N, 3, 0, seed=3)
    age = attributes["age"]
    hidden = Attribute(age.groups, np.where(np.arange(N) < 5, -1, age.codes).astype(np.int16))
    found = leakage_table(
        [Target("user_vector", "", "before", vectors)],
        {"gender": attributes["gender"], "age": hidden},
        names(N),
        eligible=np.ones(N, bool),
        held_out=np.zeros(N, bool),
        permutations=9,
    )
    rows = found[(found["attacker"] == "strongest") & (found["users"] == "all")]
    np.testing.assert_allclose(rows["p_max_t"], np.minimum(2 * rows["p_value"], 1))
