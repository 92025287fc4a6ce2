"""The load test measures what it says: a visitor who finds nothing measures its own patience."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.load import soak
from benchmarks.load.server import DashboardServer
from benchmarks.load.starting import OTHERS, started
from benchmarks.load.visitor import Visitor, _another


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


@pytest.mark.parametrize(
    ("now", "other"),
    [
        ({"1": 0.2, "2": 0.3}, True),
        ({"1": 0.2, "2": 0.8}, False),
        ({"2": 0.8, "3": 0.0}, False),  # 3 came into view, as the other model trains
        ({"3": 0.1, "4": 0.1}, True),
        ({"": 0.0}, False),  # nothing is asked
    ],
)
def test_answer_is_another_where_the_share_of_a_label_is(now, other):
    assert _another({"1": 0.2, "2": 0.8}, now) == other


def test_soak_when_all_visitors_fail_says_so_and_ends(tmp_path: Path, monkeypatch):
    def fails(visitor: Visitor) -> None:
        raise RuntimeError("no such page")

    monkeypatch.setattr(Visitor, "arrive", fails)
    monkeypatch.setattr(soak, "_EVERY", 0.1)
    figures = soak.soak(1, 2, tmp_path)
    assert figures["errors"] == {"stayed away: RuntimeError: no such page": 2}
    assert "0 visits, 2 errors" in soak.table(figures)


def test_start_when_measured_gives_its_time_and_the_memory_of_the_process():
    seconds, memory = started(OTHERS / "flutter_litert__training_model.tflite", 2)
    assert len(seconds) == 2
    assert min(seconds) > 0
    assert 5 < memory < 200
