"""The leakage table: contract, order, what is found and what is left in peace."""

import numpy as np
import pandas as pd
import pytest
from audit_worlds import gaussian, names, two_groups
from numpy.testing import assert_allclose

from fmm_core.audit import panel
from fmm_core.audit.leakage import leakage_table, validation_attack
from fmm_core.audit.representations import Target
from fmm_core.data.dataset import Attribute
from fmm_core.runs.tables import check_table

N = 300
ATTACKERS = {"strongest", "combination", "linear", "kernel", "discriminant", "logistic"}


def attack(vectors: np.ndarray, attributes: dict[str, Attribute], **settings: object) -> pd.DataFrame:
    n = len(vectors)
    usual: dict[str, object] = {"eligible": np.ones(n, bool), "held_out": np.arange(n) % 5 == 0}
    users = settings.pop("users", names(n))
    return leakage_table([Target("user_vector", "", "before", vectors)], attributes, users, **usual | settings)


def headline(table: pd.DataFrame, attacker: str = "strongest", users: str = "all") -> pd.Series:
    return table[(table["attacker"] == attacker) & (table["metric"] == "auc") & (table["users"] == users)].squeeze(
        axis=0
    )


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, dict[str, Attribute]]:
    """A planted gender, and an age group of three that nothing tells."""
    vectors, codes = gaussian(N, 8, 1.5, seed=0)
    age = Attribute(("young", "middle", "old"), (np.random.default_rng(9).permutation(N) % 3).astype(np.int16))
    return vectors, two_groups(codes) | {"age": age}


@pytest.fixture(scope="module")
def table(world: tuple[np.ndarray, dict[str, Attribute]]) -> pd.DataFrame:
    return attack(*world)


