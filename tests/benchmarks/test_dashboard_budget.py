"""The budget of the dashboard: a slow machine stays within it, a slow change does not."""

from __future__ import annotations

import math

import pytest
from playwright.sync_api import Browser

from benchmarks.dashboard.budget import Allowance, budget_from, is_size, judged, read, write
from benchmarks.dashboard.calibration import calibrate
from benchmarks.dashboard.spread import Spread, spread, spreads

RUN = {"calibration": 0.25, "open": 2.0, "chart_tick": 0.5, "stroke": 0.04, "visitor_mb": 50.0}


def on_machine(slower: float, **changed: float) -> dict[str, float]:
    """RUN on a machine `slower` times as slow; the quarter second of a tick's timer stays."""
    run = {name: value if is_size(name) else value * slower for name, value in RUN.items()}
    run["chart_tick"] = 0.25 + 0.25 * slower
    return {**run, **changed}


def over(*runs: dict[str, float]) -> list[str]:
    return [one.name for one in judged(runs, budget_from([RUN])) if not one.fits]


class TestBudget:
    @pytest.mark.parametrize("slower", [0.25, 1.0, 8.0])
    def test_machine_when_slower_or_faster_stays_within(self, slower):
        assert over(on_machine(slower)) == []

    @pytest.mark.parametrize("slower", [0.25, 1.0, 8.0])
    def test_change_when_four_times_as_slow_is_over_on_every_machine(self, slower):
        assert over(on_machine(slower, open=8.0 * slower)) == ["open"]

    def test_figure_when_one_run_was_disturbed_counts_by_the_other(self):
        assert over(on_machine(1, open=30.0), on_machine(1)) == []

    def test_wait_when_too_short_to_notice_may_become_three_times_as_long(self):
        assert over(on_machine(1, stroke=0.29)) == []
        assert over(on_machine(1, stroke=0.31)) == ["stroke"]

    def test_memory_is_compared_as_it_is(self):
        assert over(on_machine(8, visitor_mb=99.0)) == []
        assert over(on_machine(8, visitor_mb=101.0)) == ["visitor_mb"]

    def test_figure_when_no_run_has_it_is_over(self):
        (found,) = judged([{"calibration": 1.0}], {"open": Allowance(2.0)})
        assert not found.fits
        assert math.isinf(found.used)

    def test_allowance_is_three_times_the_median_in_loops(self):
        budget = budget_from([RUN, on_machine(1, open=2.5), on_machine(1, open=9.0)])
        assert budget["open"] == Allowance(30.0)
        assert budget["chart_tick"] == Allowance(3.0, timer=0.25)

    def test_file_when_written_reads_back(self, tmp_path):
        budget = budget_from([RUN])
        write(budget, tmp_path / "budget.json")
        assert read(tmp_path / "budget.json") == budget

    def test_budget_in_the_repository_covers_what_a_person_waits_for(self):
        assert {
            "start_to_usable",
            "train_to_first_point",
            "stroke_to_answers",
            "to_evaluate_first",
            "add_a_sample_among_2000",
            "chart_tick",
            "memory_of_one_more_visitor_mb",
            "tick_kb",
        } <= set(read())


class TestSpread:
    def test_p95_of_twenty_is_the_slowest_but_one(self):
        assert spread([float(k) for k in range(1, 21)]) == Spread(20, 10.5, 19.0)

    def test_figure_when_a_run_lacks_it_is_over_the_others(self):
        assert spreads([{"a": 1.0}, {"a": 3.0, "b": 5.0}]) == {
            "a": Spread(2, 2.0, 3.0),
            "b": Spread(1, 5.0, 5.0),
        }


@pytest.mark.browser
class TestCalibration:
    def test_loop_when_run_again_takes_about_as_long(self, browser: Browser):
        page = browser.new_page()
        once, again = calibrate(page), calibrate(page)
        page.close()
        assert min(once, again) > 0.02
        assert max(once, again) < 5 * min(once, again)
