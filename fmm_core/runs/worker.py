"""The process that carries out runs, one after another (contract C7)."""

import time
import traceback
from collections.abc import Callable

from fmm_core.errors import Cancelled, FmmError
from fmm_core.runs.client import Lane, claim, lane_of, queue
from fmm_core.runs.config import FetchConfig
from fmm_core.runs.locks import Lock, is_held
from fmm_core.runs.report import Reporter, Watcher, unwatched
from fmm_core.runs.store import Problem, RunFolder, Status, Store
from fmm_core.runs.uploads import sweep

LOOK_EVERY_S = 0.25


def work(store: Store, lane: Lane, idle_exit_s: float = 900.0) -> None:
    """Take the jobs of a lane out of the queue until none has come for `idle_exit_s` seconds.

    Raises
    ------
    StoreError
        Another worker serves this lane.
    """
    with Lock(store.worker_lock(lane)):
        settle_interrupted(store, lane)
        sweep(store)
        last = time.monotonic()
        while time.monotonic() - last < idle_exit_s:
            run = _next(store, lane)
            if run is None:
                time.sleep(LOOK_EVERY_S)
                continue
            execute(run, store)
            last = time.monotonic()


def _next(store: Store, lane: Lane) -> RunFolder | None:
    return next((run for run in queue(store, lane) if claim(run)), None)


def settle_interrupted(store: Store, lane: Lane) -> None:
    """Write down what became of jobs of this lane whose worker is gone."""
    for run in (each for each in store.jobs() if lane_of(each) == lane):
        status = run.status()
        if status.state == "interrupted" or (
            status.state == "queued" and not run.queued.exists() and not is_held(run.lock)
        ):
            problem = status.error or Problem(
                what="the worker stopped before it began", mend="Resume it.", code="run.interrupted"
            )
            run.write_status(status.model_copy(update={"state": "interrupted", "error": problem}))


def execute(run: RunFolder, store: Store, watch: Watcher = unwatched) -> Status:
    """Carry out one job in this process and return its last status; a failure is stored, not raised."""
    with Lock(run.lock):
        reporter = Reporter(run, watch)
        try:
            KINDS[run.raw_config()["kind"]](run, store, reporter)
            reporter.finish(state="done", fraction=1.0)
        except (Cancelled, KeyboardInterrupt):
            reporter.finish(state="cancelled")
        except FmmError as error:
            _fail(run, reporter, Problem(**error.as_dict()))
        except MemoryError:
            mend = "Try a smaller data set or fewer modalities."
            _fail(run, reporter, Problem(what="the machine ran out of memory", mend=mend, code="run.memory"))
        except Exception as error:  # whatever it is, the reader gets a sentence and the engineer the log
            what = f"something unexpected happened ({type(error).__name__})"
            _fail(run, reporter, Problem(what=what, mend="The log says more.", code="run.unexpected"))
        run.cancel_request.unlink(missing_ok=True)
        return reporter.status


def _fetch(run: RunFolder, store: Store, reporter: Reporter) -> None:
    from fmm_core.runs.datasets import fetch

    with reporter.stage("prepare") as stage:
        fetch(store, FetchConfig.model_validate(run.raw_config()).dataset, stage.progress())


def _experiment(run: RunFolder, store: Store, reporter: Reporter) -> None:
    from fmm_core.runs.experiment import run_experiment

    run_experiment(run, store, reporter)


def _ingest(run: RunFolder, store: Store, reporter: Reporter) -> None:
    from fmm_core.runs.ingest import ingest

    ingest(run, store, reporter)


def _audit(run: RunFolder, store: Store, reporter: Reporter) -> None:
    from fmm_core.runs.audit_only import run_audit

    del store  # it reads files and keeps nothing beside its run
    run_audit(run, reporter)


def _trial(run: RunFolder, store: Store, reporter: Reporter) -> None:
    from fmm_core.runs.trials import try_weights

    try_weights(run, store, reporter)


KINDS: dict[str, Callable[[RunFolder, Store, Reporter], None]] = {
    "experiment": _experiment,
    "audit": _audit,
    "fetch": _fetch,
    "check": _ingest,
    "import": _ingest,
    "trial": _trial,
}
"""What carries out a job, by its kind; each loads what it needs."""


def _fail(run: RunFolder, reporter: Reporter, problem: Problem) -> None:
    with run.log.open("a", encoding="utf-8") as log:  # a child may have written there before
        log.write(traceback.format_exc())
    reporter.finish(state="failed", error=problem)
