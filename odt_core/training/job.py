"""A training run as a page sees it: start it, look at it from any thread, stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from odt_core.checkpoint.checkpoint import Checkpoint
from odt_core.checkpoint.progress import Progress
from odt_core.errors import OdtError
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
)
from odt_core.training.history import EvaluationRecord, Outcome, Record
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.samples import Samples

SPEED_WINDOW = 2.0  # seconds over which steps per second are counted


class JobState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing more will come."""
        return self not in (JobState.RUNNING, JobState.PAUSED)


class Trains(Protocol):
    """A Worker."""

    def fit(
        self,
        samples: Samples,
        settings: Settings | None = None,
        *,
        test: Samples | None = None,
        replay: Samples | None = None,
        base_test: Samples | None = None,
        start: Progress | None = None,
        on_event: Callable[[Event], None],
        autosave_seconds: float = 5.0,
    ) -> None: ...

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class TrainingSnapshot:
    """A run at one instant. `records` and `evaluations` begin where the caller asked; `next_record`
    and `next_evaluation` are what to ask for next time.
    """

    state: JobState
    step: int
    total: int  # 0 until the first event
    seconds: float  # of training, pauses not counted
    steps_per_second: float | None  # lately
    seconds_left: float | None
    records: tuple[Record, ...]
    evaluations: tuple[EvaluationRecord, ...]
    next_record: int
    next_evaluation: int
    message: str  # how it ended; empty while it runs
    outcome: Outcome | None  # None while it runs and when it failed
    died: bool  # the model's process is gone
    progress: Progress | None  # to go on after a stop


class TrainingJob:
    """Collects a worker's events. Every method may be called from any thread."""

    def __init__(
        self,
        worker: Trains,
        samples: Samples,
        settings: Settings | None = None,
        *,
        test: Samples | None = None,
        replay: Samples | None = None,
        base_test: Samples | None = None,
        start: Progress | None = None,
        on_checkpoint: Callable[[Checkpoint, Reason], None] | None = None,
        on_event: Callable[[Event], None] | None = None,
        autosave_seconds: float = 5.0,
    ) -> None:
        """Start the run and return at once.

        on_checkpoint, on_event: called on the worker's reader thread; an OdtError they raise ends
        up in the snapshot's message and does not stop the run.
        """
        self._worker = worker
        self._on_checkpoint, self._on_event = on_checkpoint, on_event
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._state = JobState.RUNNING
        self._records: list[Record] = []
        self._evaluations: list[EvaluationRecord] = []
        self._step = self._total = 0
        self._speed: list[tuple[float, int]] = []  # (seconds of training, step)
        self._end: Ended | None = None
        self._message = self._trouble = ""
        self._died = False
        worker.fit(
            samples,
            settings,
            test=test,
            replay=replay,
            base_test=base_test,
            start=start,
            on_event=self._take,
            autosave_seconds=autosave_seconds,
        )

    def snapshot(self, records_from: int = 0, evaluations_from: int = 0) -> TrainingSnapshot:
        """How the run stands, with the records and evaluations from those indices on."""
        with self._lock:
            end = self._end
            last = self._records[-1] if self._records else None
            seconds = end.seconds if end else (last.seconds if last else 0.0)
            speed = self._steps_per_second()
            running = self._state is JobState.RUNNING
            return TrainingSnapshot(
                state=self._state,
                step=self._step,
                total=self._total,
                seconds=seconds,
                steps_per_second=speed,
                seconds_left=(self._total - self._step) / speed if speed and running else None,
                records=tuple(self._records[records_from:]),
                evaluations=tuple(self._evaluations[evaluations_from:]),
                next_record=len(self._records),
                next_evaluation=len(self._evaluations),
                message=" ".join(part for part in (self._message, self._trouble) if part),
                outcome=end.outcome if end else None,
                died=self._died,
                progress=end.progress if end else None,
            )

    @property
    def state(self) -> JobState:
        """Where the run stands."""
        with self._lock:
            return self._state

    def pause(self) -> None:
        """Wait before the next step."""
        if not self.state.final:
            self._worker.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        if not self.state.final:
            self._worker.resume()

    def stop(self) -> None:
        """End after the step that is running; what was learnt stays."""
        if not self.state.final:
            self._worker.stop()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; False when it has not come within `seconds`."""
        return self._done.wait(seconds)

    def _steps_per_second(self) -> float | None:
        if len(self._speed) < 2:
            return None
        (began, first), (now, last) = self._speed[0], self._speed[-1]
        return (last - first) / (now - began) if now > began else None

    def _take(self, event: Event) -> None:
        with self._lock:
            self._apply(event)
        try:
            if isinstance(event, Saved) and self._on_checkpoint is not None:
                self._on_checkpoint(event.checkpoint, event.reason)
            if self._on_event is not None:
                self._on_event(event)
        except OdtError as error:
            with self._lock:
                self._trouble = str(error)
        finally:
            if isinstance(event, Ended | Failed):
                self._done.set()

    def _apply(self, event: Event) -> None:
        match event:
            case Started():
                self._step, self._total = event.step, event.total
            case Progressed() if event.records:
                self._records.extend(event.records)
                last = event.records[-1]
                self._step = last.step
                self._speed.append((last.seconds, last.step))
                while len(self._speed) > 2 and last.seconds - self._speed[0][0] > SPEED_WINDOW:
                    self._speed.pop(0)
            case Evaluated():
                self._evaluations.append(event.evaluation)
            case Paused():
                self._state = JobState.PAUSED
            case Resumed():
                self._state = JobState.RUNNING
            case Ended():
                self._end, self._step, self._message = event, event.steps, event.message
                self._state = {
                    Outcome.FINISHED: JobState.FINISHED,
                    Outcome.STOPPED: JobState.STOPPED,
                    Outcome.DIVERGED: JobState.FAILED,
                }[event.outcome]
            case Failed():
                self._message, self._died = event.message, event.died
                self._state = JobState.FAILED
