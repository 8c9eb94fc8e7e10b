"""What the dashboard may do with runs: submit, watch, cancel, resume, delete. No torch (contract C7)."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from fmm_core.data.plan import CheckReport, Plan
from fmm_core.errors import StoreError
from fmm_core.runs.config import CheckConfig, ImportConfig, Job, TrialConfig, Weights
from fmm_core.runs.deletion import delete_dataset as delete_dataset
from fmm_core.runs.deletion import what_goes as what_goes
from fmm_core.runs.files import read_json, write_whole
from fmm_core.runs.locks import is_held
from fmm_core.runs.store import ENDED, RunFolder, Status, Store

_ROOT = Path(__file__).resolve().parents[2]


Lane = Literal["runs", "files", "trials"]
LANES: dict[Lane, tuple[str, ...]] = {
    "runs": ("experiment", "audit"),
    "files": ("fetch", "check", "import"),
    "trials": ("trial",),
}
"""Kinds of jobs that wait for each other: a look at a file or at another weight does not wait for a training."""


def submit(store: Store, *configs: Job) -> list[RunFolder]:
    """Queue one run per configuration, in order, and see that a worker is there."""
    runs = []
    for config in configs:
        run = store.new_run(config)
        _enqueue(run)
        runs.append(run)
    tend(store)
    return runs


def try_weights(store: Store, run: RunFolder, points: Sequence[Weights]) -> RunFolder:
    """Queue a trial of other weights of a finished run; what it finds goes to the run's `audit/weights.csv`."""
    return submit(store, TrialConfig(run=run.id, points=tuple(points)))[0]


def trials(store: Store, run: RunFolder) -> list[RunFolder]:
    """The trials of a run that have not been cleared away, newest first."""
    found = ((job, job.raw_config()) for job in store.jobs())
    return [job for job, raw in found if raw["kind"] == "trial" and raw["run"] == run.id]


def trial_points(job: RunFolder) -> tuple[Weights, ...]:
    """The weights that a trial is about."""
    return TrialConfig.model_validate(job.raw_config()).points


def check(store: Store, source: Path, plan: Plan) -> RunFolder:
    """Queue a check of a folder, a zip or a file; the job's `check.json` will say what was found."""
    return submit(store, CheckConfig(source=str(source.resolve()), plan=plan))[0]


def import_(store: Store, source: Path, plan: Plan) -> RunFolder:
    """Queue an import of a folder, a zip or a file; the job's `result.json` will name the data set."""
    return submit(store, ImportConfig(source=str(source.resolve()), plan=plan))[0]


def check_report(job: RunFolder) -> CheckReport:
    """What a finished check found."""
    return CheckReport.model_validate(_left(job, "check.json"))


def imported(job: RunFolder) -> str:
    """The id of the data set that a finished import stored."""
    return str(_left(job, "result.json")["dataset"])


def _left(job: RunFolder, name: str) -> dict[str, Any]:
    """What a job left behind."""
    try:
        return read_json(job.path / name)
    except (FileNotFoundError, ValueError):
        what = f"its {name} is missing or damaged"
        raise StoreError(what, f"job {job.id}", "Start it again.", code="store.damaged") from None


def lane_of(run: RunFolder) -> Lane:
    """The lane a job belongs to."""
    kind = run.raw_config()["kind"]
    return next(lane for lane, kinds in LANES.items() if kind in kinds)


def queue(store: Store, lane: Lane | None = None) -> list[RunFolder]:
    """The jobs that wait, the first in line first; of one lane, or of all."""
    waiting = [(turn, run) for run in store.jobs() if (turn := _turn(run)) is not None]
    if lane is not None:
        waiting = [(turn, run) for turn, run in waiting if lane_of(run) == lane]
    return [run for _, run in sorted(waiting, key=lambda pair: pair[0])]


def cancel(run: RunFolder) -> None:
    """Ask a run to stop. One that waits is cancelled at once; one that works stops at its next report.

    Raises
    ------
    StoreError
        The run has already ended.
    """
    status = run.status()
    if status.state in ENDED:
        raise StoreError(f"this run is already {status.state}", f"run {run.id}", code="run.ended")
    run.cancel_request.touch()
    if claim(run):
        run.write_status(status.model_copy(update={"state": "cancelled"}))
        run.cancel_request.unlink(missing_ok=True)


def resume(store: Store, run: RunFolder) -> None:
    """Queue a run again that was interrupted, cancelled or failed; its finished steps are reused.

    Raises
    ------
    StoreError
        The run is done, waiting or running.
    """
    status = run.status()
    if status.state not in ("interrupted", "cancelled", "failed"):
        raise StoreError(f"this run is {status.state}", f"run {run.id}", code="run.not_resumable")
    run.cancel_request.unlink(missing_ok=True)
    run.write_status(Status())
    _enqueue(run)
    tend(store)


def _enqueue(run: RunFolder) -> None:
    write_whole(run.queued, lambda draft: draft.write_text(str(time.time_ns()), encoding="utf-8"))


def _turn(run: RunFolder) -> int | None:
    """When the run was queued; run ids count seconds only, and many runs fit into one."""
    try:
        return int(run.queued.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def claim(run: RunFolder) -> bool:
    """Take a waiting run out of the queue; only one of several claimants succeeds."""
    try:
        run.queued.rename(run.path / f"claimed-{os.getpid()}")
    except FileNotFoundError:
        return False
    (run.path / f"claimed-{os.getpid()}").unlink()
    return True


def tend(store: Store) -> None:
    """Start a worker for every lane in which jobs wait and none is there. Two at once are harmless: one leaves."""
    for lane in {lane_of(run) for run in queue(store)}:
        if not is_held(store.worker_lock(lane)):
            start_worker(store, lane)


def start_worker(store: Store, lane: Lane) -> subprocess.Popen[bytes]:
    """Start the worker of a lane as an ordinary process that outlives this one."""
    store.home.mkdir(parents=True, exist_ok=True)
    detached = (
        {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined,unused-ignore]
        if os.name == "nt"
        else {"start_new_session": True}
    )
    with (store.home / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "fmm_core", "work", "--store", str(store.home.resolve()), "--lane", lane],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **detached,
        )
