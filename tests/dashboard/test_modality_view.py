"""The leakage page's view of modalities: the shares, the butterfly, what is said, and the training of every mix."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures import N_USERS, RUN_ID, finished_run, make_people, opened, said

from dashboard import theme
from dashboard.charts.butterfly import butterfly
from dashboard.findings import Figure
from dashboard.modalities import Mixes, Share, accuracy_figures, as_table, mean_step, mixes, seconds_for, trained_on
from dashboard.wording import modalities as words
from fmm_core.runs import client
from fmm_core.runs.config import make_config
from fmm_core.runs.store import RunFolder, StageTime, Store

NONE, TEXT, AUDIO, BOTH = frozenset(), frozenset({"text"}), frozenset({"audio"}), frozenset({"text", "audio"})
CARD: dict[str, Any] = {"modalities": {"text": {"title": "Text"}, "audio": {"title": "Audio"}}}
LEAKAGE = {"": 0.5, "text": 0.76, "audio": 0.64, "text+audio": 0.80}
SHARES = {"text": (0.21, 0.19, 0.23), "audio": (0.09, 0.07, 0.11)}  # (0.26 + 0.16) / 2, (0.14 + 0.04) / 2
DROPS = {"text": (0.16, 0.14, 0.18), "audio": (0.04, 0.03, 0.05)}


def table(drops: dict[str, tuple[float, float, float]] = DROPS) -> pd.DataFrame:
    rows = [("leakage", subset, value, value - 0.02, value + 0.02) for subset, value in LEAKAGE.items()]
    rows += [("leakage_share", name, *figures) for name, figures in SHARES.items()]
    rows += [("leakage_drop", name, *figures) for name, figures in drops.items()]
    frame = pd.DataFrame(rows, columns=["kind", "subset", "value", "ci_low", "ci_high"])
    return frame.assign(attribute="gender", n_users=N_USERS)


def recalls(text: float, audio: float, both: float, none: float = 0.20) -> dict[frozenset[str], np.ndarray]:
    """Recall@20 of everybody, the last person without test items; small differences between mixes, large ones between
    people, as in life."""
    people = np.random.default_rng(0).normal(0, 0.1, N_USERS - 1)
    people -= people.mean()
    means = {NONE: none, TEXT: text, AUDIO: audio, BOTH: both}
    return {
        mix: np.append(people + value + 0.01 * np.roll(people, place), np.nan)
        for place, (mix, value) in enumerate(means.items())
    }


def found(recall: dict[frozenset[str], np.ndarray] | None = None, **changes: Any) -> Mixes:
    result = mixes(table(**changes), "gender", CARD, recall or {})
    assert result is not None
    return result


# figures -----------------------------------------------------------------------------------------------------------


def test_shares_of_accuracy_add_up_and_are_paired() -> None:
    """By hand: text adds (0.06 + 0.05) / 2, audio (0.02 + 0.01) / 2. Unpaired, intervals would be 0.006 wide a side."""
    both = found(recalls(text=0.26, audio=0.22, both=0.27))
    by_name = {each.name: each.accuracy for each in both.shares}
    assert by_name["text"].value == pytest.approx(0.055, abs=1e-9)
    assert by_name["audio"].value == pytest.approx(0.015, abs=1e-9)
    total = both.accuracy[BOTH].value - both.accuracy[NONE].value
    assert by_name["text"].value + by_name["audio"].value == pytest.approx(total, abs=1e-12)
    assert by_name["text"].high - by_name["text"].low < 0.001
    assert by_name["text"].n == N_USERS - 1


def test_the_interval_of_a_mean_by_hand() -> None:
    """Mean 2, standard deviation 1, three people: 2 ± 1.96 / √3."""
    figure = accuracy_figures({"a": np.array([1.0, 2, 3, np.nan])})["a"]
    assert (figure.value, figure.n) == (2.0, 3)
    assert (figure.low, figure.high) == pytest.approx((2 - 1.959964 / 3**0.5, 2 + 1.959964 / 3**0.5))


def test_accuracy_needs_every_mix() -> None:
    some = recalls(0.26, 0.22, 0.27)
    del some[AUDIO]
    assert found(some).accuracy == {}
    assert all(each.accuracy is None for each in found(some).shares)


def test_an_attribute_that_was_not_attacked_has_no_mixes() -> None:
    assert mixes(table(), "age", CARD, {}) is None


def test_the_mean_step_by_hand() -> None:
    """Four steps: +5, +3, +1 and −1 of 100, mean 2. Each end counts: ½ of none and both, 0 of one alone."""
    figures = {mix: Figure(value, value - 0.02, value + 0.02, 900)
               for mix, value in ((NONE, 0.70), (TEXT, 0.75), (AUDIO, 0.73), (BOTH, 0.74))}  # fmt: skip
    step, rose, steps = mean_step(figures)
    assert (step.value, rose, steps) == (pytest.approx(0.02), 3, 4)
    assert step.high - step.value == pytest.approx(0.02 * 0.5 * 2**0.5)


def test_a_run_with_the_base_of_a_mix_serves_if_the_same_attackers_judged_it() -> None:
    plan = make_config("synthetic", preset="quick", method="none", modalities=("text",))
    mitigated = make_config("synthetic", preset="quick", method="leace", weights={"gender": 1}, modalities=("text",))
    other = mitigated.model_copy(update={"modalities": ("audio",)})
    assert trained_on(plan, [other, mitigated]) == 1
    assert trained_on(plan, [mitigated.model_copy(update={"panel": "full"})]) is None


def test_time_is_that_of_the_opened_run_with_training_cut_to_quick() -> None:
    opened_run = make_config("synthetic", preset="standard")  # 300 epochs; quick has 40
    quick = make_config("synthetic", preset="quick")
    stages = [StageTime(name="pretrain", seconds=300), StageTime(name="audit", seconds=20)]
    assert seconds_for(3, opened_run, quick, stages) == pytest.approx(3 * (300 * 40 / 300 + 20))
    assert seconds_for(2, quick, quick, []) == 40


# words -------------------------------------------------------------------------------------------------------------


def test_a_modality_that_takes_leakage_and_no_accuracy_is_dropped_first() -> None:
    """Without audio 4 of 30 tries go, surely more than 3; and 0.001 of 0.27 accuracy, under 3 % of it."""
    both = found(recalls(text=0.269, audio=0.221, both=0.27))
    assert words.headline(both) == "Dropping audio would remove leakage at almost no cost."
    assert [each.name for each in both.shares] == ["audio", "text"]
    assert words.deck(both, "Gender", "films") == (
        "It adds 9 of the 30 tries above guessing. Without it the attackers are right 76 times in 100 instead of 80, "
        "and the recommender finds 26.9 films of 100 instead of 27.0."
    )


def test_a_sliver_is_not_worth_a_headline() -> None:
    """2 of 30 tries, surely: under a tenth."""
    both = found(recalls(text=0.269, audio=0.221, both=0.27), drops=DROPS | {"audio": (0.02, 0.01, 0.03)})
    assert both.droppable is None
    assert words.headline(both) == "Every modality earns its leakage."


def test_shares_alone_are_no_reason_to_drop() -> None:
    """Both add to leakage, but whichever is left out, the other says the same."""
    none = {"text": (0.001, -0.01, 0.01), "audio": (0.0, -0.01, 0.01)}
    both = found(recalls(text=0.27, audio=0.27, both=0.27), drops=none)
    assert words.headline(both) == "Every modality earns its leakage."
    assert "the others tell the same" in words.deck(both, "Gender", "films")
    idle = found(recalls(text=0.20, audio=0.20, both=0.20), drops=none)
    assert words.headline(idle) == "No modality stands out as one to drop."


def test_what_earns_its_leakage_is_said_with_its_price() -> None:
    both = found(recalls(text=0.26, audio=0.24, both=0.29))
    assert words.headline(both) == "Every modality earns its leakage."
    assert words.deck(both, "Gender", "films") == (
        "Without text the attackers are right 64 times in 100 instead of 80, and the recommender finds 24.0 films of "
        "100 instead of 29.0."
    )


def test_too_few_subsets_say_what_leaks_all_the_same() -> None:
    assert words.headline(found()) == "Too few subsets were trained to say."
    assert words.deck(found(), "Gender", "films").startswith("Text adds 21 of the 30 tries above guessing for gender.")


def test_nothing_that_leaks_is_said_before_anything_else() -> None:
    shares = tuple(
        Share(name, name, Figure(0.01, -0.02, 0.04, 900), Figure(0, -0.02, 0.02, 900)) for name in ("text", "audio")
    )
    quiet = Mixes({BOTH: Figure(0.52, 0.47, 0.57, 900)}, {}, shares)
    assert words.headline(quiet) == "No modality adds leakage we can measure."
    assert "right 47 to 57 times in 100" in words.deck(quiet, "Gender", "films")


@pytest.mark.parametrize(
    ("step", "begins"),
    [
        (Figure(0.02, 0.006, 0.034, 900), "Yes. One modality more changes"),
        (Figure(0.02, -0.006, 0.046, 900), "There is no telling. One"),
        (Figure(-0.02, -0.034, -0.006, 900), "No, they leak less. One"),
    ],
)
def test_more_modalities_more_leakage_is_answered_by_the_interval(step: Figure, begins: str) -> None:
    assert words.more_leak_more(step, 9, 12, "Gender").startswith(begins)


def test_the_claim_prints_its_interval_outwards() -> None:
    sentence = words.more_leak_more(Figure(0.0204, 0.0061, 0.0347, 900), 9, 12, "Gender")
    assert "by +2.0 (+0.6 to +3.5) on average. It rose in nine of twelve steps." in sentence.replace("\\", "")


def test_tries_are_whole_and_never_nothing() -> None:
    assert [words.more_tries(value) for value in (0.003, 0.0, 0.094, -0.021)] == ["under 1", "0", "9", "−2"]


# the butterfly -----------------------------------------------------------------------------------------------------


def test_leakage_grows_to_the_left_and_accuracy_to_the_right() -> None:
    both = found(recalls(text=0.26, audio=0.22, both=0.27))
    left, right = butterfly(both.shares, "films").data
    assert (left.marker.color, right.marker.color) == ((theme.LEAKS,) * 2, (theme.AFTER,) * 2)
    assert max(left.x) < 0 < min(right.x)
    assert right.x[0] / right.x[1] == pytest.approx(0.055 / 0.015, rel=0.02)
    assert [text.split("<br>")[1] for text in left.text] == [
        "right answers in 100 tries: 21.00", "right answers in 100 tries: 9.00",
    ]  # fmt: skip


def test_figures_stand_outside_their_intervals() -> None:
    fig = butterfly(found(recalls(0.26, 0.22, 0.27)).shares, "films")
    ends = {(line.x0, line.x1) for line in fig.layout.shapes if line.line.width == 2}
    numbers = {note.text: note for note in fig.layout.annotations if note.font.size == theme.LABEL}
    assert numbers["<b>21</b>"].xanchor == "right"
    assert numbers["<b>21</b>"].x in {end[1] for end in ends}
    assert numbers["<b>5.5</b>"].xanchor == "left"
    assert numbers["<b>5.5</b>"].x in {end[1] for end in ends}


def test_what_takes_accuracy_away_lies_on_the_other_side_of_an_upright_at_nothing() -> None:
    fig = butterfly(found(recalls(text=0.19, audio=0.23, both=0.22)).shares, "films")
    right = fig.data[1]
    zero = right.base[0]
    assert zero > 0.05  # the scale begins below nothing, so nothing is not at its edge
    by_title = dict(zip((text.split("</b>")[0][3:] for text in right.text), right.x, strict=True))
    assert by_title["Text"] < 0 < by_title["Audio"]
    assert sum(line.x0 == line.x1 == zero for line in fig.layout.shapes) == 1
    assert [note.x for note in fig.layout.annotations if note.text.endswith(">0</span>")] == [zero]
    assert [colour == theme.AFTER for colour in right.marker.color] == [value > 0 for value in right.x]


def test_without_accuracy_there_is_one_wing_and_the_other_says_why() -> None:
    fig = butterfly(found().shares, "films")
    assert len(fig.data) == 1
    assert any("not trained yet" in note.text for note in fig.layout.annotations)


def test_only_what_is_to_be_dropped_says_so() -> None:
    both = found(recalls(text=0.269, audio=0.22, both=0.27))
    assert (
        sum(
            "drop this first" in note.text
            for note in butterfly(both.shares, "films", both.droppable).layout.annotations
        )
        == 1
    )
    assert not any("drop this first" in note.text for note in butterfly(both.shares, "films").layout.annotations)


def test_exact_figures_hold_both_sides() -> None:
    exact = as_table(found(recalls(0.26, 0.22, 0.27)))
    assert exact.loc[0, ["modality", "adds to AUC", "adds to AUC, high", "adds to Recall@20"]].tolist() == [
        "Text", 0.21, 0.23, pytest.approx(0.055, abs=1e-9),
    ]  # fmt: skip


# the page ----------------------------------------------------------------------------------------------------------


def with_mixes(home: Path, **settings: Any) -> RunFolder:
    run = finished_run(home, **settings)
    run.write_table("audit/modalities.csv", table())
    return run


def train_mixes(home: Path, means: dict[tuple[str, ...], float]) -> None:
    """The opened run has the base of the mix of all; the others are runs of their own."""
    values = recalls(*(means[key] for key in (("text",), ("audio",), ("text", "audio"), ())))
    for place, modalities in enumerate(means):
        run = (
            Store(home).run(RUN_ID)
            if len(modalities) == 2
            else finished_run(
                home,
                run_id=f"20250101-00000{place}-synthetic-none-000{place}",
                method="none",
                weights={},
                modalities=modalities,
                recommender="lattice" if modalities else "lightgcn",
            )
        )
        frame = pd.DataFrame({"user": make_people()["user"], "recall@20.before": values[frozenset(modalities)]})
        frame.to_parquet(run.path / "per_user.parquet")


MEANS = {(): 0.20, ("text",): 0.269, ("audio",): 0.22, ("text", "audio"): 0.27}


def test_the_view_shows_the_butterfly_and_offers_to_train_what_is_missing(home: Path) -> None:
    with_mixes(home)
    at = opened("leakage", view="modalities", attribute="gender", run=RUN_ID)
    assert at.title[0].value == "Too few subsets were trained to say."
    assert len(at.get("plotly_chart")) == 1
    # the opened run is one of the four; 31 s of training, 22 of the audit and 9 of the map, three times
    assert at.button(key="train_subsets").label == "Train the subsets, about 3 minutes"
    at.button(key="train_subsets").click().run()
    queued = [run.config() for run in client.queue(Store(home))]
    assert [config.modalities for config in queued] == [(), ("text",), ("audio",)]


def test_what_waits_is_not_offered_again(home: Path) -> None:
    run = with_mixes(home)
    client.submit(Store(home), run.config().model_copy(update={"modalities": ("text",)}))
    at = opened("leakage", view="modalities", attribute="gender", run=RUN_ID)
    assert at.button(key="train_subsets").label == "Train the subsets, about 2 minutes"


def test_a_recommender_without_modalities_says_why_nothing_is_trained(home: Path) -> None:
    with_mixes(home, recommender="lightgcn")
    at = opened("leakage", view="modalities", attribute="gender", run=RUN_ID)
    assert "LightGCN looks at no modality" in said(at)
    assert "train_subsets" not in [button.key for button in at.button]


def test_trained_mixes_fill_the_other_wing_and_answer_the_claim(home: Path) -> None:
    with_mixes(home)
    train_mixes(home, MEANS)
    at = opened("leakage", view="modalities", attribute="gender", run=RUN_ID)
    assert at.title[0].value == "Dropping audio would remove leakage at almost no cost."
    assert "train_subsets" not in [button.key for button in at.button]
    assert "There is no telling. One modality more changes" in said(at)
    assert "not a promise for a retrained model" in said(at)


def test_switches_read_from_what_was_computed(home: Path) -> None:
    with_mixes(home)
    train_mixes(home, MEANS)
    at = opened("leakage", view="modalities", attribute="gender", run=RUN_ID)
    assert [(each.label, each.value, each.delta) for each in at.metric] == [
        ("Right in 100 tries", "80", "all on: 80"), ("Films found of 100", "27.0", "all on: 27.0"),
    ]  # fmt: skip
    at.toggle(key="mix_text").set_value(False).run()
    assert [each.value for each in at.metric] == ["64", "22.0"]
    at.toggle(key="mix_audio").set_value(False).run()
    assert [each.value for each in at.metric] == ["50", "20.0"]


def test_an_attribute_that_was_not_attacked_keeps_the_switches(home: Path) -> None:
    with_mixes(home)
    at = opened("leakage", view="modalities", attribute="age", run=RUN_ID)
    assert at.title[0].value == "Too few people gave this attribute to attack it in every mix."
    assert not at.get("plotly_chart")


def test_a_run_from_before_the_mixes_says_so(home: Path) -> None:
    finished_run(home)
    at = opened("leakage", view="modalities", run=RUN_ID)
    assert at.title[0].value == "There is no choice of modalities to judge."
    assert len(at.info) == 1
