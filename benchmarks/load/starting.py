"""How long a model takes from its bytes to a process that is ready to train, and what that takes.

    python -m benchmarks.load.starting

The bundled models are ready ahead in the process that the others are forked from; the files of
other people (tests/models) are read and lowered by their own.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from benchmarks.load.server import pss
from benchmarks.machine import machine
from odt_core.bundled import bundled_models
from odt_core.worker.nursery import warm_up
from odt_core.worker.remote import Worker

OTHERS = Path(__file__).resolve().parents[2] / "tests" / "models"
SETTLED = 3.0  # seconds after which the nursery has read the bundled models


def started(path: Path, runs: int) -> tuple[list[float], float]:
    """Seconds until each of `runs` processes had loaded the model; megabytes of the last."""
    data, seconds, memory = path.read_bytes(), [], 0.0
    for _ in range(runs):
        began = time.perf_counter()
        with Worker.start(data) as worker:
            seconds.append(time.perf_counter() - began)
            memory = pss(worker.pid)
    return seconds, memory


def main() -> None:
    """Print a line for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    print(machine())
    warm_up()
    time.sleep(SETTLED)
    print(f"{'model':<56}  n   median  slowest    MB")
    for path in (*bundled_models(), *sorted(OTHERS.glob("*.tflite"))):
        seconds, memory = started(path, runs)
        median = statistics.median(seconds)
        print(f"{path.name:<56} {runs:>2}  {median:7.3f}  {max(seconds):7.3f}  {memory:4.0f}")


if __name__ == "__main__":
    main()