def test_the_table_keeps_the_contract(table: pd.DataFrame) -> None:
    check_table("audit/leakage.csv", table)
    keys = ["attribute", "representation", "modality", "phase", "users", "attacker", "metric"]
    assert not table.duplicated(keys).any()
    areas = table[table["metric"] == "auc"]
    for (_, _), rows in areas.groupby(["attribute", "users"]):
        assert set(rows["attacker"]) == ATTACKERS
    assert set(table.loc[table["metric"] != "auc", "attacker"]) == {"logistic"}
    assert set(table["n_users"]) == {N, N // 5}
    assert table.set_index("attribute")["classes"].to_dict() == {"gender": 2, "age": 3}


def test_intervals_hold_their_value_and_stay_within_0_and_1(table: pd.DataFrame) -> None:
    assert (table["ci_low"] <= table["value"]).all()
    assert (table["value"] <= table["ci_high"]).all()
    assert table[["ci_low", "ci_high"]].stack().between(0, 1).all()


def test_a_planted_leak_is_found_and_silence_kept(table: pd.DataFrame) -> None:
    """Means 1.5 apart: the best AUC is Φ(1.5/√2) = 0.856, and no attacker of 240 people reaches it on new ones."""
    gender, age = (headline(table[table["attribute"] == name]) for name in ("gender", "age"))
    assert gender["verdict"] == "leaks"
    assert gender["ci_low"] > 0.7
    assert gender["ci_high"] > 0.8
    assert gender["p_value"] < 1e-6
    assert age["ci_low"] < 0.5 < age["ci_high"]
    assert age["verdict"] != "leaks"
    assert age["p_value"] > 0.01


def test_chance_of_the_plain_answers(table: pd.DataFrame) -> None:
    plain = table[table["metric"] != "auc"].set_index(["attribute", "metric"])
    assert plain.loc[("gender", "accuracy"), "chance"] == 0.5
    assert plain.loc[("age", "balanced_accuracy"), "chance"] == pytest.approx(1 / 3)
    assert plain.loc[("gender", "accuracy"), "value"] == pytest.approx(0.77, abs=0.08)  # Bayes: Φ(0.75)


def test_the_order_of_people_changes_nothing(
    world: tuple[np.ndarray, dict[str, Attribute]], table: pd.DataFrame
) -> None:
    vectors, attributes = world
    order = np.random.default_rng(1).permutation(N)
    moved = {name: Attribute(a.groups, a.codes[order]) for name, a in attributes.items()}
    again = attack(vectors[order], moved, users=names(N)[order], held_out=(np.arange(N) % 5 == 0)[order])
    pd.testing.assert_frame_equal(again, table, rtol=0, atol=5e-4)  # one near-tie decided otherwise moves 2e-4
    assert (again["value"] - table["value"]).abs().median() < 1e-6


def test_the_undisclosed_and_the_ineligible_are_left_out(world: tuple[np.ndarray, dict[str, Attribute]]) -> None:
    """Neither is counted, and nothing about them shows: their vectors may hold anything."""
    vectors, attributes = world
    out, ineligible = np.arange(N) % 6 == 0, np.arange(N) < 12
    hidden = np.where(out, -1, attributes["gender"].codes).astype(np.int16)
    changed = np.where((out | ineligible)[:, None], 1000, vectors).astype(np.float32)
    first, second = (attack(v, two_groups(hidden), eligible=~ineligible) for v in (vectors, changed))
    pd.testing.assert_frame_equal(first, second)
    assert headline(first)["n_users"] == (~out & ~ineligible).sum()


def test_a_class_that_hardly_any_eligible_person_has_spoils_nothing(world: tuple[np.ndarray, dict]) -> None:
    """Twenty people of a third class, two of them eligible: they are left out, the other two are told apart."""
    vectors, attributes = world
    codes = np.where(np.arange(N) < 20, 2, attributes["gender"].codes).astype(np.int16)
    three = {"gender": Attribute(("women", "men", "others"), codes)}
    row = headline(attack(vectors, three, eligible=np.arange(N) >= 18))
    assert (row["classes"], row["n_users"], row["verdict"]) == (2, N - 20, "leaks")


@pytest.mark.parametrize("nobody", ["eligible", "disclosed", "of a second group"])
def test_nothing_to_tell_apart_is_said_not_raised(nobody: str, world: tuple[np.ndarray, dict]) -> None:
    vectors, attributes = world
    codes = {"eligible": attributes["gender"].codes, "disclosed": np.full(N, -1), "of a second group": np.zeros(N)}
    hidden = two_groups(codes[nobody].astype(np.int16))
    table = attack(vectors, hidden, eligible=np.full(N, nobody != "eligible"))
    check_table("audit/leakage.csv", table)
    assert set(table["attacker"]) == ATTACKERS
    assert table["value"].isna().all()
    assert set(table["verdict"]) == {"too_few"}
    assert set(table["n_users"]) == {0}
    nobody_selected = np.full(N, nobody != "eligible")
    assert validation_attack(vectors, hidden, names(N), nobody_selected, 0) == {"gender": 0.5}


def test_an_attribute_that_cannot_be_attacked_leaves_the_others_as_they_are(world: tuple[np.ndarray, dict]) -> None:
    vectors, attributes = world
    silent = Attribute(("a", "b"), np.full(N, -1, np.int16))
    both = attack(vectors, {"silent": silent, "gender": attributes["gender"]})
    alone = attack(vectors, {"gender": attributes["gender"]})
    pd.testing.assert_frame_equal(both[both["attribute"] == "gender"].reset_index(drop=True), alone)


def test_held_out_classes_are_counted_as_judged(world: tuple[np.ndarray, dict]) -> None:
    vectors, attributes = world
    held_out = (attributes["age"].codes < 2) & (np.arange(N) % 3 == 0)
    rows = attack(vectors, {"age": attributes["age"]}, held_out=held_out)
    areas = rows[rows["metric"] == "auc"]
    assert set(areas.loc[areas["users"] == "all", "classes"]) == {3}
    assert set(areas.loc[areas["users"] == "held_out", "classes"]) == {2}


def test_held_out_people_are_judged_by_the_same_scores(world: tuple[np.ndarray, dict[str, Attribute]]) -> None:
    """With everyone held out both figures are one."""
    both = attack(*world, held_out=np.ones(N, bool))
    for name in ("gender", "age"):
        rows = both[both["attribute"] == name]
        columns = ["value", "ci_low", "ci_high", "p_value", "n_users", "verdict"]
        assert headline(rows)[columns].to_dict() == headline(rows, users="held_out")[columns].to_dict()


def test_progress_counts_targets(world: tuple[np.ndarray, dict[str, Attribute]]) -> None:
    seen: list[tuple[int, int]] = []
    vectors, attributes = world
    leakage_table(
        [Target("user_vector", "", phase, vectors[:80]) for phase in ("before", "after")],
        two_groups(attributes["gender"].codes[:80]),
        names(80),
        eligible=np.ones(80, bool),
        held_out=np.zeros(80, bool),
        progress=lambda done, total, **_: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]


def test_the_validation_attack_sees_selection_users_only(world: tuple[np.ndarray, dict[str, Attribute]]) -> None:
    vectors, attributes = world
    selection = np.arange(N) % 5 != 0
    changed = np.where(selection[:, None], vectors, 50).astype(np.float32)
    first, second = (validation_attack(v, attributes, names(N), selection, 0) for v in (vectors, changed))
    assert first == second
    assert set(first) == {"gender", "age"}
    table = attack(vectors, attributes, eligible=selection)
    for name, value in first.items():
        assert_allclose(value, headline(table[table["attribute"] == name])["value"])


# the panel full -----------------------------------------------------------------------------------------------------

FULL = ATTACKERS | {"kernel_exact", "mlp"}


@pytest.fixture(scope="module")
def full(world: tuple[np.ndarray, dict[str, Attribute]]) -> pd.DataFrame:
    return attack(*world, panel="full")


def test_the_full_panel_keeps_the_contract_and_says_so(full: pd.DataFrame) -> None:
    check_table("audit/leakage.csv", full)
    assert set(full["panel"]) == {"full"}
    areas = full[full["metric"] == "auc"]
    for _, rows in areas.groupby(["attribute", "users"]):
        assert set(rows["attacker"]) == FULL
        assert len(rows) == len(FULL)


def test_the_full_panel_finds_the_same_leak_and_keeps_the_same_silence(full: pd.DataFrame) -> None:
    gender, age = (headline(full[full["attribute"] == name]) for name in ("gender", "age"))
    assert gender["ci_low"] > 0.7
    assert age["ci_low"] < 0.5 < age["ci_high"]
    assert headline(full[full["attribute"] == "gender"], "mlp")["value"] > 0.7
    assert headline(full[full["attribute"] == "gender"], "kernel_exact")["value"] > 0.7


def test_four_draws_narrow_the_linear_interval_and_hardly_move_it(full: pd.DataFrame, table: pd.DataFrame) -> None:
    one, four = (headline(each[each["attribute"] == "age"], "linear") for each in (table, full))
    assert four["ci_high"] - four["ci_low"] < one["ci_high"] - one["ci_low"]
    assert four["value"] != one["value"]
    assert one["ci_low"] < four["value"] < one["ci_high"]


def test_the_order_of_people_changes_nothing_in_full(
    world: tuple[np.ndarray, dict[str, Attribute]], full: pd.DataFrame
) -> None:
    vectors, attributes = world
    order = np.random.default_rng(1).permutation(N)
    moved = {name: Attribute(a.groups, a.codes[order]) for name, a in attributes.items()}
    settings = {"users": names(N)[order], "held_out": (np.arange(N) % 5 == 0)[order], "panel": "full"}
    again = attack(vectors[order], moved, **settings)
    pd.testing.assert_frame_equal(again, full, rtol=0, atol=2e-3)
    assert (again["value"] - full["value"]).abs().median() < 1e-6


def test_what_is_attacked_in_full(world: tuple[np.ndarray, dict[str, Attribute]]) -> None:
    """The stored vector whole; of the raw profiles the one each attribute is read from best; the history not."""
    vectors, attributes = world
    gender, noise = attributes["gender"].codes, np.random.default_rng(3).normal(size=(N, 4)).astype(np.float32)
    third = (attributes["age"].codes == 2).astype(np.float32)
    seen = {name: noise + shown[:, None] for name, shown in (("audio", 2.0 * gender), ("text", 2.0 * third))}
    targets = [Target("profile_raw", name, "data", profile.astype(np.float32)) for name, profile in seen.items()]
    targets = [Target("history", "", "data", vectors), *targets, Target("user_vector", "", "before", vectors)]
    steps: list[tuple[int, int]] = []
    found = leakage_table(
        targets,
        attributes,
        names(N),
        eligible=np.ones(N, bool),
        held_out=np.zeros(N, bool),
        panel="full",
        progress=lambda done, total, **_: steps.append((done, total)),
    )
    kinds = found.groupby(["representation", "modality", "attribute"])["panel"].unique().map(list).to_dict()
    assert kinds == {
        ("history", "", "age"): ["fast"],
        ("history", "", "gender"): ["fast"],
        ("profile_raw", "audio", "age"): ["fast"],
        ("profile_raw", "audio", "gender"): ["full"],
        ("profile_raw", "text", "age"): ["full"],
        ("profile_raw", "text", "gender"): ["fast"],
        ("user_vector", "", "age"): ["full"],
        ("user_vector", "", "gender"): ["full"],
    }
    assert set(found.loc[found["attacker"] == "mlp", "panel"]) == {"full"}
    keys = ["attribute", "representation", "modality", "phase", "users", "attacker", "metric"]
    assert not found.duplicated(keys).any()
    assert steps == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_too_many_people_for_the_exact_kernel_are_attacked_by_the_rest(
    world: tuple[np.ndarray, dict[str, Attribute]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel, "MOST_PEOPLE", N - 1)
    found = attack(world[0], {"gender": world[1]["gender"]}, panel="full")
    assert set(found["attacker"]) == FULL - {"kernel_exact"}


def test_people_who_hide_one_attribute_are_attacked_on_the_other_in_full(world: tuple[np.ndarray, dict]) -> None:
    vectors, attributes = world
    hidden = np.where(np.arange(N) % 6 == 0, -1, attributes["gender"].codes).astype(np.int16)
    found = attack(vectors, two_groups(hidden) | {"age": attributes["age"]}, panel="full")
    people = found[found["users"] == "all"].groupby("attribute")["n_users"].unique().map(list).to_dict()
    assert people == {"gender": [N - N // 6], "age": [N]}
    assert headline(found[found["attribute"] == "gender"], "kernel_exact")["value"] > 0.7


def test_nothing_to_tell_apart_is_said_in_full_too(world: tuple[np.ndarray, dict]) -> None:
    found = attack(world[0], two_groups(np.full(N, -1, np.int16)), panel="full")
    assert set(found["attacker"]) == FULL
    assert set(found["verdict"]) == {"too_few"}
