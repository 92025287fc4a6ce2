"""What is kept of a run that fails, and when it is over."""

import pytest

from odt_core.errors import WorkspaceError
from odt_core.training.events import Failed, Progressed
from odt_core.training.history import Record
from odt_core.workspace import Workspaces
from pages.ui.recorder import Recorder
from pages.ui.run import Phase, Run


@pytest.fixture
def workspace(tmp_path):
    return Workspaces(tmp_path).create()


def failed(workspace) -> Run:
    """A run whose second event says that it failed."""
    run = Run(workspace.start_run(), 10, 4, None)
    recorder = Recorder(workspace, run, on_head=lambda _: None)
    recorder.on_event(Progressed((Record(1, 0, 0.5, None, None, 0.1, 0.1),)))
    recorder.on_event(Failed("The loss is gone."))
    assert run.wait(10)
    return run


def test_run_when_failed_is_over_once_its_last_lines_are_written(workspace, monkeypatch):
    ended, there = Run.ended, []

    def over(run, *given):
        there.extend(line["kind"] for line in workspace.run_records(run.id))
        ended(run, *given)

    monkeypatch.setattr(Run, "ended", over)
    failed(workspace)
    assert there == ["steps", "end"]


def test_run_when_failed_and_its_last_lines_cannot_be_written_says_why_it_failed(
    workspace, monkeypatch
):
    def full(*given):
        raise WorkspaceError("This could not be saved: the disk is full.")

    monkeypatch.setattr(workspace, "append_run", full)
    seen = failed(workspace).snapshot()
    assert (seen.phase, seen.message) == (Phase.FAILED, "The loss is gone.")
