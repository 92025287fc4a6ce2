"""The load test measures what it says: a visitor who finds nothing measures its own patience."""

from __future__ import annotations

from pathlib import Path

from benchmarks.load.server import DashboardServer
from benchmarks.load.starting import OTHERS, started
from benchmarks.load.visitor import Visitor


def test_visit_when_everything_works_has_no_error(tmp_path: Path):
    server = DashboardServer(tmp_path).start()
    try:
        visitor = Visitor(server, 0)
        visitor.arrive()
        visitor.add_samples()
        for phase in (Visitor.try_it, Visitor.train, Visitor.compare, Visitor.reset):
            phase(visitor)
        visitor.leave()
    finally:
        server.stop()
    assert {did.what: did.error for did in visitor.did if did.error} == {}
    assert "reset to base" in [did.what for did in visitor.did]


def test_start_when_measured_gives_its_time_and_the_memory_of_the_process():
    seconds, memory = started(OTHERS / "flutter_litert__training_model.tflite", 2)
    assert len(seconds) == 2
    assert min(seconds) > 0
    assert 5 < memory < 200
