"""Steady use for half an hour: do memory, open files and threads stay flat? A table, then JSON.

    python -m benchmarks.load.soak --minutes 30 --visitors 3

A few people keep coming back to workspaces of their own: they open the page, add samples, try
drawings, train, compare, go to the start of their model again and leave. The first fifth of the
time is for warming up; growth is the straight line through what is read after it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.load.server import DashboardServer, Usage
from benchmarks.load.visitor import Visitor
from benchmarks.load.visitors import rounded
from benchmarks.machine import machine

_EVERY = 5.0  # seconds between two readings
_WARMING = 0.2  # share of the time that growth is not judged by


def soak(minutes: float, people: int, folder: Path) -> dict:
    """Figures by name."""
    server = DashboardServer(folder).start()
    end = time.monotonic() + 60 * minutes
    errors: Counter[str] = Counter()
    visits = Counter[str]()

    def come(number: int) -> None:
        try:
            keep_coming(number)
        except Exception as error:  # what no visit foresees: this one stays away from now on
            errors[f"stayed away: {type(error).__name__}: {error}"[:160]] += 1

    def keep_coming(number: int) -> None:
        token = ""
        turn = 0
        while time.monotonic() < end:
            visitor = Visitor(server, number + 100 * turn, token)
            visitor.arrive()
            if not token:
                visitor.add_samples()
            for phase in (Visitor.try_it, Visitor.train, Visitor.compare, Visitor.reset):
                phase(visitor)
            token = token or visitor.token
            visitor.leave()
            errors.update(f"{did.what}: {did.error[:160]}" for did in visitor.did if did.error)
            visits["visits"] += 1
            turn += 1

    try:
        began = time.monotonic()
        threads = [threading.Thread(target=come, args=(k,)) for k in range(people)]
        for thread in threads:
            thread.start()
        readings = [(0.0, server.usage())]
        while any(thread.is_alive() for thread in threads):
            readings.append((time.monotonic() - began, server.usage()))
            time.sleep(_EVERY)
        for thread in threads:
            thread.join()
    finally:
        server.stop()
    judged = [one for one in readings if one[0] >= _WARMING * 60 * minutes]
    judged = judged or readings[-1:]  # all have stayed away: `errors` says why
    return {
        "machine": machine(),
        "minutes": minutes,
        "visitors": people,
        "visits": visits["visits"],
        "errors": dict(errors),
        "tracebacks_in_log": server.log.count("Traceback"),
        "first": asdict(judged[0][1]),
        "last": asdict(judged[-1][1]),
        "growth_an_hour": {
            "server_mb": _slope(judged, lambda usage: usage.server_mb),
            "workers_mb": _slope(judged, lambda usage: usage.workers_mb),
            "open_files": _slope(judged, lambda usage: usage.open_files),
            "threads": _slope(judged, lambda usage: usage.threads),
        },
    }


def _slope(readings: list[tuple[float, Usage]], what: Callable[[Usage], float]) -> float:
    """Growth an hour: the straight line of least squares. 0 for fewer than three readings."""
    if len(readings) < 3:
        return 0.0
    seconds, values = zip(*((at, what(usage)) for at, usage in readings), strict=True)
    return float(np.polyfit(seconds, values, 1)[0]) * 3600


def table(figures: dict) -> str:
    """The figures as text for people."""
    lines = [
        f"{figures['minutes']:g} minutes, {figures['visitors']} people, "
        f"{figures['visits']} visits, {sum(figures['errors'].values())} errors, "
        f"{figures['tracebacks_in_log']} tracebacks"
    ]
    lines += [f"    {n} x {kind}" for kind, n in figures["errors"].items()]
    lines.append(f"{'':12}{'warmed up':>12}{'at the end':>12}{'an hour':>12}")
    for name, growth in figures["growth_an_hour"].items():
        first, last = figures["first"][name], figures["last"][name]
        lines.append(f"{name:12}{first:12.1f}{last:12.1f}{growth:+12.1f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--visitors", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="odt-soak-") as folder:
        figures = soak(arguments.minutes, arguments.visitors, Path(folder))
    print(table(figures))
    print(json.dumps(rounded(figures), indent=1))


if __name__ == "__main__":
    main()
