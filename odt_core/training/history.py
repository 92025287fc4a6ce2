"""What happened in a run: a record a step, the evaluations, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from odt_core.checkpoint.progress import Progress


class Outcome(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped"  # on request; can go on from its progress
    DIVERGED = "diverged"  # loss or weights were no longer finite; the last good state is back


@dataclass(frozen=True, slots=True)
class Measures:
    """odt's own figures of one batch: the first two for labels, the others for values."""

    cross_entropy: float | None = None
    accuracy: float | None = None
    mean_squared_error: float | None = None
    mean_absolute_error: float | None = None


class Record(NamedTuple):
    """One step. `step` counts from 1; cross_entropy and accuracy are ours, measured after the step
    on the own samples of its batch (None where not measured); for a model of values the two errors
    are there instead. loss: nan where the model reports none.
    """

    step: int
    epoch: int
    loss: float  # as the model reports it
    cross_entropy: float | None
    accuracy: float | None
    learning_rate: float | None
    seconds: float  # of training so far, pauses not counted
    mean_squared_error: float | None = None
    mean_absolute_error: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How the model does on n samples that are judged: right answers for labels, errors for values.
    places_right: share of pixels or words that are right, of values that tell their classes.
    """

    n: int
    correct: int | None
    cross_entropy: float | None
    mean_squared_error: float | None = None
    mean_absolute_error: float | None = None
    places_right: float | None = None

    @property
    def different(self) -> int:
        """What an Evaluation calls the samples that are judged."""
        return self.n

    @property
    def accuracy(self) -> float | None:
        """Share of correct predictions, 0 to 1; None for a model of values."""
        if self.correct is None:
            return None
        return self.correct / self.n if self.n else float("nan")

    @property
    def share_right(self) -> float | None:
        """Of labels, or of pixels or words; None for numbers."""
        return self.accuracy if self.places_right is None else self.places_right


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """Scores after `step` steps (0: before the first)."""

    step: int
    test: Score | None
    base_test: Score | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> EvaluationRecord:
        """The inverse of `to_json`."""
        test, base = document["test"], document["base_test"]
        return cls(
            step=document["step"],
            test=Score(**test) if test else None,
            base_test=Score(**base) if base else None,
            seconds=document["seconds"],
        )


@dataclass(frozen=True)
class History:
    """The whole run."""

    outcome: Outcome
    records: tuple[Record, ...] = field(repr=False)
    evaluations: tuple[EvaluationRecord, ...] = field(repr=False)
    steps: int  # steps done in all, those before a resume included
    total: int
    seconds: float
    learnt: bool  # whether a weight is another than before the first step
    message: str  # how it ended, in one plain sentence or a few
    # to go on from here: fit(..., start=history.progress)
    progress: Progress = field(repr=False)
