"""Checks and imports of files nobody has vetted: in a process of their own, with limits of memory and time.

The worker starts the child and attends it; the child reads the files and leaves `check.json` or `result.json` in the
job's folder, or `problem.json`. Only the worker writes `status.json`; the child says in `progress.json` how far it is.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fmm_core.data.plan import Plan
from fmm_core.errors import FmmError, RunError
from fmm_core.runs.config import CheckConfig, ImportConfig
from fmm_core.runs.files import read_json, write_json
from fmm_core.runs.report import Reporter
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.uploads import discard
from fmm_core.types import Progress

COMMAND = (sys.executable, "-m", "fmm_core", "ingest")
POLL_S = 0.1
WRITE_EVERY_S = 0.5
STAGES = ("prepare",)
PROBLEM, PROGRESS, SCRATCH = "problem.json", "progress.json", "scratch"
SAMPLE = "python -m fmm_core datasets import PATH --sample-users 10000"


@dataclass(frozen=True)
class Limits:
    """What a child may take: address space in GiB, wall time in seconds."""

    memory_gib: float
    seconds: float


LIMITS = {"check": Limits(3, 60), "import": Limits(6, 1800)}

QUIET = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # both reserve far more address space than they use, and the limit counts what is reserved
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
}


# the worker's side ------------------------------------------------------------------------------------------------


def ingest(run: RunFolder, store: Store, reporter: Reporter) -> None:
    """Carry out a check or an import in a child process.

    Raises
    ------
    FmmError
        The files cannot be used, or reading them took more than the limits allow, or the child crashed.
    Cancelled
        Somebody asked for that.
    """
    config = job_config(run)
    scratch = run.path / SCRATCH
    for name in (PROBLEM, PROGRESS):  # of an attempt before
        (run.path / name).unlink(missing_ok=True)
    scratch.mkdir(exist_ok=True)
    reporter.plan(STAGES, trained=False)
    try:
        with reporter.stage("prepare") as stage:
            _attend(run, _start(run, store, scratch), config, stage.progress())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if config.kind == "import":
        discard(store, config.source)


def job_config(run: RunFolder) -> CheckConfig | ImportConfig:
    """The configuration of a check or an import."""
    raw = run.raw_config()
    kinds: dict[str, type[CheckConfig | ImportConfig]] = {"check": CheckConfig, "import": ImportConfig}
    return kinds[raw["kind"]].model_validate(raw)


def _start(run: RunFolder, store: Store, scratch: Path) -> subprocess.Popen[bytes]:
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch.resolve()))  # a killed child cannot tidy up
    with run.log.open("ab") as log:
        return subprocess.Popen(
            [*COMMAND, str(run.path.resolve()), "--store", str(store.home.resolve())],
            cwd=Path(__file__).resolve().parents[2],
            env=os.environ | QUIET | folders,
            stdin=subprocess.PIPE,  # open as long as this process lives; see `_leave_with_parent`
            stdout=log,
            stderr=log,
        )


def _attend(
    run: RunFolder, child: subprocess.Popen[bytes], config: CheckConfig | ImportConfig, report: Progress
) -> None:
    """Wait for the child; pass on its progress; end it on a cancel or when its time is over."""
    deadline = time.monotonic() + LIMITS[config.kind].seconds
    with child:
        try:
            while child.poll() is None:
                report(*_reached(run))  # raises Cancelled
                if time.monotonic() > deadline:
                    raise _too_slow(config)
                time.sleep(POLL_S)
        finally:
            child.kill()
    if child.returncode != 0:
        raise _cause(run, child.returncode, config)


def _reached(run: RunFolder) -> tuple[int, int]:
    try:
        reached = read_json(run.path / PROGRESS)
    except (FileNotFoundError, PermissionError, ValueError):
        return 0, 1
    return reached["done"], reached["total"]


def _cause(run: RunFolder, code: int, config: CheckConfig | ImportConfig) -> FmmError:
    """Why a child left with `code`; what it wrote down itself comes first."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return FmmError(**read_json(run.path / PROBLEM))
    if code in (-6, -9):  # aborted for want of memory by a library, or killed for it by the system
        return _too_large(config)
    what = f"reading it stopped without a word (code {code})"
    return RunError(what, config.dataset, "Save it anew.", code="run.crashed")


def _too_large(config: CheckConfig | ImportConfig) -> FmmError:
    what = f"it needs more than {LIMITS[config.kind].memory_gib:g} GB of memory to be read"
    return FmmError(what, config.dataset, f"Use `{SAMPLE}`.", code="data.too_large")


def _too_slow(config: CheckConfig | ImportConfig) -> FmmError:
    seconds = LIMITS[config.kind].seconds
    limit = f"{seconds:g} seconds" if seconds < 120 else f"{seconds / 60:g} minutes"
    return FmmError(f"reading it takes longer than {limit}", config.dataset, f"Use `{SAMPLE}`.", code="data.too_slow")


# the child's side -------------------------------------------------------------------------------------------------


def serve(run: RunFolder, store: Store) -> int:
    """Carry out the job in this process, under its limits.

    Returns
    -------
    The exit code: 0, or 1 with the reason in `problem.json`.
    """
    _leave_with_parent()
    config = job_config(run)
    _limit_memory(LIMITS[config.kind].memory_gib)
    try:
        WORK[config.kind](run, store, Path(config.source), config.plan)
    except FmmError as error:
        return _explain(run, error)
    except MemoryError:
        return _explain(run, _too_large(config))
    except Exception as error:  # the reader gets a sentence and the engineer the log
        traceback.print_exc()
        what = f"something unexpected happened while it was read ({type(error).__name__})"
        return _explain(run, RunError(what, config.dataset, "The log says more.", code="run.unexpected"))
    return 0


def _check(run: RunFolder, store: Store, source: Path, plan: Plan) -> None:
    del store
    from fmm_core.data.checking import check

    report = check(source, plan, _progress(run))
    write_json(run.path / "check.json", report.model_dump(mode="json"))


def _import(run: RunFolder, store: Store, source: Path, plan: Plan) -> None:
    from fmm_core.data import storage
    from fmm_core.data.readers import sniff
    from fmm_core.data.sources import opened

    with opened(source) as folder:
        dataset = sniff.read(folder, plan, _progress(run))
    write_json(run.path / "result.json", {"dataset": storage.save(dataset, store.datasets_dir).name})


WORK: dict[str, Callable[[RunFolder, Store, Path, Plan], None]] = {"check": _check, "import": _import}


def _explain(run: RunFolder, error: FmmError) -> int:
    write_json(run.path / PROBLEM, error.as_dict())
    return 1


def _progress(run: RunFolder) -> Progress:
    """Progress as a small file, written at most twice a second."""
    written = -WRITE_EVERY_S

    def report(done: int, total: int, **figures: float) -> None:
        nonlocal written
        del figures
        if time.monotonic() - written >= WRITE_EVERY_S:
            written = time.monotonic()
            write_json(run.path / PROGRESS, {"done": done, "total": total})

    return report


def _limit_memory(gib: float) -> None:
    if os.name == "nt":  # Windows limits memory by job objects only; the time limit still holds there
        return
    import resource

    most = int(gib * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _leave_with_parent() -> None:
    """End this process when the one that started it is gone, however that ended: its end of the pipe closes."""

    def wait() -> None:
        os.read(0, 1)  # not sys.stdin: its lock would be held while the interpreter shuts down
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
