"""The worker as a process of its own: state changes, a cancel, a kill, and never two of them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fmm_core.runs import client
from fmm_core.runs.config import FetchConfig, RunConfig, make_config
from fmm_core.runs.locks import is_held
from fmm_core.runs.store import RunFolder, Store

PATIENCE_S = 120


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Every worker that the client starts; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []
    start = client.start_worker
    monkeypatch.setattr(client, "start_worker", lambda store, lane: started.append(start(store, lane)))
    yield started
    for worker in started:
        worker.kill()
        worker.wait()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def long_run() -> RunConfig:
    """A run that trains for minutes if nobody stops it."""
    settings = {"recommender.epochs": 10_000, "recommender.patience": 10_000}
    return make_config("synthetic", recommender="lightgcn", method="none", settings=settings)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happened for two minutes"
        time.sleep(0.05)


def is_training(run: RunFolder) -> bool:
    return run.status().stage == "pretrain" and run.status().fraction > 0


def test_a_fetch_goes_from_queued_to_done(store: Store, workers: list) -> None:
    (job,) = client.submit(store, FetchConfig(dataset="synthetic"))
    assert job.status().state in ("queued", "running")
    wait_for(lambda: job.status().state == "done")
    assert [card["slug"] for card in store.datasets()] == ["synthetic"]
    assert len(workers) == 1


def test_a_failed_job_says_why_and_the_next_one_runs(store: Store, workers: list) -> None:
    broken, sound = client.submit(store, FetchConfig(dataset="nothing"), FetchConfig(dataset="synthetic"))
    wait_for(lambda: sound.status().state == "done")
    status = broken.status()
    assert status.state == "failed"
    assert status.error is not None
    assert status.error.what == 'there is no data set "nothing"'
    assert len(workers) == 1


def test_a_cancel_stops_a_run_in_training(store: Store, workers: list) -> None:
    (run,) = client.submit(store, long_run())
    wait_for(lambda: run.has("history.csv"))
    client.cancel(run)
    wait_for(lambda: run.status().state == "cancelled")
    assert run.status().stage == "pretrain"
    assert len(workers) == 1


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a POSIX signal")
def test_after_a_kill_the_run_is_interrupted_at_once_and_the_next_one_starts(store: Store, workers: list) -> None:
    run, following = client.submit(store, long_run(), long_run())
    wait_for(lambda: is_training(run))
    os.kill(workers[0].pid, signal.SIGKILL)
    workers[0].wait()
    assert run.status().state == "interrupted"
    client.tend(store)
    wait_for(lambda: is_training(following))
    assert run.status().state == "interrupted"
    assert len(workers) == 2


def test_files_do_not_wait_for_a_training(store: Store, workers: list) -> None:
    run, job = client.submit(store, long_run(), FetchConfig(dataset="synthetic"))
    wait_for(lambda: job.status().state == "done")
    assert run.status().state in ("queued", "running")
    assert len(workers) == 2


def test_a_second_worker_leaves_at_once(store: Store, workers: list) -> None:
    client.submit(store, long_run())
    wait_for(lambda: is_held(store.worker_lock("runs")))
    second = client.start_worker
    second(store, "runs")
    assert workers[1].wait(PATIENCE_S) == 2
    assert workers[0].poll() is None
