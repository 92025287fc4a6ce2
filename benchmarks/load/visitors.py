"""Many visitors at once on one server, without a browser each. Prints a table, then JSON.

    python -m benchmarks.load.visitors --visitors 50

Every visitor has a workspace of their own and does what the README of this folder says. Server,
workers and visitors share the machine, as they do on a laptop; times are the visitors'.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.load.capacity import steps_a_second
from benchmarks.load.server import DashboardServer, Usage
from benchmarks.load.visitor import EPOCHS, STEPS_AN_EPOCH, Did, Visitor, all_do
from benchmarks.machine import machine

_REST = 20.0  # seconds that the server is left alone before memory is read at the end


class Watch:
    """Reads the server's usage every `every` seconds while it is entered."""

    def __init__(self, server: DashboardServer, every: float = 2.0) -> None:
        self.seen: list[Usage] = []
        self._server, self._every = server, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self.seen.append(self._server.usage())

    @property
    def peak(self) -> Usage:
        """The reading with the most memory in all."""
        return max(self.seen, key=lambda usage: usage.server_mb + usage.workers_mb)


def visit(number: int, folder: Path, epochs: int = EPOCHS) -> dict:
    """The whole test with `number` visitors; figures by name."""
    capacity, steps = steps_a_second(epochs), STEPS_AN_EPOCH * epochs
    server = DashboardServer(folder).start()
    try:
        first = Visitor(server, 10_000)  # warms the server up; not one of the visitors
        for phase in (Visitor.arrive, Visitor.try_it, Visitor.leave):
            phase(first)
        time.sleep(3)
        start, spent = server.usage(), time.process_time()
        visitors = [Visitor(server, k, epochs=epochs) for k in range(number)]
        seconds: dict[str, float] = {}
        with Watch(server) as watch:
            for phase in (
                Visitor.arrive,
                Visitor.add_samples,
                Visitor.try_it,
                Visitor.train,
                Visitor.compare,
            ):
                seconds[phase.__name__] = all_do(visitors, phase)
        spent = time.process_time() - spent
        end = server.usage()
        all_do(visitors, Visitor.leave)
        time.sleep(_REST)
        after = server.usage()
        log = server.log
    finally:
        server.stop()
    did = [one for visitor in visitors for one in visitor.did]
    trained = [visitor.trained for visitor in visitors if visitor.trained[1]]
    wall = max(t[1] for t in trained) - min(t[0] for t in trained) if trained else 0.0
    rate = len(trained) * steps / wall if wall else 0.0
    peak = watch.peak if watch.seen else end
    return {
        "machine": machine(),
        "visitors": number,
        "trained": len(trained),
        "steps_a_visitor": steps,
        "errors": sum(bool(one.error) for one in did),
        "errors_by_kind": dict(
            Counter(f"{one.what}: {one.error[:160]}" for one in did if one.error)
        ),
        "tracebacks_in_log": log.count("Traceback"),
        "seconds": {what: _spread(did, what) for what in dict.fromkeys(one.what for one in did)},
        "phase_seconds": seconds,
        "steps_a_second": rate,
        "steps_a_second_of_idle_cores": capacity,
        "share_of_capacity": rate / capacity,
        "cpu_seconds_server_and_workers": end.cpu_seconds - start.cpu_seconds,
        "cpu_seconds_visitors": spent,
        "memory": {
            "start": asdict(start),
            "peak": asdict(peak),
            "end": asdict(end),
            "after": asdict(after),
        },
    }


def _spread(did: list[Did], what: str) -> dict[str, float]:
    took = sorted(one.seconds for one in did if one.what == what and not one.error)
    if not took:
        return {"n": 0}
    return {
        "n": len(took),
        "median": statistics.median(took),
        "p95": took[min(len(took) - 1, round(0.95 * len(took)))],
        "slowest": took[-1],
    }


def rounded(value: Any) -> Any:
    """Figures with three digits behind the point."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def table(figures: dict) -> str:
    """The figures as text for people."""
    lines = [
        f"{figures['visitors']} visitors, {figures['trained']} trained "
        f"{figures['steps_a_visitor']:,} steps each, "
        f"{figures['errors']} errors, {figures['tracebacks_in_log']} tracebacks in the log"
    ]
    lines += [f"    {n} x {kind}" for kind, n in figures["errors_by_kind"].items()]
    lines.append(f"{'seconds':28}{'n':>5}{'median':>9}{'95 %':>9}{'slowest':>9}")
    for what, spread in figures["seconds"].items():
        numbers = "".join(f"{spread[k]:9.2f}" for k in ("median", "p95", "slowest") if k in spread)
        lines.append(f"{what:28}{spread['n']:5}{numbers}")
    lines.append(
        f"training: {figures['steps_a_second']:.1f} steps a second, "
        f"{100 * figures['share_of_capacity']:.0f} % of the "
        f"{figures['steps_a_second_of_idle_cores']:.1f} that idle cores do; processor seconds: "
        f"{figures['cpu_seconds_server_and_workers']:.0f} server and workers, "
        f"{figures['cpu_seconds_visitors']:.0f} visitors"
    )
    lines.append(
        f"{'memory':10}{'server MB':>11}{'workers MB':>12}{'workers':>9}{'files':>7}{'threads':>9}"
    )
    for when, usage in figures["memory"].items():
        lines.append(
            f"{when:10}{usage['server_mb']:11.0f}{usage['workers_mb']:12.0f}{usage['workers']:9}"
            f"{usage['open_files']:7}{usage['threads']:9}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="two steps each")
    arguments = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    with tempfile.TemporaryDirectory(prefix="odt-load-") as folder:
        figures = visit(arguments.visitors, Path(folder), arguments.epochs)
    print(table(figures))
    print(json.dumps(rounded(figures), indent=1))


if __name__ == "__main__":
    main()
