"""Where labels' names stand on a map: at each of few samples, else in the middle of their dots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_NAMED = 12  # labels whose names stand on the map
_LONGEST = 7  # letters of such a name at each sample
_LETTERS = 200  # in all, beyond which they would cover each other


def can_name(names: Sequence[str]) -> bool:
    """Whether there is room for labels. names: what each sample is; none where there are none."""
    return 0 < len(set(names)) <= _NAMED


def names_each(names: Sequence[str]) -> bool:
    """Whether there is room for the name at each sample, and it takes no dots."""
    longest = max(map(len, names), default=0)
    return can_name(names) and longest <= _LONGEST and longest * len(names) <= _LETTERS


def label_middles(where: np.ndarray, names: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Each label's name once, and the middle of its samples' places, float64 [labels, 2].

    where: [N, 2]; names: what each is.
    """
    each, label = np.unique(names, return_inverse=True)
    middles = [np.median(where[label == k], axis=0) for k in range(len(each))]
    return each.tolist(), np.reshape(middles, (-1, 2))
