"""Which cells are measured, what is kept of them, and how calls are timed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.engines.clock import Clock, Timing
from benchmarks.engines.environments import ENTRANTS, entrants
from benchmarks.engines.growth import slope
from benchmarks.engines.plan import FULL, QUICK, Cell
from benchmarks.engines.results import Results


class TestPlan:
    def test_cells_when_full_then_every_combination_once(self):
        cells = FULL.cells()
        assert len(set(cells)) == len(cells) == 6 * 3 * 2 * 2

    def test_cells_when_time_may_run_out_then_sgd_on_one_thread_comes_first(self):
        first = FULL.cells()[: len(FULL.networks) * len(FULL.batches)]
        assert {(cell.optimiser, cell.threads) for cell in first} == {("sgd", 1)}

    def test_cells_when_quick_then_are_some_of_the_full_ones(self):
        assert set(QUICK.cells()) < set(FULL.cells())

    def test_infers_when_adam_then_answers_are_not_timed_again(self):
        assert Cell("mlp", 1, 1, "sgd").infers
        assert not Cell("mlp", 1, 1, "adam").infers


class TestEntrants:
    def test_entrants_when_named_then_only_those(self):
        assert [entrant.name for entrant in entrants(["flex", "odt"])] == ["flex", "odt"]

    def test_entrants_when_unknown_then_says_which_there_are(self):
        with pytest.raises(ValueError, match=r"There is no engine theano\. There are: odt,"):
            entrants(["theano"])

    @pytest.mark.parametrize("entrant", ENTRANTS, ids=lambda entrant: entrant.name)
    def test_entrant_when_listed_then_has_a_contender(self, entrant):
        contenders = Path(__file__).parents[2] / "benchmarks" / "engines" / "contenders"
        name = "tfjs.cjs" if entrant.name.startswith("tfjs") else f"{entrant.name}.py"
        assert (contenders / name).is_file()


class TestResults:
    def test_document_when_some_is_measured_then_holds_that_alone(self, tmp_path: Path):
        results, cell = Results(tmp_path), Cell("mlp", 1, 1, "sgd")
        results.keep_cell(cell, {"cell": {"key": cell.key}})
        results.keep_part("limit", {"gflops": 100.0})
        document = results.document(FULL.cells(), ("limit", "loop"))
        assert [c["cell"]["key"] for c in document["cells"]] == [cell.key]
        assert document["limit"] == {"gflops": 100.0}
        assert "loop" not in document

    def test_cell_when_never_measured_then_is_none(self, tmp_path: Path):
        assert Results(tmp_path).cell(Cell("mlp", 1, 1, "sgd")) is None


class TestClock:
    def test_time_when_a_call_sleeps_then_milliseconds_are_no_less(self):
        timing = Clock(0.05).time([lambda: time.sleep(0.003)])
        assert timing.least >= 3
        assert timing.low <= timing.median <= timing.high

    def test_time_when_a_call_outlasts_the_clock_then_one_is_timed(self):
        assert Clock(0.001).time([lambda: time.sleep(0.01)]).count == 1

    def test_timing_of_one_then_quartiles_are_it(self):
        assert Timing.of([2.0]) == Timing(2.0, 2.0, 2.0, 2.0, 1)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_slope_when_points_follow_a_power_then_is_its_exponent(exponent: float):
    points = [(x, 3 * x**exponent) for x in (1.0, 10.0, 100.0)]
    assert slope(points) == pytest.approx(exponent)
