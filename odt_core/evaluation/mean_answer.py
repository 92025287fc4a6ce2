"""Always giving the mean: what a model of numbers has to beat, as one of labels the commonest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_ROUNDING = 1e-9  # of an error: what sums in another order make of it is less


@dataclass(frozen=True)
class MeanAnswer:
    """What it comes to always to answer with the mean of n samples' targets, each number's own: no
    answer that is always the same has a smaller mean squared error. That is so because it knows
    these very targets: one that knew only where they come from would err by n / (n - 1) of that,
    which with fewer than six samples matters, of which nothing is claimed anyway.
    """

    error: float  # mean squared: the targets' variance
    n: int

    def beaten_by(self, error: float) -> bool:
        """Whether a mean squared error is smaller, by more than rounding."""
        return error < self.error * (1 - _ROUNDING)

    @property
    def words(self) -> str:
        """What is done, as a part of a sentence."""
        return "always giving the mean of all targets"

    @property
    def no_more(self) -> str:
        """What a gain is that comes to no more, as a part of a sentence."""
        return f"no closer than {self.words}"

    @property
    def claim(self) -> str:
        """What is claimed of a model with such a gain, without the full stop."""
        return f"Closer, but {self.no_more} (a mean squared error of {self.error:.4g})"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {"mean_squared_error": self.error, "of": self.n}


def mean_answer(targets: np.ndarray) -> MeanAnswer | None:
    """targets: float [N, …]. None without samples."""
    if not targets.size:
        return None
    return MeanAnswer(float(targets.var(axis=0, dtype=np.float64).mean()), len(targets))
