"""A real server and a real Chromium; skipped without one, unless FMM_REQUIRE_BROWSER=1 asks for it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("FMM_REQUIRE_BROWSER") == "1":
            pytest.fail("FMM_REQUIRE_BROWSER=1, but no Chromium was found")
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Server:
    """A running dashboard."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def start_server(home: Path) -> Server:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(port)]
    environment = os.environ | {"FMM_HOME": str(home)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(f"http://127.0.0.1:{port}", home, process)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    return server
        except OSError:
            time.sleep(0.1)
    server.stop()
    raise AssertionError("the dashboard did not answer within a minute")


def stop_worker(home: Path) -> None:
    """End the worker of a store, which outlives its server on purpose."""
    for line in subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        if f"work --store {home.resolve()}" in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("home"))
    yield running
    running.stop()
    stop_worker(running.home)


class Visitor:
    """One browser tab that notes every console error but Streamlit's own two 404s on deep links."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, message: object) -> None:
        if message.type == "error" and "_stcore" not in str(message.location):  # type: ignore[attr-defined]
            self.errors.append(message.text)  # type: ignore[attr-defined]

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}/{path}")
        self.page.wait_for_selector("[data-testid='stMain'] h1", timeout=60_000)
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']", timeout=60_000)
        self.page.wait_for_timeout(600)

    def headline(self) -> str:
        return self.page.locator("[data-testid='stMain'] h1").first.inner_text()

    def exceptions(self) -> int:
        return self.page.locator("[data-testid='stException']").count()


@pytest.fixture
def visitor(browser: Browser, server: Server) -> Iterator[Visitor]:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    yield Visitor(page, server.url)
    page.close()
