"""Turns a worker's events into what is kept: curves for the pages, checkpoints for the workspace.

Events arrive on the worker's reader thread, which must not wait; a thread of its own writes to
disk. It never touches Streamlit: pages look at the run when they like.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from odt_core.checkpoint.checkpoint import Checkpoint, save_checkpoint
from odt_core.errors import OdtError
from odt_core.training import history
from odt_core.training.callbacks import Reason
from odt_core.training.events import (
    Ended,
    Evaluated,
    Event,
    Failed,
    Paused,
    Progressed,
    Resumed,
    Saved,
    Started,
    Waiting,
)
from odt_core.training.history import EvaluationRecord, Outcome, Record
from odt_core.training.journal import evaluation_line, kept, steps_line
from odt_core.workspace import CheckpointInfo, Kind, Score, Workspace
from odt_core.workspace.disk import TRY_AGAIN
from odt_core.workspace.run_log import RunEnded, RunKept
from pages.ui.run import Phase, Run, UnsavedEnd

_log = logging.getLogger("odt.recorder")
_PHASES = {
    Outcome.FINISHED: Phase.FINISHED,
    Outcome.STOPPED: Phase.STOPPED,
    Outcome.DIVERGED: Phase.DIVERGED,
}


class Recorder:
    """Records one run; `on_event` is what `Worker.fit` wants."""

    def __init__(self, workspace: Workspace, run: Run, on_head: Callable[[str], None]) -> None:
        """on_head: told the checkpoint at the end of the run, which is your model from then on."""
        self._workspace, self._run, self._on_head = workspace, run, on_head
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._start: Checkpoint | None = None  # waits for the first scores
        self._best: Checkpoint | None = None  # only the last one is worth keeping
        self._scores: EvaluationRecord | None = None
        self._unsaved: tuple[Saved, str] | None = None  # the end, and why it could not be kept
        self._total = 0
        self._steps: list[Record] = []  # not in the run's file yet
        self._evaluations: list[EvaluationRecord] = []  # the same
        threading.Thread(target=self._work, name=f"odt-recorder-{run.id}", daemon=True).start()

    def on_event(self, event: Event) -> None:
        """Take an event and return at once."""
        self._events.put(event)

    def _work(self) -> None:
        while True:
            event = self._events.get()
            try:
                self._record(event)
            except Exception as error:
                self._failed_at(event, self._why(error))
            if isinstance(event, Ended | Failed):
                return

    def _why(self, error: Exception) -> str:
        if isinstance(error, OdtError):
            _log.warning("run %s: %s", self._run.id, error)
            return str(error)
        _log.error("run %s", self._run.id, exc_info=error)
        return "The details are in the server's log."

    def _failed_at(self, event: Event, reason: str) -> None:
        """Something could not be kept: told until a later autosave succeeds, which the end cannot
        wait for.
        """
        self._run.not_saved(reason.removesuffix(TRY_AGAIN))
        if isinstance(event, Saved) and event.reason is Reason.END:
            self._unsaved = event, reason
        if isinstance(event, Ended | Failed) and self._run.phase.active:
            self._ended_unsaved(reason)

    def _ended_unsaved(self, reason: str) -> None:
        """The run is over, and all of it, or only what is noted of it, could not be kept."""
        told = "The end of training could not be saved."
        if self._run.after is not None:
            told = (
                "Your model is saved, but the record of its run could not be completed: some of "
                "its curves may be missing later."
            )
            reason = reason.removesuffix(TRY_AGAIN)
        self._run.ended(Phase.FAILED, f"{told} {reason}")

    def _record(self, event: Event) -> None:
        match event:
            case Started():
                self._run.planned(event.total)
                self._total = event.total
            case Waiting():
                self._run.waits(True)
            case Paused() | Resumed():
                self._run.waits(False)
            case Progressed():
                self._flush_start()
                self._run.stepped(event.records)
                self._steps += kept(event.records, self._total)
            case Evaluated():
                self._scores = event.evaluation
                self._run.evaluated(event.evaluation)
                self._evaluations.append(event.evaluation)
                self._flush_start()
            case Saved(reason=Reason.START):
                self._start = event.checkpoint
            case Saved(reason=Reason.BEST):
                self._best = event.checkpoint if event.checkpoint.meta.step else None
            case Saved(reason=Reason.PERIODIC):
                self._keep(event.checkpoint, Kind.AUTO)
            case Saved():
                self._end(event.checkpoint)
            case Ended() if self._unsaved is not None:
                # No end is noted, so that the run can go on from what was saved before.
                saved, reason = self._unsaved
                self._run.unsaved = self._in_memory(saved, event)
                self._ended_unsaved(reason)
            case Ended():
                test = self._first_and_last()
                self._note(
                    RunEnded(event.outcome, event.steps, self._total, event.message, test).to_json()
                )
                self._run.ended(_PHASES[event.outcome], event.message)
            case Failed():
                try:
                    self._note_curves()
                    if not event.died:
                        self._note(RunEnded(None).to_json())
                finally:  # last, as after it the run's file is read; whatever became of that
                    self._run.ended(Phase.FAILED, event.message)

    def _in_memory(self, saved: Saved, ended: Ended) -> UnsavedEnd | None:
        """What is lost with this process unless it is saved; None where there is nothing."""
        if saved.checkpoint.meta.step == 0 or self._run.after is not None:
            return None

        def save() -> None:
            self._unsaved = None
            try:
                self._record(saved)
                self._record(ended)
            except Exception as error:
                if self._run.after is None:
                    raise
                self._ended_unsaved(self._why(error))
            self._run.unsaved = None

        return UnsavedEnd(saved.checkpoint, self._run.earlier + saved.checkpoint.meta.step, save)

    def _first_and_last(self) -> tuple[history.Score, history.Score] | None:
        """How the model did on the person's test samples before the run and after it; before one
        that it goes on from, where it was judged by as many.
        """
        scores = [e.test for e in self._run.snapshot().evaluations if e.test is not None]
        scores = [one for one in scores if one.n == scores[-1].n]
        return (scores[0], scores[-1]) if len(scores) > 1 else None

    def _flush_start(self) -> None:
        """The checkpoint before the first step, once its scores are known."""
        if self._start is not None:
            checkpoint, self._start = self._start, None
            self._keep(checkpoint, Kind.START)

    def _end(self, checkpoint: Checkpoint) -> None:
        if self._best is not None and self._best.meta.step != checkpoint.meta.step:
            self._keep(self._best, Kind.BEST)
        self._best = None
        if checkpoint.meta.step == 0:
            return  # nothing was learnt: your model is what it was
        try:
            self._keep(checkpoint, Kind.END, as_head=True)
        finally:  # it is your model even where its line could not be written
            if self._run.after is not None:
                self._on_head(self._run.after)

    def _keep(self, checkpoint: Checkpoint, kind: Kind, *, as_head: bool = False) -> None:
        metrics, scores = checkpoint.meta.metrics, self._scores
        if metrics:
            scores = EvaluationRecord.from_json(metrics)
        elif scores is not None and scores.step != checkpoint.meta.step:
            scores = None  # those of other weights
        info = CheckpointInfo(
            kind,
            checkpoint.meta.step,
            self._run.samples,
            own=_score(scores.test if scores else None),
            base=_score(scores.base_test if scores else None),
            earlier=self._run.earlier,
        )
        entry = self._workspace.add_checkpoint(save_checkpoint(checkpoint), info, as_head=as_head)
        if as_head:
            self._run.after = entry.id
        self._note(RunKept(entry.id, entry.info.step).to_json())
        self._run.saved(entry.info.step)

    def _note(self, record: Mapping[str, Any]) -> None:
        """Add a record, after the curves up to here."""
        self._note_curves()
        self._workspace.append_run(self._run.id, [record])

    def _note_curves(self) -> None:
        steps, self._steps = self._steps, []
        evaluations, self._evaluations = self._evaluations, []
        lines = [evaluation_line(one) for one in evaluations]
        if steps:
            lines.append(steps_line(steps))
        if lines:
            self._workspace.append_run(self._run.id, lines)


def _score(measured: history.Score | None) -> Score | None:
    return None if measured is None else Score.of(measured)
