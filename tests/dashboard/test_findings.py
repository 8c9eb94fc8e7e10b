from dataclasses import replace

import pandas as pd
from fixtures import GROUPS, STRONGEST, make_leakage, make_people
from numpy.testing import assert_allclose

from dashboard import findings as find

CARD = {
    "attributes": {
        name: {"title": name.capitalize(), "classes_attacked": [group for group, _ in groups]}
        for name, groups in GROUPS.items()
    },
    "modalities": {"text": {"title": "Text"}, "audio": {"title": "Audio"}},
}
LEAKAGE = make_leakage(make_people(), STRONGEST, {})


def test_worst_verdict_first():
    found = find.by_attribute(LEAKAGE, CARD, find.Scope())
    assert [(each.key, each.says) for each in found] == [
        ("age", "leaks"),
        ("handedness", "too_few"),
        ("gender", "within"),
    ]
    before = found[0].before
    assert before is not None
    assert replace(before, p=None) == find.Figure(0.83, 0.815, 0.845, 1200)


def test_the_readers_tolerance_moves_the_verdict():
    tight, wide = find.Scope(tolerance=0.01), find.Scope(tolerance=0.10)
    says = {name: {f.key: f.says for f in find.by_attribute(LEAKAGE, CARD, s)} for name, s in
            (("tight", tight), ("wide", wide))}  # fmt: skip
    assert says["tight"]["gender"] == "too_few"  # 0.484 to 0.536 is wider than 2 in 100
    assert says["wide"]["age"] == "close"  # 0.57 to 0.61 reaches over 60


def test_linear_over_correction_is_added_to_the_strongest_attacker_only():
    planted = make_leakage(make_people(), STRONGEST, {"gender": 0.38})
    said = {each.key: each for each in find.by_attribute(planted, CARD, find.Scope())}
    assert said["gender"].says == "over"
    assert said["gender"].linear is not None
    rows = {each.key: each.says for each in find.by_attacker(planted, CARD, "gender", find.Scope())}
    assert rows["kernel"] == "within"
    assert rows["linear"] == "over"


def test_held_out_people_are_their_own_rows():
    found = find.by_attribute(LEAKAGE, CARD, find.Scope(users="held_out"))
    assert {each.now.n for each in found if each.key == "age"} == {240}


def test_without_mitigation_there_is_no_after():
    found = find.by_attribute(LEAKAGE, CARD, find.Scope(mitigated=False))
    assert all(each.after is None and each.says == each.first for each in found)
    assert found[0].words == "leaks"  # nothing "still" leaks where nothing was done


def test_what_is_stored_comes_before_what_the_data_say():
    rows = find.by_representation(LEAKAGE, CARD, "age", find.Scope())
    assert [each.title for each in rows] == [
        "Top list", "Person vector", "Item average", "History", "All modalities, raw", "Text profile, raw",
        "Audio profile, raw",
    ]  # fmt: skip
    assert all(each.after is None for each in rows[3:])


def test_attackers_from_the_plainest_to_the_strongest():
    rows = find.by_attacker(LEAKAGE, CARD, "age", find.Scope())
    assert [each.key for each in rows] == ["linear", "logistic", "kernel", "discriminant", "combination", "strongest"]
    assert_allclose(rows[0].now.value, 0.5 + 0.09 * 0.65)


def test_attackers_of_the_full_panel_stand_before_the_combination():
    kernel = LEAKAGE[LEAKAGE["attacker"] == "kernel"]
    more = [kernel.assign(attacker=name) for name in ("mlp", "kernel_exact")]
    rows = find.by_attacker(pd.concat([LEAKAGE, *more]), CARD, "age", find.Scope())
    assert [each.title for each in rows[3:6]] == ["Discriminant", "Exact kernel", "Neural network"]


def test_readable_from_the_data_is_the_strongest_of_history_and_profiles():
    figure = find.readable(LEAKAGE, "gender", find.Scope())
    assert figure is not None
    assert_allclose(figure.value, 0.80)


def test_headlines_for_everyone_have_a_p_that_knows_of_the_others():
    found = {each.key: each for each in find.by_attribute(LEAKAGE, CARD, find.Scope())}
    rows = LEAKAGE[(LEAKAGE["attacker"] == "strongest") & (LEAKAGE["users"] == "all")]
    gender = rows[(rows["attribute"] == "gender") & (rows["representation"] == "user_vector")].set_index("phase")
    assert found["gender"].now.p == gender.loc["after", "p_adjusted"]
    permuted = LEAKAGE.assign(p_max_t=LEAKAGE["p_value"].where(LEAKAGE["phase"] == "after") / 2)
    shown = {each.key: each for each in find.by_attribute(permuted, CARD, find.Scope())}
    assert shown["gender"].now.p == gender.loc["after", "p_value"] / 2
    assert find.by_attribute(LEAKAGE, CARD, find.Scope(users="held_out"))[0].now.p is None
    table = find.as_table(find.by_attribute(LEAKAGE, CARD, find.Scope()))
    assert table.set_index("attribute").loc["Age", "p, adjusted"] == "under 0.001"
    assert "p, adjusted" not in find.as_table(find.by_attribute(LEAKAGE, CARD, find.Scope(users="held_out")))


def test_over_correction_comes_with_the_share_of_labels_known():
    planted = make_leakage(make_people(), STRONGEST, {"gender": 0.38})
    found = {each.key: each for each in find.by_attribute(planted, CARD, find.Scope())}
    assert [each.percent for each in found["gender"].shares] == [50, 80, 90]
    assert_allclose([each.value for each in found["gender"].shares], [0.45, 0.38, 0.32])
    assert_allclose([each.matched for each in found["gender"].shares], [0.45, 0.37, 0.31])
    assert found["age"].shares == ()


def test_exact_figures_have_three_digits():
    table = find.as_table(find.by_attribute(LEAKAGE, CARD, find.Scope()))
    assert table.loc[0, ["attribute", "before", "after", "after, low", "verdict", "people"]].tolist() == [
        "Age", 0.83, 0.59, 0.57, "still leaks", 1200,
    ]  # fmt: skip
