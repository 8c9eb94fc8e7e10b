"""The server dies while a run is on: after a restart there is one worker, and the progress is still there."""

import subprocess
import time
from pathlib import Path

import pytest
from conftest import Visitor, start_server, stop_worker
from playwright.sync_api import Browser, expect

from fmm_core.runs import client
from fmm_core.runs.config import make_config
from fmm_core.runs.store import Store

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def workers(home: Path) -> list[str]:
    shown = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if f"work --store {home.resolve()}" in line]


def test_a_killed_server_leaves_the_run_and_one_worker(browser: Browser, tmp_path: Path) -> None:
    endless = {"recommender.epochs": 10_000, "recommender.patience": 10_000}
    first = start_server(tmp_path)
    try:
        (run,) = client.submit(
            Store(tmp_path), make_config("synthetic", recommender="lightgcn", method="none", settings=endless)
        )
        page = browser.new_page()
        here = Visitor(page, first.url)
        here.go(f"train?run={run.id}")
        expect(page.get_by_text("Training the recommender").first).to_be_visible(timeout=60_000)
        first.stop()
        second = start_server(tmp_path)
        try:
            there = Visitor(browser.new_page(), second.url)
            there.go(f"train?run={run.id}")
            expect(there.page.locator(".st-key-progress")).to_be_visible()
            assert run.status().state == "running"
            assert len(workers(tmp_path)) == 1
        finally:
            second.stop()
    finally:
        first.process.kill()
        stop_worker(tmp_path)
    deadline = time.monotonic() + 10
    while run.status().state == "running" and time.monotonic() < deadline:
        time.sleep(0.05)  # the system needs a moment to end a process
    assert run.status().state == "interrupted"
