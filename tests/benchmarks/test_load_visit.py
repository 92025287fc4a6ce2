"""The load test's visitor finds what it looks for: else it measures its own patience."""

from __future__ import annotations

from pathlib import Path

from benchmarks.load.server import DashboardServer
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
