"""One training run as the pages see it: fed by the recorder's thread, read as snapshots."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from odt_core.checkpoint.checkpoint import Checkpoint
from odt_core.training.history import EvaluationRecord, Record


class Phase(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def active(self) -> bool:
        """Whether steps are still being made, or may be again."""
        return self in (Phase.RUNNING, Phase.PAUSED, Phase.STOPPING)


@dataclass(frozen=True)
class Snapshot:
    """What a page may see of a run; immutable."""

    id: str
    phase: Phase
    waiting: bool  # for a free core
    step: int
    total: int
    samples: int
    rate: float  # steps a second over the last few seconds
    records: tuple[Record, ...]
    evaluations: tuple[EvaluationRecord, ...]
    message: str
    earlier: int = 0  # steps of the trainings before, which are in the model too
    saved: int | None = None  # the step of its last checkpoint that was kept
    why_unsaved: str = ""  # why nothing later could be kept

    @property
    def steps_in_all(self) -> str:
        """ " · 1,102 in all" where there were trainings before; as checkpoints are counted."""
        return f" · {self.earlier + self.step:,} in all" if self.earlier else ""

    @property
    def share(self) -> float:
        """0..1 of the way."""
        return min(1.0, self.step / self.total) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """By the present rate; None while there is none."""
        return (self.total - self.step) / self.rate if self.rate else None


@dataclass(frozen=True)
class UnsavedEnd:
    """What a run made, which could not be kept and is in memory alone."""

    checkpoint: Checkpoint
    steps: int  # in all
    save: Callable[[], None]  # tries again


class Run:
    """Collects what the worker reports. Thread-safe; pages only call `snapshot`."""

    def __init__(
        self,
        run_id: str,
        total: int,
        samples: int,
        before: str | None,
        earlier: int = 0,
        saved: int | None = None,
    ) -> None:
        """before: the checkpoint that was "your model" when the run began, None for the base.
        earlier: steps of training that were in it. saved: the step of the checkpoint that an
        interrupted run goes on from.
        """
        self.id, self.samples, self.before, self.earlier = run_id, samples, before, earlier
        self.after: str | None = None  # the checkpoint at its end, your model from then on
        self.unsaved: UnsavedEnd | None = None
        self._lock = threading.Lock()
        self._total = total
        self._phase = Phase.RUNNING
        self._waiting = False
        self._records: list[Record] = []
        self._evaluations: list[EvaluationRecord] = []
        self._step = 0
        self._message = ""
        self._saved = saved
        self._why_unsaved = ""
        self._marks: list[tuple[float, int]] = []  # (clock, step), for the rate
        self._ended = threading.Event()

    def snapshot(self) -> Snapshot:
        """The state just now."""
        with self._lock:
            return Snapshot(
                id=self.id,
                phase=self._phase,
                waiting=self._waiting,
                step=self._step,
                total=self._total,
                samples=self.samples,
                rate=self._rate(),
                records=tuple(self._records),
                evaluations=tuple(self._evaluations),
                message=self._message,
                earlier=self.earlier,
                saved=self._saved,
                why_unsaved=self._why_unsaved,
            )

    @property
    def phase(self) -> Phase:
        """Where it stands, without the curves."""
        return self._phase

    def wait(self, seconds: float | None = None) -> bool:
        """Block until the run has ended; False when it has not in time."""
        return self._ended.wait(seconds)

    # Called by the recorder's thread

    def goes_on(
        self, step: int, records: Sequence[Record], evaluations: Sequence[EvaluationRecord]
    ) -> None:
        """Before it begins: it is one that was interrupted at `step`, whose curves are these."""
        with self._lock:
            self._step = step
            self._records = [one for one in records if one.step <= step]
            # Where it stands it is scored again.
            self._evaluations = [one for one in evaluations if one.step < step]

    def planned(self, total: int) -> None:
        """How many steps there will be."""
        with self._lock:
            self._total = total

    def waits(self, waiting: bool) -> None:
        """Whether others have all cores just now."""
        with self._lock:
            self._waiting = waiting

    def stepped(self, records: Sequence[Record]) -> None:
        """Some more steps were made."""
        now = time.monotonic()
        with self._lock:
            self._records.extend(records)
            self._step = records[-1].step
            self._marks.append((now, self._step))
            while len(self._marks) > 2 and now - self._marks[0][0] > 3:
                del self._marks[0]

    def evaluated(self, evaluation: EvaluationRecord) -> None:
        """The model was scored."""
        with self._lock:
            self._evaluations.append(evaluation)

    def saved(self, step: int) -> None:
        """A checkpoint was kept."""
        with self._lock:
            self._saved, self._why_unsaved = step, ""

    def not_saved(self, why: str) -> None:
        """Something could not be kept."""
        with self._lock:
            self._why_unsaved = why

    def ended(self, phase: Phase, message: str) -> None:
        """The run is over."""
        with self._lock:
            self._phase, self._message = phase, message
        self._ended.set()

    # Called by pages

    def become(self, phase: Phase) -> bool:
        """RUNNING ↔ PAUSED, or STOPPING; False when the run is not in a state for it."""
        allowed = {
            Phase.PAUSED: {Phase.RUNNING},
            Phase.RUNNING: {Phase.PAUSED},
            Phase.STOPPING: {Phase.RUNNING, Phase.PAUSED},
        }
        with self._lock:
            if self._phase not in allowed[phase]:
                return False
            self._phase = phase
            self._marks.clear()
            return True

    def _rate(self) -> float:
        if len(self._marks) < 2 or self._phase is not Phase.RUNNING:
            return 0.0
        (t0, s0), (t1, s1) = self._marks[0], self._marks[-1]
        return (s1 - s0) / (t1 - t0) if t1 > t0 else 0.0
