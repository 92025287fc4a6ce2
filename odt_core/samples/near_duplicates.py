"""Training samples that are a test sample over again: the same stroke, the same photo resized.

A model trained on such a sample has seen the answer, and a test that it passes says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# Pictures whose prepared pixels correlate more than this are the same picture. Measured by
# benchmarks/evaluation/near_duplicates.py, whose README holds the figures: of pairs of different
# drawings by one hand under one label hardly any but straight "1"s correlate as much, while a
# drawing enlarged, darkened or saved as JPEG does.
SAME_PICTURE = 0.98

# Two rows of numbers are the same when no number differs by more than this share of its own
# standard deviation: rounding in a file, never another measurement. Where all samples have whole
# numbers they are equal: 5 and 6 may be ids of two words out of 20,000.
SAME_NUMBERS = 1e-3

# Rows of so many whole numbers, such as categories or ids, come again in samples that were drawn
# apart: they are as many samples. More of them, such as pixels, do not.
_MOST_BY_CHANCE = 31

_SIDE = 32  # larger pictures are averaged down to about this before they are compared
_BLOCK = 512  # training samples compared at once


@dataclass(frozen=True)
class NearDuplicate:
    """Training sample `train` is test sample `test` over again (its nearest; both are places in
    the arrays given). likeness: correlation, -1 to 1; 1 for the same numbers.
    """

    train: int
    test: int
    likeness: float


def near_duplicates(
    train: np.ndarray,
    test: np.ndarray,
    *,
    picture: tuple[int, ...] | None = None,
    threshold: float | None = None,
) -> tuple[NearDuplicate, ...]:
    """The training samples that must not be trained on, ascending; labels do not matter.

    train, test: float [N, *input_shape], [M, *input_shape], prepared as the model takes them.
    picture: [height, width(, channels)] of a sample that is one (Preprocessing.picture_shape, for
    its kinds "ink" and "image"): compared by correlation, which brightness and contrast do not
    change. None for samples of numbers: compared number by number. threshold: default SAME_PICTURE
    or SAME_NUMBERS.
    """
    if not len(train) or not len(test):
        return ()
    if picture is None:
        return _same_numbers(train, test, SAME_NUMBERS if threshold is None else threshold)
    limit = SAME_PICTURE if threshold is None else threshold
    tested = _normalised(test, picture)
    found = []
    for at in range(0, len(train), _BLOCK):
        likeness = _normalised(train[at : at + _BLOCK], picture) @ tested.T  # [B, M]
        nearest = likeness.argmax(axis=1)
        best = likeness[np.arange(len(nearest)), nearest]
        found += [
            NearDuplicate(at + int(k), int(nearest[k]), min(1.0, float(best[k])))
            for k in np.flatnonzero(best > limit)
        ]
    return tuple(found)


def first_alike(x: np.ndarray, *, picture: tuple[int, ...] | None = None) -> np.ndarray:
    """int64 [N]: of each sample the place of the first that it is over again, its own where it is
    like none that stands for itself; as `near_duplicates` tells it, and picture as there.
    """
    first = np.arange(len(x))
    if not len(x):
        return first
    alike: Iterator[np.ndarray]
    if picture is None:
        rows, reach = _comparable(x, SAME_NUMBERS)
        alike = (_rows_like(row, rows[:at], reach) for at, row in enumerate(rows))
    else:
        alike = _pictures_like(_normalised(x, picture))
    for at, before in enumerate(alike):
        for one in before:
            if first[one] == one:
                first[at] = one
                break
    return first


def first_equal(x: np.ndarray) -> np.ndarray:
    """int64 [N]: of each sample the place of the first that is equal to the last number; its own
    where there is none, and where it `may_recur`. For any number of samples at once.
    """
    sums = x.reshape(len(x), math.prod(x.shape[1:])).sum(axis=1, dtype=np.float64)
    _, group, counts = np.unique(sums, return_inverse=True, return_counts=True)
    first = np.arange(len(x))
    known: dict[bytes, int] = {}
    # Of nearly all the sum alone says that they differ: their bytes need no look.
    for at in np.flatnonzero((counts[group] > 1) & ~may_recur(x)):
        first[at] = known.setdefault(x[at].tobytes(), int(at))
    return first


def may_recur(x: np.ndarray) -> np.ndarray:
    """bool [N]: whether a sample is so few whole numbers that others are the same by chance."""
    rows = x.reshape(len(x), math.prod(x.shape[1:]))
    if rows.shape[1] > _MOST_BY_CHANCE:
        return np.zeros(len(x), bool)
    return np.asarray((rows == np.rint(rows)).all(axis=1))


def _pictures_like(rows: np.ndarray) -> Iterator[np.ndarray]:
    """For each picture of normalised rows which of those before it are the same, ascending."""
    for at in range(0, len(rows), _BLOCK):
        likeness = rows[at : at + _BLOCK] @ rows[: at + _BLOCK].T
        for k, one in enumerate(likeness, at):
            yield np.flatnonzero(one[:k] > SAME_PICTURE)


def averaged_down(x: np.ndarray, picture: tuple[int, ...]) -> np.ndarray:
    """Pictures as `near_duplicates` compares them: float32 [N, height, width, channels], a shorter
    side of at most 63 pixels. Its answer for these is the same as for the pictures themselves.
    """
    height, width = picture[:2]
    channels = math.prod(picture[2:])
    values = np.asarray(x, np.float32).reshape(len(x), height, width, channels)
    step = max(1, min(height, width) // _SIDE)
    if step == 1:
        return values
    rows, columns = height // step * step, width // step * step
    values = values[:, :rows, :columns].reshape(
        len(x), rows // step, step, columns // step, step, channels
    )
    return np.asarray(values.mean(axis=(2, 4)))


def _normalised(x: np.ndarray, picture: tuple[int, ...]) -> np.ndarray:
    """float32 [N, P + 1]: rows of mean 0 and length 1, whose products are correlations. Pictures of
    one flat colour have no direction: all of them share the last column.
    """
    flat = averaged_down(x, picture).reshape(len(x), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    empty = size[:, 0] <= 1e-6 * math.sqrt(flat.shape[1])
    rest = np.where(empty[:, None], 0, flat / np.where(empty[:, None], 1, size))
    return np.concatenate([rest, empty[:, None]], axis=1).astype(np.float32)


def _same_numbers(
    train: np.ndarray, test: np.ndarray, threshold: float
) -> tuple[NearDuplicate, ...]:
    rows, reach = _comparable(np.concatenate([train, test]), threshold)
    found = []
    for at, row in enumerate(rows[: len(train)]):
        same = _rows_like(row, rows[len(train) :], reach)
        if len(same):
            found.append(NearDuplicate(at, int(same[0]), 1.0))
    return tuple(found)


def _comparable(x: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """(rows float64 [N, P], by how much each number of rows that are the same may differ [P]), the
    numbers that vary most often first.
    """
    rows = np.asarray(x, np.float64).reshape(len(x), -1)
    rows = rows[:, np.argsort(-(rows != rows[:1]).sum(axis=0), kind="stable")]
    whole = (rows == np.rint(rows)).all(axis=0)
    return rows, np.where(whole, 0.0, threshold * rows.std(axis=0))


def _rows_like(row: np.ndarray, rows: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Which of the rows [M, P] are the same as one, ascending. A few numbers tell most apart, so
    that all are looked at of hardly any.
    """
    left, at, width = np.arange(len(rows)), 0, 1
    while len(left) and at < len(row):
        part = slice(at, at + width)
        left = left[(np.abs(rows[left, part] - row[part]) <= reach[part]).all(axis=1)]
        at, width = at + width, 2 * width
    return left
