"""Runs side by side: what differs, which leaves less, and what may be claimed; expectations by hand."""

from dataclasses import replace

from dashboard import comparison
from dashboard.comparison import Side
from dashboard.findings import Figure
from dashboard.tradeoffs import Payer
from fmm_core.runs.config import make_config


def side(name: str, auc: float, after: float, half: float = 0.02) -> Side:
    everyone = Payer("", "everyone", Figure(0.4, 0.3, 0.5, 9), Figure(after, 0.3, 0.5, 9), after - 0.4, -0.01, 0.01)
    attack = Figure(auc, auc - half, auc + half, 900)
    return Side(name, {"gender": attack}, Figure(0.40, 0.39, 0.41, 900), Figure(after, 0.30, 0.40, 900), (everyone,))


def test_only_what_differs_is_listed() -> None:
    configs = {"a": make_config("d", modalities=("text", "audio")), "b": make_config("d", modalities=("text",), seed=3)}
    table = comparison.differences(configs)
    assert table.loc["modalities"].tolist() == ["text, audio", "text"]
    assert table.loc["seed"].tolist() == ["0", "3"]
    assert len(table) == 2


def test_a_claim_needs_intervals_apart() -> None:
    apart = comparison.headline([side("B", 0.70, 0.40), side("A", 0.60, 0.36)])
    assert apart == "A leaves less to attack than B, and costs more."
    assert comparison.headline([side("A", 0.60, 0.40), side("B", 0.70, 0.36)]).endswith("and costs less.")
    close = comparison.headline([side("A", 0.60, 0.36), side("B", 0.62, 0.40)])
    assert close == "Both leave about the same to attack; B keeps more accuracy."
    assert (
        comparison.headline([side("A", 0.60, 0.4), side("B", 0.62, 0.4)]) == "These two runs come out about the same."
    )


def test_always_wrong_is_no_better_than_always_right() -> None:
    # 30 right answers in 100 lie as far from guessing as 70: the same leak
    assert (
        comparison.headline([side("A", 0.30, 0.4), side("B", 0.70, 0.4)]) == "These two runs come out about the same."
    )


def test_an_interval_over_guessing_reaches_down_to_it() -> None:
    # 45 to 55 includes guessing, 55 to 65 does not touch the 5 points the first may reach: they meet, so no claim
    said = comparison.headline([side("A", 0.50, 0.4, half=0.05), side("B", 0.60, 0.4, half=0.05)])
    assert said == "These two runs come out about the same."


def test_figures_with_intervals() -> None:
    table = comparison.figures([side("A", 0.604, 0.36)], {"attributes": {"gender": {"title": "Gender"}}})
    assert table["A"].to_dict() == {
        "Gender: attacker right in 100": "60 (58 to 63)",
        "Found of 100, before": "40.0 (39.0 to 41.0)",
        "Found of 100, after": "36.0 (30.0 to 40.0)",
        "Accuracy kept": "90.0 %",
        "Largest loss of a group": "none that is sure",
    }


def test_more_than_two_runs_are_only_listed() -> None:
    assert comparison.headline([side("A", 0.6, 0.4)] * 3) == "Two to five runs, side by side."


def test_the_headline_speaks_of_what_the_runs_protect() -> None:
    """Seen on MovieLens-100K: age, which neither run protects, hid that gender went from 76 to 60 in one of them."""
    age = Figure(0.76, 0.74, 0.78, 943)

    def found(name: str, gender: Figure, kept: float) -> Side:
        base = side(name, 0.6, kept)
        return replace(base, attacks={"age": age, "gender": gender}, protected=("gender",))

    repair = found("Repair", Figure(0.60, 0.547, 0.661, 943), 0.396)
    leace = found("LEACE", Figure(0.76, 0.710, 0.810, 943), 0.380)
    assert comparison.headline([leace, repair]) == "Repair leaves less to attack than LEACE, and costs less."
