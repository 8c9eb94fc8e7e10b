"""Other weights: the estimate by hand, and the view in every state a reader may meet."""

import json
from pathlib import Path

import pandas as pd
import pytest
from fixtures import finished_run, headline, opened, said
from streamlit.testing.v1 import AppTest

from dashboard.live import Outcome, Trials, trials
from fmm_core.runs import client
from fmm_core.runs.locks import Lock
from fmm_core.runs.store import Problem, RunFolder, Status, Store

OWN = {"gender": 1.0}
NAMES = ("gender", "age")


def block(gender: float, age: float, attack: float, kept: float = 0.9) -> pd.DataFrame:
    weights = json.dumps({name: each for name, each in (("age", age), ("gender", gender)) if each > 0})
    lines = [("strongest", name, "", attack) for name in ("gender", "age", "handedness")]
    lines += [("linear", name, "", attack) for name in ("gender", "age", "handedness")]
    lines += [("kept", "", "", kept), ("change", "", "everyone", -0.01), ("change", "gender", "women", -0.05)]
    rows = [(weights, kind, name, group, value, value - 0.02, value + 0.02, 1200) for kind, name, group, value in lines]
    columns = ["weights", "kind", "attribute", "group", "value", "ci_low", "ci_high", "n_users"]
    return pd.DataFrame(rows, columns=columns)


def tried(*blocks: pd.DataFrame) -> Trials:
    found = trials(pd.concat(blocks), NAMES)
    assert found is not None
    return found


AXES = (block(1, 0, 0.6), block(0, 0, 0.8), block(1, 1, 0.5))
"""The run's own weights, gender alone moved, age alone moved."""


def outcome(found: Trials, gender: float, age: float) -> Outcome:
    told = found.outcome({"gender": gender, "age": age}, OWN)
    assert told is not None
    return told


def test_weights_that_were_tried_are_told_exactly() -> None:
    told = outcome(tried(*AXES), 0, 0)
    assert told.exact
    assert told.attacks["gender"].value == 0.8
    assert told.attacks["gender"].low == pytest.approx(0.78)


def test_between_two_steps_the_estimate_is_straight() -> None:
    told = outcome(tried(*AXES), 0.25, 0)
    assert not told.exact
    assert told.attacks["gender"].value == pytest.approx(0.8 - 0.25 * 0.2)


def test_changes_along_several_weights_add_up() -> None:
    assert outcome(tried(*AXES), 0.5, 0.5).attacks["age"].value == pytest.approx(0.6 + 0.1 - 0.05)


def test_what_sums_miss_at_weights_that_were_tried_corrects_those_near_by() -> None:
    """At (0, 1) sums say 0.7, 0.74 was found. At (0, 0.5) and with √ distances by hand: 1/4 away, so are (0, 0)'s."""
    found = tried(*AXES, block(0, 1, 0.74))
    near = 1 / 0.5**2
    others = [1 / 1.25, 1 / 0.5**2, 1 / 1.25]  # (1, 0), (0, 0) and (1, 1) miss nothing
    expected = (0.8 - 0.05) + 0.04 * near / (near + sum(others))
    assert outcome(found, 0, 0.5).attacks["gender"].value == pytest.approx(expected)


def test_nothing_is_estimated_beyond_what_was_tried() -> None:
    assert tried(block(1, 0, 0.6), block(0.5, 0, 0.7)).outcome({"gender": 0.25}, OWN) is None
    assert tried(block(0, 0, 0.8), block(0, 1, 0.7)).outcome({"age": 0.5, "gender": 0.5}, OWN) is None
    assert trials(block(0, 0, 0.8).iloc[:0], NAMES) is None


def test_groups_come_by_loss() -> None:
    assert [each.group for each in outcome(tried(*AXES), 0, 0).changes] == ["women", "everyone"]


def view(home: Path, **settings: object) -> tuple[AppTest, RunFolder]:
    run = finished_run(home, **settings)
    return opened("tradeoffs", run=run.id, view="live"), run


def moved(app: AppTest, run: RunFolder, **weights: float) -> AppTest:
    for name, weight in weights.items():
        app.slider(key=f"live_{run.id}_{name}").set_value(weight)
    app.run()
    assert not app.exception
    return app


def test_the_view_opens_with_the_kept_run(home: Path) -> None:
    app, run = view(home)
    assert headline(app) == "Move a weight and watch what the attackers can still read."
    assert {each.label: each.value for each in app.slider} == {
        "Weight on gender": 1.0, "Weight on age": 0.5, "Weight on handedness": 0.0,
    }  # fmt: skip
    assert "The weights of the kept run." in said(app)
    assert [each.value for each in app.metric] == ["97.0 %", "Age 55 and over"]
    assert app.button(key="keep_weights").disabled
    assert client.trials(Store(home), run) == []


