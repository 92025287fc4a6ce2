"""What a running training tells its owner, one frozen value an event."""

from __future__ import annotations

from dataclasses import dataclass

from odt_core.checkpoint.checkpoint import Checkpoint
from odt_core.checkpoint.progress import Progress
from odt_core.training.callbacks import Reason
from odt_core.training.history import EvaluationRecord, Outcome, Record


@dataclass(frozen=True)
class Started:
    """Training begins after `step` of `total` steps, each computed by so many threads."""

    step: int
    total: int
    threads: int


@dataclass(frozen=True)
class Progressed:
    """Some more steps; batched to about 20 events a second."""

    records: tuple[Record, ...]


@dataclass(frozen=True)
class Evaluated:
    """The model was scored on the test sets."""

    evaluation: EvaluationRecord


@dataclass(frozen=True)
class Saved:
    """An automatic checkpoint was made."""

    checkpoint: Checkpoint
    reason: Reason


@dataclass(frozen=True)
class Paused:
    """Training waits."""


@dataclass(frozen=True)
class Waiting:
    """Training waits for a free core: others train too."""


@dataclass(frozen=True)
class Resumed:
    """Training goes on after a pause or a wait."""


@dataclass(frozen=True)
class Ended:
    """Training is over; `progress` lets a stopped run go on."""

    outcome: Outcome
    steps: int
    total: int
    seconds: float
    learnt: bool  # as of History
    message: str
    progress: Progress


@dataclass(frozen=True)
class Failed:
    """Training could not start or go on. `died`: the model's process is gone."""

    message: str
    died: bool = False


Event = Started | Progressed | Evaluated | Saved | Paused | Waiting | Resumed | Ended | Failed
