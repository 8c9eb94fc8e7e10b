"""Comparable runs, folding, front, knee, limits and payers, on figures made by hand."""

import pandas as pd

from dashboard import tradeoffs
from dashboard.charts.curve import trade_off
from dashboard.charts.paying import who_pays
from dashboard.findings import Figure
from dashboard.tradeoffs import Payer, Point
from dashboard.wording import tradeoffs as words
from fmm_core.runs.config import make_config


def point(method: str, weight: float, kept: float, auc: float, seed: int = 0) -> Point:
    weights = (("gender", weight),) if weight else ()
    attacks = {"gender": Figure(auc, auc - 0.02, auc + 0.02, 900), "age": Figure(0.7, 0.68, 0.72, 900)}
    return Point(f"{method}-{weight}-{seed}", method, weights, seed, kept, attacks)


POINTS = [
    point("none", 0, 1.0, 0.85),
    point("repair", 0.5, 0.99, 0.62),
    point("repair", 1, 0.96, 0.58),
    point("leace", 1, 0.95, 0.70),
]
FOUND = tradeoffs.settings(POINTS, "gender")


def test_comparable_ignores_method_weight_and_seed_only() -> None:
    opened = make_config("a", weights={"gender": 1})
    others = [
        ("same", make_config("a", method="leace", weights={"age": 0.5}, seed=9)),
        ("other split", make_config("a", split_seed=1)),
        ("other modalities", make_config("a", modalities=("text",))),
        ("other recommender", make_config("a", recommender="lightgcn")),
    ]
    assert tradeoffs.comparable(opened, others) == (["same"], 3)


def test_seeds_are_averaged_and_below_guessing_is_folded() -> None:
    seeds = [point("repair", 1, 0.96, 0.44, seed=0), point("repair", 1, 0.98, 0.42, seed=1)]
    (found,) = tradeoffs.settings(seeds, "gender")
    assert round(found.kept, 6) == 0.97
    assert round(found.attack, 6) == 0.57
    assert found.below
    assert [round(attack, 6) for _, attack in found.seeds] == [0.56, 0.58]


def test_the_same_seed_twice_counts_once() -> None:
    (found,) = tradeoffs.settings([POINTS[1], POINTS[1]], "gender")
    assert len(found.points) == 1


def test_all_at_once_is_the_worst_attribute() -> None:
    by_weight = {each.method: each.attack for each in tradeoffs.settings(POINTS[:2], tradeoffs.ALL)}
    assert round(by_weight["none"], 6) == 0.85
    assert round(by_weight["repair"], 6) == 0.70


def test_front_leaves_out_what_another_beats() -> None:
    assert [(each.method, each.weight) for each in tradeoffs.front(FOUND)] == [
        ("none", 0),
        ("repair", 0.5),
        ("repair", 1),
    ]


def test_knee_gains_most_for_least() -> None:
    best = tradeoffs.knee(FOUND)
    assert best is not None
    assert (best.method, best.weight) == ("repair", 0.5)
    assert tradeoffs.knee(FOUND[:2]) is None


def test_limits_and_the_nearest_miss() -> None:
    inside = [(each.method, each.weight) for each in FOUND if tradeoffs.meets(each, 0.05, 0.65)]
    assert inside == [("repair", 0.5), ("repair", 1)]
    close = tradeoffs.nearest(FOUND, 0.0, 0.55)
    assert (close.method, close.weight) == ("repair", 1)


def test_headlines() -> None:
    best, close = tradeoffs.knee(FOUND), tradeoffs.nearest(FOUND, 0.0, 0.55)
    said = words.headline(FOUND, best, "gender", 0.05, 0.65, close)
    assert said == "Giving up 1 % of accuracy takes the strongest attack on gender from 85 to 62."
    none = words.headline(FOUND, best, "gender", 0.0, 0.55, close)
    assert none == "No setting meets both of your limits. The nearest gives up 4 % of accuracy."
    deck = words.deck(FOUND, best, 0.05, 0.65, 1)
    assert deck == (
        "Two settings meet both of your limits, out of four tried. The best bargain is **Repair** at weight 0.5. "
        "One run was left out: made with other data, splits or recommender settings."
    )


def test_payers_from_the_table() -> None:
    def row(model: str, attribute: str, group: str, value: float, change: tuple[float, ...] = (0, 0, 0)) -> tuple:
        return (model, "recall", 20, attribute, group, value, 0.0, 1.0, 50, *change)

    columns = ["model", "metric", "k", "attribute", "group", "value", "ci_low", "ci_high", "n_users"]
    columns += ["paired_difference", "pd_low", "pd_high"]
    rows = [
        row("base", "", "everyone", 0.30),
        row("mitigated", "", "everyone", 0.29, (-0.01, -0.012, -0.008)),
        row("base", "gender", "women", 0.28),
        row("mitigated", "gender", "women", 0.25, (-0.03, -0.04, -0.02)),
        row("base", "gender", "men", 0.31),
        row("mitigated", "gender", "men", 0.31, (0.0, -0.01, 0.01)),
        row("mitigated", "gender", "gap", 0.06),
        row("base", "gender", "gap", 0.03),
    ]
    found = tradeoffs.payers(pd.DataFrame(rows, columns=columns), "recall", 20)
    assert [each.group for each in found] == ["everyone", "women", "men"]
    assert found[1] == Payer("gender", "women", 50, 0.28, 0.25, -0.03, -0.04, -0.02)
    assert words.pays_headline(found) == "Women pays most for the mitigation."
    assert words.change_text(found[1]) == "−3.0 (−4.0 to −2.0)"
    assert words.pays_headline([found[0], found[2]]) == "No group loses more than the others."


def test_the_curve_marks_what_meets_the_limits() -> None:
    figure = trade_off(FOUND, "repair", 0.05, 0.65, 0.05, tradeoffs.knee(FOUND))
    symbols = {trace.customdata[0]: list(trace.marker.size) for trace in figure.data if trace.customdata is not None}
    assert symbols == {"none-0-0": [9], "leace-1-0": [9], "repair-0.5-0": [15, 15]}
    printed = [note.text for note in figure.layout.annotations]
    assert any(text.endswith(">0.5</span>") for text in printed)


def test_the_change_is_printed_at_the_right_edge() -> None:
    rows = [Payer("", "everyone", 943, 0.30, 0.29, -0.01, -0.02, -0.005), Payer("g", "<b>x", 30, 0.3, 0.3, 0, -1, 1)]
    texts = [note.text for note in who_pays(rows, "found, of 100").layout.annotations]
    assert "<b>−1.0 (−2.0 to −0.5)</b>" in texts
    assert any("&lt;b&gt;x" in text for text in texts)
