"""Where a run stands: all that the loop needs, besides the model's variables, to go on exactly."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from odt_core.checkpoint.prefixes import under

MOST = 2**63 - 1  # the largest seed, and more steps than anybody makes


@dataclass(frozen=True)
class Progress:
    """Loop-side state of a run after `step` steps. Together with `Settings` and the samples it
    decides every later step, bit for bit.
    """

    step: int
    total: int
    fingerprint: str  # of settings and samples: progress of one run does not fit another
    seconds: float = 0.0  # of training so far
    best_step: int | None = None
    best_correct: int | None = None
    best_cross_entropy: float | None = None
    best_mean_squared_error: float | None = None  # for a model of values, instead of these two
    best_places_right: float | None = None  # and where it tells classes of pixels or words
    average_count: int = 0
    best_on: str | None = None  # a hash of the test samples; None in files from before it was kept
    learning_rate: float | None = None  # given with every step; None where a variable holds it
    # variables as the loop has them, and float64 sums
    state: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    average: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array under one name each."""
        named = {f"state/{name}": array for name, array in self.state.items()}
        return named | {f"average/{name}": array for name, array in self.average.items()}

    def arrays_beside(self, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """`arrays` without what is the very same array in a checkpoint's `state`."""
        shared = {f"state/{name}" for name, array in self.state.items() if array is state.get(name)}
        return {name: array for name, array in self.arrays().items() if name not in shared}

    def to_json(self) -> dict[str, Any]:
        """Everything but the arrays."""
        later = {"learning_rate": self.learning_rate, "best_on": self.best_on}
        given = {name: value for name, value in later.items() if value is not None}
        return given | {
            "step": self.step,
            "total": self.total,
            "fingerprint": self.fingerprint,
            "seconds": self.seconds,
            "best_step": self.best_step,
            "best_correct": self.best_correct,
            "best_cross_entropy": self.best_cross_entropy,
            "best_mean_squared_error": self.best_mean_squared_error,
            "best_places_right": self.best_places_right,
            "average_count": self.average_count,
        }

    @classmethod
    def from_parts(
        cls,
        document: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        beside: Mapping[str, np.ndarray],
    ) -> Progress:
        """The inverse of `to_json` and `arrays`, or of `arrays_beside` the state given."""
        state = {**beside, **under("state/", arrays)}
        progress = cls(**document, state=state, average=under("average/", arrays))
        progress.check()
        return progress

    def check(self) -> None:
        """TypeError where a field is not what it must be."""
        counts = [self.step, self.total, self.average_count]
        counts += [n for n in (self.best_step, self.best_correct) if n is not None]
        best = (self.best_cross_entropy, self.best_mean_squared_error, self.best_places_right)
        numbers = [n for n in (*best, self.learning_rate) if n is not None]
        texts = [self.fingerprint] + ([] if self.best_on is None else [self.best_on])
        fits = all(isinstance(one, str) for one in texts) and all(map(is_count, counts))
        fits = fits and all(map(is_number, [self.seconds, *numbers]))
        if not fits or (self.learning_rate or 0) < 0:
            raise TypeError("a progress of other types")


def is_count(value: object) -> bool:
    """Whether it is a whole number from 0 to MOST, as JSON has them."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def is_number(value: object) -> bool:
    """Whether it is a finite number, as JSON has them."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= sys.float_info.max  # which NaN is not, nor an int that fits no float
