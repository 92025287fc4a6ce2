"""Curves of a training, read again from its files: by another process, over a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from odt_core.training.history import EvaluationRecord, Record, Score
from odt_core.training.journal import evaluation_line, kept, steps_line
from odt_core.workspace import Workspace, Workspaces
from pages.ui.desk.kept_curves import kept_curves
from pages.ui.model_facts import _step_ms


def steps(first: int, last: int, loss: float = 0.5) -> dict:
    return steps_line([Record(k, 1, loss, None, None, 0.1, k / 8) for k in range(first, last + 1)])


def measured(step: int) -> dict:
    return evaluation_line(EvaluationRecord(step, Score(20, step, 1.0), None, step / 8))


def saved(name: str, step: int) -> dict:
    return {"kind": "checkpoint", "checkpoint": name, "step": step}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspaces(tmp_path).create()


def keep(workspace: Workspace, *lines: dict) -> None:
    workspace.append_run(workspace.start_run(), lines)


class TestKeptCurves:
    def test_run_when_ended_has_all_its_steps_and_how_it_ended(self, workspace):
        end = {"kind": "end", "outcome": "finished", "message": "Done."}
        keep(workspace, {"kind": "begin", "goes_on": None}, measured(0), steps(1, 8), measured(8),
             saved("c2", 8), end)  # fmt: skip
        curves = kept_curves(workspace, "c2")
        assert [one.step for one in curves.records] == list(range(1, 9))
        assert [one.step for one in curves.evaluations] == [0, 8]
        assert (curves.outcome, curves.message) == ("finished", "Done.")

    def test_run_that_failed_says_so(self, workspace):
        keep(workspace, steps(1, 5), saved("c1", 5), {"kind": "end", "outcome": "failed"})
        assert kept_curves(workspace, "c1").message == "This training failed."

    def test_checkpoint_when_made_on_the_way_has_the_steps_up_to_it(self, workspace):
        keep(workspace, measured(0), steps(1, 5), saved("c1", 5), steps(6, 9), measured(9),
             saved("c2", 9))  # fmt: skip
        curves = kept_curves(workspace, "c1")
        assert [one.step for one in curves.records] == [1, 2, 3, 4, 5]
        assert [one.step for one in curves.evaluations] == [0]

    def test_training_when_it_went_on_after_a_restart_is_one_curve(self, workspace):
        keep(workspace, {"kind": "begin", "goes_on": None}, measured(0), steps(1, 5),
             saved("c1", 5), steps(6, 7, loss=9.0))  # fmt: skip
        keep(workspace, {"kind": "begin", "goes_on": "c1"}, measured(5), steps(6, 8),
             saved("c2", 8), {"kind": "end", "outcome": "finished", "message": ""})  # fmt: skip
        curves = kept_curves(workspace, "c2")
        assert [one.step for one in curves.records] == list(range(1, 9))
        assert {one.loss for one in curves.records} == {0.5}  # what was lost is not in it
        assert [one.step for one in curves.evaluations] == [0, 5]

    def test_checkpoint_of_no_run_has_none(self, workspace):
        keep(workspace, steps(1, 5), saved("c1", 5))
        assert kept_curves(workspace, "uploaded") is None

    def test_run_of_a_version_that_kept_no_steps_has_none(self, workspace):
        keep(workspace, {"kind": "checkpoint", "checkpoint": "c1"}, saved("c2", 5))
        assert kept_curves(workspace, "c1") is None
        assert kept_curves(workspace, "c2") is None


@pytest.mark.parametrize("total", [4, 2_000])
def test_step_takes_as_long_where_not_every_one_was_kept(total):
    records = [Record(k, 1, 0.5, None, None, 0.1, k / 8) for k in range(1, total + 1)]
    assert _step_ms(kept(records, total)) == 125
