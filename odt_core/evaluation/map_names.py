"""Where labels' names stand on a map: at each of few samples, else in the middle of their dots,
apart from each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_NAMED = 12  # labels whose names stand on the map
_LONGEST = 7  # letters of such a name at each sample
_LETTERS = 200  # in all, beyond which they would cover each other
_BETWEEN = 8  # px between two names side by side


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


def apart(
    middles: np.ndarray, widths: np.ndarray, high: float, room: tuple[float, float]
) -> np.ndarray:
    """Middles of names within the room, moved up or down until none lies on another.

    middles: float [K, 2], from left and from above; widths: float [K]; high: of each name; room:
    width and height, enough for all names one below the other. Gives float [K, 2].
    """
    half = np.minimum(widths / 2, room[0] / 2)
    x = np.clip(middles[:, 0], half, room[0] - half)
    y = np.clip(middles[:, 1], high / 2, room[1] - high / 2)
    order = np.lexsort((x, y)).tolist()
    _cleared(x, y, widths, high, order)
    # From the other end those that were moved out of it.
    beyond = np.minimum(room[1] - high / 2, y)
    turned = room[1] - beyond
    _cleared(x, turned, widths, high, sorted(order, key=lambda k: (turned[k], x[k])))
    return np.stack([x, room[1] - turned], axis=1)


def _cleared(
    x: np.ndarray, y: np.ndarray, widths: np.ndarray, high: float, order: list[int]
) -> None:
    """Moves each on along y, one after the other, past those before it that it would lie on."""
    for at, k in enumerate(order):
        for other in sorted(order[:at], key=lambda one: y[one]):
            beside = abs(x[k] - x[other]) < (widths[k] + widths[other]) / 2 + _BETWEEN
            if beside and abs(y[k] - y[other]) < high:
                y[k] = y[other] + high
