"""How well one number tells two groups apart."""

from __future__ import annotations

import numpy as np

from odt_core.errors import SampleError


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """Area under the ROC curve: the share of pairs in which the outside score is the higher one,
    ties counting half (Hanley & McNeil 1982, Radiology 143:29–36). Exact.

    inside, outside: float [N], [M]. nan when one is empty; SampleError when a score is nan.
    """
    low, high = np.asarray(inside, np.float64).ravel(), np.asarray(outside, np.float64).ravel()
    if np.isnan(low).any() or np.isnan(high).any():
        raise SampleError("auroc needs numbers, and one of the scores is nan.")
    if not len(low) or not len(high):
        return float("nan")
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, side="left")
    up_to = np.searchsorted(ordered, high, side="right")
    return (int(below.sum()) + int(up_to.sum())) / (2 * len(low) * len(high))