def test_weights_that_nobody_tried_are_asked_for_once(home: Path) -> None:
    app, run = view(home)
    moved(app, run, gender=0.4)
    assert "The marks still show the kept run." in said(app)
    (job,) = client.trials(Store(home), run)
    assert client.trial_points(job) == ({"gender": 1.0, "age": 0.5}, {"gender": 0.4, "age": 0.5})
    app.run()
    assert len(client.trials(Store(home), run)) == 1


def test_the_last_weights_asked_for_come_first(home: Path) -> None:
    app, run = view(home)
    moved(app, run, gender=0.4)
    moved(app, run, gender=0.6)
    waiting = [each for each in client.trials(Store(home), run) if each.status().state == "queued"]
    assert [client.trial_points(each) for each in waiting] == [
        ({"gender": 1.0, "age": 0.5}, {"gender": 0.6, "age": 0.5}, {"gender": 0.4, "age": 0.5})
    ]


def test_an_estimate_says_so_and_what_was_worked_out_too(home: Path) -> None:
    run = finished_run(home)
    run.write_table("audit/weights.csv", pd.concat([block(1, 0.5, 0.6), block(0, 0.5, 0.8, kept=0.99)]))
    app = opened("tradeoffs", run=run.id, view="live")
    moved(app, run, gender=0.5)
    assert "An **estimate**" in said(app)
    assert app.metric[0].value == "94.5 %"
    moved(app, run, gender=0.0)
    assert "Worked out by the quick attackers." in said(app)
    assert (app.metric[0].value, app.metric[0].delta) == ("99.0 %", "+2.0 against the kept run")
    assert app.metric[1].value == "Women"


def test_kept_weights_become_a_run(home: Path) -> None:
    app, run = view(home)
    moved(app, run, gender=0.4, age=0.0)
    app.button(key="keep_weights").click().run()
    assert not app.exception
    (queued,) = client.queue(Store(home), "runs")
    assert queued.config().active_weights == {"gender": 0.4}
    assert queued.config().model_copy(update={"weights": {}}) == run.config().model_copy(update={"weights": {}})


def test_one_click_leads_back(home: Path) -> None:
    app, run = view(home)
    moved(app, run, gender=0.4)
    app.button(key="back_to_kept").click().run()
    assert app.slider(key=f"live_{run.id}_gender").value == 1.0
    assert "The weights of the kept run." in said(app)


def test_other_weights_are_prepared_on_request_and_can_be_stopped(home: Path) -> None:
    app, run = view(home)
    app.button(key="prepare_weights").click().run()
    (job,) = client.trials(Store(home), run)
    assert len(client.trial_points(job)) > 10
    assert "Working out other weights" in said(app)
    app.button(key="stop_trials").click().run()
    assert client.trials(Store(home), run)[0].status().state == "cancelled"


def test_a_trial_at_work_that_was_stopped_is_not_waited_for(home: Path) -> None:
    app, run = view(home)
    app.button(key="prepare_weights").click().run()
    (job,) = client.trials(Store(home), run)
    with Lock(job.lock):
        assert client.claim(job)
        job.write_status(Status(state="running"))
        app.button(key="stop_trials").click().run()
        assert job.status().state == "running"
        assert "Working out other weights" not in said(app)
        assert app.button(key="prepare_weights")
    assert job.cancel_request.exists()


def test_what_failed_is_a_sentence_and_is_not_tried_for_ever(home: Path) -> None:
    app, run = view(home)
    moved(app, run, gender=0.4)
    (job,) = client.trials(Store(home), run)
    assert client.claim(job)
    job.write_status(Status(state="failed", error=Problem(what="the data set is gone", mend="Import it again.")))
    app.run()
    assert [each.value for each in app.error] == ["The data set is gone. Import it again."]
    assert [each.id for each in client.trials(Store(home), run)] == [job.id]


def test_a_trained_mitigation_is_queued(home: Path) -> None:
    app, run = view(home, method="cal", weights={"gender": 0.1})
    assert "must be trained anew" in said(app)
    moved(app, run, gender=0.5)
    assert client.trials(Store(home), run) == []
    assert app.button(key="keep_weights").label == "Queue these weights"
    assert "These weights need a run of their own." in said(app)


def test_a_link_to_a_job_that_is_no_run_leads_nowhere(home: Path) -> None:
    run = finished_run(home)
    job = client.try_weights(Store(home), run, [{"gender": 0.5}])
    app = opened("tradeoffs", run=job.id)
    assert not app.error
    assert job.id in app.warning[0].value


def test_a_weight_above_all_steps_stays_within_reach(home: Path) -> None:
    app, run = view(home, method="ridge", weights={"gender": 4.0})
    assert app.slider(key=f"live_{run.id}_gender").value == 4.0


def test_without_a_mitigation_there_is_no_weight_to_move(home: Path) -> None:
    app, _ = view(home, method="none", weights={})
    assert headline(app) == "Nobody was protected in this run, so there is no weight to move."
    assert len(app.slider) == 0
