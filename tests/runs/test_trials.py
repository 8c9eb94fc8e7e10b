"""Other weights of a finished run: found as a whole run would find them, once, and only where nothing is trained."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fmm_core.runs import client
from fmm_core.runs.config import RunConfig, TrialConfig, make_config, weights_key
from fmm_core.runs.store import RunFolder, Status, Store
from fmm_core.runs.sweep import grid
from fmm_core.runs.tables import WEIGHTS
from fmm_core.runs.worker import execute

SHORT = {"recommender.epochs": 8, "recommender.validate_every": 4, "map_users": 100}


def settings(**changes: object) -> RunConfig:
    common = {"recommender": "lightgcn", "method": "repair", "weights": {"gender": 1.0}, "modalities": ()}
    return make_config("synthetic", preset="quick", settings=SHORT, **common | changes)


def carried_out(store: Store, config: RunConfig | TrialConfig) -> Status:
    return execute(store.new_run(config), store)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def run(store: Store) -> RunFolder:
    found = store.new_run(settings())
    assert execute(found, store).state == "done"
    return found


def rows(run: RunFolder, weights: dict[str, float]) -> pd.DataFrame:
    table = run.table(WEIGHTS)
    return table[table["weights"] == weights_key(weights)].set_index(["kind", "attribute", "group"]).sort_index()


def test_a_trial_finds_what_a_whole_run_finds(store: Store, run: RunFolder) -> None:
    weights = {"gender": 0.5, "age": 0.25}
    assert carried_out(store, TrialConfig(run=run.id, points=(weights,))).state == "done"
    whole = store.new_run(settings(weights=weights))
    assert execute(whole, store).state == "done"
    found, leakage = rows(run, weights), whole.table("audit/leakage.csv")
    leakage = leakage[(leakage.representation == "user_vector") & (leakage.phase == "after") & (leakage.users == "all")]
    for name in ("gender", "age"):
        for kind in ("strongest", "linear"):
            expected = leakage[(leakage.attribute == name) & (leakage.attacker == kind) & (leakage.metric == "auc")]
            numbers = ["value", "ci_low", "ci_high"]
            np.testing.assert_allclose(
                found.loc[(kind, name, ""), numbers].astype(float), expected[numbers].iloc[0], atol=2e-6
            )
    accuracy = whole.table("audit/accuracy.csv")
    recall = accuracy[(accuracy.metric == "recall") & (accuracy.k == 20)].set_index("model").value
    assert found.loc[("kept", "", ""), "value"] == pytest.approx(recall["mitigated"] / recall["base"], abs=2e-5)
    groups = whole.table("audit/groups.csv")
    groups = groups[(groups.model == "mitigated") & (groups.metric == "recall") & (groups.k == 20)]
    women = groups[groups.group == "women"].iloc[0]
    assert found.loc[("change", "gender", "women"), "value"] == pytest.approx(women.paired_difference, abs=2e-5)


def test_people_whose_label_was_kept_back_are_not_counted_in(store: Store) -> None:
    whole = store.new_run(settings(disclosed=0.7))
    assert execute(whole, store).state == "done"
    assert carried_out(store, TrialConfig(run=whole.id, points=({"gender": 1.0},))).state == "done"
    leakage = whole.table("audit/leakage.csv")
    expected = leakage[
        (leakage.representation == "user_vector") & (leakage.phase == "after") & (leakage.users == "all")
        & (leakage.attribute == "gender") & (leakage.attacker == "strongest")
    ].iloc[0]  # fmt: skip
    found = rows(whole, {"gender": 1.0}).loc[("strongest", "gender", "")]
    assert found["n_users"] == expected["n_users"]
    assert found["value"] == pytest.approx(expected["value"], abs=2e-6)


def test_without_weights_nothing_changes(store: Store, run: RunFolder) -> None:
    assert carried_out(store, TrialConfig(run=run.id, points=({"gender": 0.0},))).state == "done"
    found = rows(run, {})
    assert found.loc[("kept", "", ""), "value"] == 1
    assert (found.loc["change", "value"] == 0).all()


def test_what_was_tried_is_not_tried_again(store: Store, run: RunFolder) -> None:
    twice = TrialConfig(run=run.id, points=({"age": 0.75}, {"age": 0.75, "gender": 0.0}))
    assert [carried_out(store, twice).state for _ in range(2)] == ["done", "done"]
    table = run.table(WEIGHTS)
    block = table[table["weights"] == weights_key({"age": 0.75})]
    assert not block.duplicated(["kind", "attribute", "group"]).any()


def test_the_command_line_tries_weights_too(store: Store, run: RunFolder) -> None:
    command = [sys.executable, "-m", "fmm_core", "runs", "try", run.id, "--weight", "gender=0.8", "--store", store.home]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = rows(run, {"gender": 0.8})
    assert f"{found.loc[('strongest', 'gender', ''), 'value']:.3f}" in done.stdout
    assert f"Recall@20 kept: {found.loc[('kept', '', ''), 'value']:.1%}" in done.stdout
    assert not any({"gender": 0.8} in client.trial_points(job) for job in client.trials(store, run))


def test_a_trained_mitigation_is_refused(store: Store) -> None:
    trained = store.new_run(settings(method="cal"))
    trained.write_status(Status(state="done"))
    status = carried_out(store, TrialConfig(run=trained.id, points=({"gender": 1.0},)))
    assert status.state == "failed"
    assert status.error is not None
    assert status.error.what == "CAL is trained anew for every weight"


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"height": 1.0}, "height has a weight but is not among the attributes to audit"),
        ({"gender": -1.0}, "the weight of gender is -1.0; a weight is 0 or more"),
    ],
)
def test_weights_that_cannot_be_are_refused(
    store: Store, run: RunFolder, weights: dict[str, float], sentence: str
) -> None:
    status = carried_out(store, TrialConfig(run=run.id, points=({"gender": 0.9}, weights)))
    assert status.error is not None
    assert status.error.what == sentence
    assert weights_key({"gender": 0.9}) not in set(run.table(WEIGHTS)["weights"])


def test_a_run_that_is_gone_is_said(store: Store) -> None:
    status = carried_out(store, TrialConfig(run="nothing", points=({"gender": 1.0},)))
    assert status.error is not None
    assert status.error.what == 'there is no run "nothing"'


def test_trials_wait_in_a_lane_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(client, "start_worker", lambda _, lane: started.append(lane))
    store = Store(tmp_path)
    made = store.new_run(settings())
    job = client.try_weights(store, made, [{"gender": 0.3}])
    assert started == ["trials"]
    assert [each.id for each in client.trials(store, made)] == [job.id]
    assert client.trial_points(job) == ({"gender": 0.3},)
    assert [each.id for each in store.runs()] == [made.id]


def test_the_grid_moves_one_weight_at_a_time_and_all_together() -> None:
    points = grid(settings(weights={"gender": 1.0, "age": 0.5}), ["gender", "age"])
    found = {(point.get("gender", 0), point.get("age", 0)) for point in points}
    steps = (0, 0.25, 0.5, 0.75, 1)
    assert found == {(1, 0.5)} | {(g, 0.5) for g in steps} | {(1, a) for a in steps} | {(s, s) for s in steps}
    assert len(points) == len(found)
