"""What is kept of a run that fails, and when it is over."""

import numpy as np
import pytest

from odt_core.checkpoint import Checkpoint, CheckpointMeta
from odt_core.checkpoint.progress import Progress
from odt_core.errors import WorkspaceError
from odt_core.samples import Labels
from odt_core.training import EvaluationRecord, Reason
from odt_core.training.events import Ended, Evaluated, Failed, Progressed, Saved
from odt_core.training.history import Outcome, Record, Score
from odt_core.workspace import Workspaces
from odt_core.workspace.disk import TRY_AGAIN
from pages.ui.recorder import Recorder
from pages.ui.run import Phase, Run
from tests.pages.trainings import until


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


def test_end_when_saved_without_its_line_is_your_model_and_not_said_to_be_unsaved(
    workspace, monkeypatch
):
    def full(*given):
        raise WorkspaceError("This could not be saved: the disk is full." + TRY_AGAIN)

    workspace.set_model("mine", Labels.numbered(2), bundled="digits")
    run, heads = Run(workspace.start_run(), 10, 4, None), []
    monkeypatch.setattr(workspace, "append_run", full)
    recorder = Recorder(workspace, run, on_head=heads.append)
    end = Checkpoint({"w": np.zeros(1, np.float32)}, CheckpointMeta("0" * 64, step=7))
    recorder.on_event(Saved(end, Reason.END))
    recorder.on_event(Ended(Outcome.FINISHED, 7, 10, 1.0, True, "Done.", Progress(7, 10, "")))
    assert run.wait(10)
    assert heads == [workspace.manifest.head] == [run.after]
    assert run.unsaved is None
    assert run.snapshot().message == (
        "Your model is saved, but the record of its run could not be completed: some of its curves "
        "may be missing later. This could not be saved: the disk is full."
    )


def test_autosave_that_failed_is_told_until_the_next_one_succeeds(workspace, monkeypatch):
    def full(*given, **more):
        raise WorkspaceError("This could not be saved: the disk is full." + TRY_AGAIN)

    workspace.set_model("mine", Labels.numbered(2), bundled="digits")
    run = Run(workspace.start_run(), 10, 4, None)
    recorder, add = Recorder(workspace, run, on_head=lambda _: None), workspace.add_checkpoint
    for step, saves, told in (
        (3, add, (3, "")),
        (5, full, (3, "This could not be saved: the disk is full.")),
        (7, add, (7, "")),
    ):
        monkeypatch.setattr(workspace, "add_checkpoint", saves)
        meta = CheckpointMeta("0" * 64, step=step)
        end = Checkpoint({"w": np.full(1, step, np.float32)}, meta)
        recorder.on_event(Saved(end, Reason.PERIODIC))
        until(lambda told=told: (run.snapshot().saved, run.snapshot().why_unsaved) == told)
    recorder.on_event(Failed("Over."))
    assert run.wait(10)


def test_checkpoint_has_no_scores_of_another_step(workspace):
    workspace.set_model("mine", Labels.numbered(2), bundled="digits")
    run = Run(workspace.start_run(), 10, 4, None)
    recorder = Recorder(workspace, run, on_head=lambda _: None)
    for step, reason in ((0, Reason.START), (7, Reason.PERIODIC)):
        meta = CheckpointMeta("0" * 64, step=step)
        recorder.on_event(Saved(Checkpoint({"w": np.zeros(1, np.float32)}, meta), reason))
        if not step:
            recorder.on_event(Evaluated(EvaluationRecord(0, Score(20, 9, 1.0), None, 0.0)))
    recorder.on_event(Failed("Over."))
    assert run.wait(10)
    start, later = workspace.manifest.checkpoints
    assert (start.info.own.accuracy, later.info.own) == (0.45, None)
