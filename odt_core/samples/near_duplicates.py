"""Training samples that are a test sample over again: the same stroke, the same photo resized.

A model trained on such a sample has seen the answer, and a test that it passes says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from odt_core.samples.by_chance import half_units, may_recur

# Pictures whose prepared pixels correlate more than this are the same picture. Measured by
# benchmarks/evaluation/near_duplicates.py, whose README holds the figures: of pairs of different
# drawings by one hand under one label hardly any but straight "1"s correlate as much, while a
# drawing enlarged, darkened or saved as JPEG does.
SAME_PICTURE = 0.98

# Two rows of numbers are the same when no number differs by more than this share of itself, six
# digits in a file, or by what the coarser row was rounded by: to its last decimal, where it has
# three digits or more. Where all samples have whole numbers they are equal: 5 and 6 may be ids of
# two words out of 20,000.
SAME_NUMBERS = 1e-5
_FEWEST_UNITS = 100

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
    threshold: float = SAME_PICTURE,
) -> tuple[NearDuplicate, ...]:
    """The training samples that must not be trained on, ascending; labels do not matter.

    train, test: float [N, *input_shape], [M, *input_shape], prepared as the model takes them.
    picture: [height, width(, channels)] of a sample that is one (Preprocessing.picture_shape, for
    its kinds "ink" and "image"): compared by correlation, which brightness and contrast do not
    change. None for samples of numbers: compared number by number, up to their rounding; two that
    `may_recur` are none over again. threshold: of the correlation.
    """
    if not len(train) or not len(test):
        return ()
    if picture is None:
        return _same_numbers(train, test)
    tested = _normalised(test, picture)
    found = []
    for at in range(0, len(train), _BLOCK):
        likeness = _normalised(train[at : at + _BLOCK], picture) @ tested.T  # [B, M]
        nearest = likeness.argmax(axis=1)
        best = likeness[np.arange(len(nearest)), nearest]
        found += [
            NearDuplicate(at + int(k), int(nearest[k]), min(1.0, float(best[k])))
            for k in np.flatnonzero(best > threshold)
        ]
    return tuple(found)


def first_alike(x: np.ndarray, *, picture: tuple[int, ...] | None = None) -> np.ndarray:
    """int64 [N]: of each sample the place of the first that it is over again, its own where it is
    like none that stands for itself; as `near_duplicates` tells it, and picture as there.
    """
    if not len(x):
        return np.zeros(0, np.int64)
    if picture is not None:
        return _first_of(_pictures_like(_normalised(x, picture)))
    rows = _Rows(x)
    first = _first_of(rows.like(at, at) for at in range(len(x)))
    again = np.flatnonzero(first != np.arange(len(first)))
    recurs = may_recur(rows.numbers[again], rows.numbers[first[again]], rows.numbers)
    first[again[recurs]] = again[recurs]
    return first


def first_equal(x: np.ndarray) -> np.ndarray:
    """int64 [N]: of each sample the place of the first that is equal to the last number; its own
    where there is none, and where it `may_recur`. For any number of samples at once.
    """
    rows = x.reshape(len(x), math.prod(x.shape[1:]))
    first = _first_of_equal(rows)
    several = np.flatnonzero(np.bincount(first, minlength=len(first)) > 1)
    recurs = np.zeros(len(x), bool)
    recurs[several] = may_recur(rows[several], rows[several], rows)
    return np.where(recurs[first], np.arange(len(first)), first)


def _first_of_equal(rows: np.ndarray) -> np.ndarray:
    """int64 [N]: of each of rows [N, P] the place of the first that has the same bytes."""
    sums = rows.sum(axis=1, dtype=np.float64)
    _, group, counts = np.unique(sums, return_inverse=True, return_counts=True)
    first = np.arange(len(rows))
    known: dict[bytes, int] = {}
    # Of nearly all the sum alone says that they differ: their bytes need no look.
    for at in np.flatnonzero(counts[group] > 1):
        first[at] = known.setdefault(rows[at].tobytes(), int(at))
    return first


def _first_of(alike: Iterable[np.ndarray]) -> np.ndarray:
    """alike: for each sample which of those before it are the same, ascending."""
    first: list[int] = []
    for at, before in enumerate(alike):
        first.append(next((int(one) for one in before if first[one] == one), at))
    return np.array(first, np.int64)


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


def _same_numbers(train: np.ndarray, test: np.ndarray) -> tuple[NearDuplicate, ...]:
    rows = _Rows(np.concatenate([test, train]))
    pairs = [
        (at, int(same[0]))
        for at in range(len(test), len(rows.numbers))
        if len(same := rows.like(at, len(test)))
    ]
    if not pairs:
        return ()
    again, of = np.array(pairs).T
    recurs = may_recur(rows.numbers[again], rows.numbers[of], rows.numbers)
    return tuple(
        NearDuplicate(int(at) - len(test), int(one), 1.0)
        for at, one in zip(again[~recurs], of[~recurs], strict=True)
    )


class _Rows:
    """Samples as rows of numbers, float64 [N, P], those that vary most often first."""

    def __init__(self, x: np.ndarray) -> None:
        rows = np.asarray(x, np.float32).astype(np.float64).reshape(len(x), -1)
        self.numbers = rows[:, np.argsort(-(rows != rows[:1]).sum(axis=0), kind="stable")]
        self._whole = (self.numbers == np.rint(self.numbers)).all(axis=0)
        parts = (self.numbers[at : at + _BLOCK] for at in range(0, len(x), _BLOCK))
        half = np.concatenate([half_units(part) for part in parts])
        sizes = np.abs(self.numbers)
        largest = sizes.max(axis=1, initial=0.0)
        self._rounding = np.where(largest >= 2 * _FEWEST_UNITS * half, half, 0.0)
        self._look_along(sizes)

    def _look_along(self, sizes: np.ndarray) -> None:
        """Puts one row of those that are equal in the order of a weighted sum of their numbers:
        what is the same as a row lies within so far of it as all its numbers may differ together.
        """
        weights = np.random.default_rng(0).uniform(1, 2, sizes.shape[1])  # rows may all sum to 1
        along, inexact = self.numbers @ weights, np.where(self._whole, 0, weights)
        reach = SAME_NUMBERS * (sizes @ inexact) + self._rounding.max() * inexact.sum()
        # and by what float64 rounds sums of so many numbers
        reach = 1.001 * reach + 1e-14 * sizes.shape[1] * (sizes @ weights)
        stand = np.flatnonzero(_first_of_equal(self.numbers) == np.arange(len(along)))
        self._order = stand[np.argsort(along[stand])]
        ascending = along[self._order]
        self._begin = np.searchsorted(ascending, along - reach)
        self._end = np.searchsorted(ascending, along + reach, side="right")

    def like(self, one: int, many: int) -> np.ndarray:
        """Which of the first so many are the same as one, ascending; of equal ones the first. A few
        numbers tell most apart, so that all are looked at of hardly any.
        """
        left = self._order[self._begin[one] : self._end[one]]
        left = np.sort(left[left < many])
        row, at, width = self.numbers[one], 0, 1
        while len(left) and at < len(row):
            part = slice(at, at + width)
            rounding = np.maximum(self._rounding[left], self._rounding[one])[:, None]
            reach = np.where(self._whole[part], 0, rounding + SAME_NUMBERS * np.abs(row[part]))
            left = left[(np.abs(self.numbers[left, part] - row[part]) <= reach).all(axis=1)]
            at, width = at + width, 2 * width
        return left
