"""How fast the dashboard feels, measured in Chromium: a table, then JSON.

    python -m benchmarks.dashboard.measure --runs 20

A run is one visit (`visit.py`) to a server that has just been started. Seconds are as a person at
this machine would see them; `calibration` is the machine's own speed (`calibration.py`); memory is
proportional set size of the server and its worker processes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.dashboard.calibration import calibrate
from benchmarks.dashboard.spread import spreads, table
from benchmarks.dashboard.visit import visit
from tests.conftest import FLAGS

CALIBRATION = "calibration"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def measured(browser: Browser, *, models: bool) -> dict[str, float]:
    """The figures of one visit on a fresh server, and the machine's speed before and after it."""
    page = browser.new_page()
    with tempfile.TemporaryDirectory(prefix="odt-bench-") as folder:
        before = calibrate(page)
        figures = visit(browser, Path(folder), models=models)
        after = calibrate(page)
    page.close()
    return {CALIBRATION: (before + after) / 2, **figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--out", type=Path, help="write the figures of every run here, as JSON")
    arguments = parser.parse_args()
    runs = []
    with chromium() as browser:
        for _ in range(arguments.runs):
            runs.append(measured(browser, models=True))
            if arguments.out:
                arguments.out.write_text(json.dumps(runs, indent=1))
    found = spreads(runs)
    print(table(found))
    print(json.dumps({name: asdict(one) for name, one in found.items()}, indent=1))


if __name__ == "__main__":
    main()
