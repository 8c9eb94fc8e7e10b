"""Progress of a run (contract C11): an overall fraction, figures in `history.csv`, a cancel as `Cancelled`."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pandas as pd

from fmm_core.errors import Cancelled
from fmm_core.runs.store import RunFolder, StageTime, Status, now
from fmm_core.runs.tables import TABLES
from fmm_core.types import Progress

SHARES = {"prepare": 0.02, "pretrain": 0.34, "disentangle": 0.02, "filter": 0.01, "audit": 0.43, "project": 0.20}
"""Usual share of a run's time per stage, measured on MovieLens-100K quick; bar and time left depend on it."""

TRAINED = 0.5
"""The same of *filter* for a method that is trained, beside the others' shares."""

FIRST_WORD = 0.05
"""Before so much of a stage is done, nothing is said of the time left."""

WRITE_EVERY_S = 1.0
Watcher = Callable[[Status], None]


def unwatched(status: Status) -> None:
    """Nobody looks on beside the status file."""


class Reporter:
    """Keeps `status.json` and `history.csv` of one run current, at most one write a second."""

    def __init__(self, run: RunFolder, watch: Watcher = unwatched) -> None:
        self.run, self.watch = run, watch
        self.status = Status(state="running", started=now())
        self.history: list[tuple[str, int, str, float, float]] = []
        self._shares = SHARES
        self._written = 0.0
        self._done_share = 0.0
        self._publish(force=True)

    def plan(self, stages: Sequence[str], *, trained: bool) -> None:
        """Say which stages are to come, and whether *filter* is trained, so that the bar moves evenly."""
        shares = {name: TRAINED if name == "filter" and trained else SHARES[name] for name in stages}
        self._shares = {name: share / sum(shares.values()) for name, share in shares.items()}

    @contextmanager
    def stage(self, name: str) -> Iterator["Stage"]:
        """Run a pipeline stage; its `progress` is what components call."""
        stage = Stage(self, name)
        self._set(force=True, stage=name, detail="")
        yield stage
        self._done_share += self._shares[name]
        ended = StageTime(name=name, seconds=round(stage.seconds(), 2), reused=stage.reused)
        self._set(force=True, stages=(*self.status.stages, ended), fraction=round(self._done_share, 3))

    def finish(self, **changes: object) -> None:
        """Write the last status."""
        self._set(force=True, eta_s=None, detail="", **changes)

    def advance(self, stage: "Stage", share: float, detail: str) -> None:
        """The running stage is `share` done; raises `Cancelled` if somebody asked for that."""
        if self.run.cancel_request.exists():
            raise Cancelled
        fraction = min(self._done_share + self._shares[stage.name] * share, 1.0)
        self._set(fraction=round(fraction, 3), eta_s=self._time_left(stage, share), detail=detail)

    def _time_left(self, stage: "Stage", share: float) -> float | None:
        """Seconds: this stage at its own pace, and the later ones in proportion to it."""
        worked = share - stage.skipped
        if worked < FIRST_WORD:
            return None
        whole = stage.seconds() / worked  # what the stage would take from its very start
        later = 1.0 - self._done_share - self._shares[stage.name]
        return round(whole * (1 - share) + whole * max(later, 0.0) / self._shares[stage.name], 1)

    def _set(self, force: bool = False, **changes: object) -> None:
        self.status = self.status.model_copy(update=changes)
        self._publish(force)

    def _publish(self, force: bool) -> None:
        if not force and time.monotonic() - self._written < WRITE_EVERY_S:
            return
        self._written = time.monotonic()
        self.run.write_status(self.status)
        self._write_history()
        self.watch(self.status)

    def _write_history(self) -> None:
        if self.history:
            frame = pd.DataFrame(self.history, columns=list(TABLES["history.csv"].columns))
            self.run.write_table("history.csv", frame)


class Stage:
    """One running stage; hands out progress callbacks for its parts."""

    def __init__(self, reporter: Reporter, name: str) -> None:
        self.reporter, self.name, self.reused = reporter, name, False
        self.skipped = 1.0
        """What of the stage was already there when its first part reported; lowered then."""
        self._start = time.monotonic()

    def seconds(self) -> float:
        """Seconds since the stage began."""
        return time.monotonic() - self._start

    def progress(self, low: float = 0.0, high: float = 1.0, unit: str = "") -> Progress:
        """A callback for a part of the stage that spans `low` to `high` of it; `unit` names what is counted."""

        def report(done: int, total: int, **figures: float) -> None:
            share = done / max(total, 1)
            self.skipped = min(self.skipped, low)
            seconds = round(self.seconds(), 2)
            rows = ((self.name, done, key, float(value), seconds) for key, value in figures.items())
            self.reporter.history.extend(rows)
            detail = f"{unit} {done} of {total}" if unit else ""
            self.reporter.advance(self, low + (high - low) * share, detail)

        return report
