"""The mean of the weights over the last part of a run (Izmailov et al. 2018, arXiv:1803.05407)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np


class WeightAverage:
    """Running float64 sums of all floating-point variables but the learning rate."""

    def __init__(self, sums: Mapping[str, np.ndarray], count: int) -> None:
        self._sums = {name: np.array(array, np.float64) for name, array in sums.items()}
        self.count = count

    @property
    def sums(self) -> dict[str, np.ndarray]:
        """A copy of the sums: what a Progress keeps."""
        return {name: array.copy() for name, array in self._sums.items()}

    def add(self, state: Mapping[str, np.ndarray]) -> None:
        """Count one more step's variables."""
        for name, array in state.items():
            if not is_averaged(name, array):
                continue
            if name in self._sums:
                self._sums[name] += array
            else:
                self._sums[name] = array.astype(np.float64)
        self.count += 1

    def over(self, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """`state` with the means in place of what was averaged; itself while nothing was."""
        if self.count == 0:
            return dict(state)
        return {
            name: (self._sums[name] / self.count).astype(array.dtype)
            if name in self._sums
            else array
            for name, array in state.items()
        }


def is_averaged(name: str, array: np.ndarray) -> bool:
    """Whether a variable is one of those whose values are summed."""
    return bool(np.issubdtype(array.dtype, np.floating)) and name != "learning_rate"


def averages_from(share: float, total: int) -> int:
    """The first step (0-based) whose weights count; total when averaging is off."""
    return total - math.ceil(share * total)
