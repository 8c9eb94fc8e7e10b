"""First paint and memory of the dashboard: `python bench/dashboard.py --home STORE` (a store with a finished run).

First paint: from opening the address in a cold browser to the visible headline, median of five, server already up.
Memory: resident size of the server process after every page was visited once.
"""

import argparse
import shutil
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from conftest import FLAGS, start_server

PAGES = ("", "data", "train", "leakage", "tradeoffs", "embeddings")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    server = start_server(parser.parse_args().home)
    try:
        paints = [_first_paint(server.url) for _ in range(5)]
        print(f"first page painted: median {statistics.median(paints):.2f} s, all {[round(p, 2) for p in paints]}")
        _visit(server.url)
        status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        print(f"server process after all pages: {int(resident.split()[1]) / 1024:.0f} MiB")
    finally:
        server.stop()


def _first_paint(url: str) -> float:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        start = time.perf_counter()
        page.goto(url)
        page.wait_for_selector("[data-testid='stMain'] h1", state="visible")
        seconds = time.perf_counter() - start
        browser.close()
    return seconds


def _visit(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        for name in PAGES:
            page.goto(f"{url}/{name}")
            page.wait_for_selector("[data-testid='stMain'] h1")
            page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
            page.wait_for_timeout(1500)
        browser.close()


if __name__ == "__main__":
    main()
