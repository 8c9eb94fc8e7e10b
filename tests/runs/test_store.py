"""The store: ids, whole files, states read from locks, and deletion."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from fmm_core.errors import StoreError
from fmm_core.runs import client
from fmm_core.runs.config import FetchConfig, make_config
from fmm_core.runs.locks import Lock, is_held
from fmm_core.runs.store import RunFolder, Status, Store, create_run
from fmm_core.runs.tables import TABLES
from fmm_core.runs.worker import settle_interrupted

HOLD = """
import sys, time
from pathlib import Path
from fmm_core.runs.locks import Lock
with Lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def run(store: Store) -> RunFolder:
    return store.new_run(make_config("synthetic", weights={"gender": 1}))


def test_run_id_names_data_and_method(run: RunFolder) -> None:
    date, time, rest = run.id.split("-", 2)
    assert (len(date), len(time)) == (8, 6)
    assert rest.startswith("synthetic-flow-")


def test_a_used_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(StoreError, match=r"this folder is not empty\. Name a new or an empty folder\."):
        create_run(tmp_path, make_config("synthetic"))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_fetches_are_jobs_but_not_runs(store: Store, run: RunFolder) -> None:
    job = store.new_run(FetchConfig(dataset="synthetic"))
    assert {item.id for item in store.jobs()} == {job.id, run.id}
    assert [item.id for item in store.runs()] == [run.id]


@pytest.mark.parametrize("run_id", ["missing", "../runs", "", "."])
def test_an_unknown_run_is_said(store: Store, run_id: str) -> None:
    with pytest.raises(StoreError, match="there is no run"):
        store.run(run_id)


def test_running_without_a_lock_is_interrupted(run: RunFolder) -> None:
    run.write_status(Status(state="running", stage="pretrain"))
    with Lock(run.lock):
        assert run.status().state == "running"
    status = run.status()
    assert status.state == "interrupted"
    assert status.error is not None
    assert status.error.what == "the worker stopped at step pretrain"


def test_settling_writes_the_interruption_down(store: Store, run: RunFolder) -> None:
    run.write_status(Status(state="running", stage="audit"))
    settle_interrupted(store, "runs")
    assert '"state": "interrupted"' in (run.path / "status.json").read_text(encoding="utf-8")


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert is_held(path)
    with pytest.raises(StoreError, match="another process holds this lock"), Lock(path, patience_s=0):
        pass
    holder.kill()
    holder.wait()
    assert not is_held(path)


def test_only_one_claims_a_waiting_run(run: RunFolder) -> None:
    run.queued.touch()
    assert client.claim(run)
    assert not client.claim(run)


def test_queue_is_first_come_first_served(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "start_worker", lambda *_: None)
    configs = [make_config("synthetic", seed=seed) for seed in range(12)]
    submitted = client.submit(store, *configs)
    assert [run.config().seed for run in client.queue(store)] == list(range(12))
    assert [run.id for run in client.queue(store)] == [run.id for run in submitted]


def test_cancelling_a_waiting_run_ends_it_at_once(run: RunFolder) -> None:
    run.queued.touch()
    client.cancel(run)
    assert run.status().state == "cancelled"
    assert not run.queued.exists()
    with pytest.raises(StoreError, match="this run is already cancelled"):
        client.cancel(run)


def test_resume_queues_again(store: Store, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "start_worker", lambda *_: None)
    run.write_status(Status(state="failed"))
    client.resume(store, run)
    assert run.status().state == "queued"
    assert run.queued.exists()
    with pytest.raises(StoreError, match="this run is queued"):
        client.resume(store, run)


def test_a_running_run_is_not_deleted(store: Store, run: RunFolder) -> None:
    with Lock(run.lock), pytest.raises(StoreError, match=r"this run is running\. Cancel it first\."):
        store.delete_run(run.id)
    store.delete_run(run.id)
    assert store.runs() == []


def test_a_table_that_breaks_the_contract_is_not_written(run: RunFolder) -> None:
    frame = pd.DataFrame({"stage": ["pretrain"], "epoch": [1], "name": ["loss"], "value": [0.5], "seconds": [1.0]})
    run.write_table("history.csv", frame)
    pd.testing.assert_frame_equal(run.table("history.csv"), frame, check_dtype=False)
    with pytest.raises(StoreError, match=r"values \['bake'\] are not allowed"):
        run.write_table("history.csv", frame.assign(stage="bake"))
    with pytest.raises(StoreError, match=r"missing columns \['epoch'\]"):
        run.write_table("history.csv", frame.drop(columns="epoch"))
    assert [path.name for path in run.path.glob("*.csv")] == ["history.csv"]


RISKY = ["=1+1", "+a", "-b", "@c", "\td", "\re", "'f", "'=g", "plain", "a\r=h", "x,\n=y", ""]


def test_texts_on_disk_never_run_as_a_formula_and_are_read_back_as_they_were(run: RunFolder) -> None:
    frame = pd.DataFrame({"stage": "audit", "epoch": 1, "name": RISKY, "value": -0.5, "seconds": 1.0})
    run.write_table("history.csv", frame)
    with (run.path / "history.csv").open(newline="", encoding="utf-8") as file:
        cells = [row[2] for row in csv.reader(file)][1:]
    assert cells == ["'=1+1", "'+a", "'-b", "'@c", "'\td", "'\re", "''f", "''=g", "plain", "a\r=h", "x,\n=y", ""]
    assert b'"a\r=h"' in (run.path / "history.csv").read_bytes()  # quoted, or it would begin a row
    assert run.table("history.csv")["name"].tolist() == RISKY
    assert run.table("history.csv")["value"].tolist() == [-0.5] * len(RISKY)


def test_a_table_without_rows_is_a_table(run: RunFolder) -> None:
    for name, table in TABLES.items():
        run.write_table(name, pd.DataFrame(columns=list(table.columns)))
        assert run.table(name).columns.tolist() == list(table.columns)


def test_a_table_from_before_p_values_were_adjusted_still_opens(run: RunFolder) -> None:
    earlier = [column for column in TABLES["audit/leakage.csv"].columns if column not in ("p_adjusted", "p_max_t")]
    (run.path / "audit").mkdir(exist_ok=True)
    (run.path / "audit" / "leakage.csv").write_text(",".join(earlier) + "\n", encoding="utf-8")
    assert run.table("audit/leakage.csv").columns.tolist() == list(TABLES["audit/leakage.csv"].columns)


@pytest.mark.parametrize("method", ["flow", "ridge"])
def test_a_run_from_before_people_could_start_elsewhere_does_not_claim_today_s_default(
    run: RunFolder, method: str
) -> None:
    config = make_config("synthetic", method=method).model_dump(mode="json")
    del config["mitigation"]["start"]
    (run.path / "config.json").write_text(json.dumps(config))
    assert run.config().mitigation.start == run.made_with().mitigation.start == 0.0
    run.write_config(make_config("synthetic", method=method, settings={"mitigation.start": 0.3}))
    assert run.config().mitigation.start == 0.3


def test_a_damaged_status_is_said(run: RunFolder) -> None:
    (run.path / "status.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"status\.json is damaged\. Delete the run\."):
        run.status()
