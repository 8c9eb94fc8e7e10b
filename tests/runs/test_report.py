"""Time left, reckoned by hand: the running step at its own pace, later steps in proportion."""

from pathlib import Path

import pytest

from fmm_core.runs import report
from fmm_core.runs.config import make_config
from fmm_core.runs.report import Reporter
from fmm_core.runs.store import Store


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(report, "time", clock)
    monkeypatch.setattr(report, "SHARES", {"prepare": 0.1, "pretrain": 0.3, "audit": 0.4, "project": 0.2})
    return clock


@pytest.fixture
def reporter(clock: Clock, tmp_path: Path) -> Reporter:  # noqa: ARG001 (the reporter must see the clock)
    return Reporter(Store(tmp_path).new_run(make_config("synthetic")))


def test_a_short_training_promises_no_short_audit(reporter: Reporter, clock: Clock) -> None:
    """Seen on the made-up data: a quick training made the page promise 5 seconds, half a minute before the end."""
    with reporter.stage("prepare"), reporter.stage("pretrain"):
        clock.now += 3
    with reporter.stage("audit") as stage:
        clock.now += 2
        stage.progress()(1, 10)
        assert reporter.status.eta_s == 18 + 10  # nine tenths more at 2 s each; then half of 20 s for the maps
        clock.now += 8
        stage.progress()(5, 10)
        assert reporter.status.eta_s == 10 + 10


def test_reused_parts_say_nothing_about_the_pace(reporter: Reporter, clock: Clock) -> None:
    with reporter.stage("prepare"), reporter.stage("pretrain"):
        clock.now += 1
    with reporter.stage("audit") as stage:
        clock.now += 3
        stage.progress(0.7, 1.0)(1, 3)  # the first seven tenths were already there
        assert reporter.status.eta_s == pytest.approx(6 + 15, abs=0.1)


def test_nothing_is_promised_at_the_very_start(reporter: Reporter, clock: Clock) -> None:
    with reporter.stage("pretrain") as stage:
        clock.now += 1
        stage.progress()(1, 100)
        assert reporter.status.eta_s is None
