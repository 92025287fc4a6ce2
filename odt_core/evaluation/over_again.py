"""Test samples that are others over again tell no more than the first: they are judged once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from odt_core.samples.near_duplicates import first_alike, first_equal

if TYPE_CHECKING:
    from odt_core.samples import Preprocessing, Samples


def copies(samples: Samples, preprocessing: Preprocessing) -> np.ndarray | None:
    """int64 [N]: of each sample the place of the first that it is over again, under the same label
    or with the same target; its own where it is none's. None where all differ. Rows of numbers that
    `may_recur` are none over again.

    Pictures and numbers are the same as `near_duplicates` tells it: so are most of a burst of
    photographs of a thing that does not move.
    """
    return copies_among(samples, picture_of(samples, preprocessing))


def copies_among(samples: Samples, picture: tuple[int, ...] | None) -> np.ndarray | None:
    """The same of samples that are known to be pictures, [height, width(, channels)], or None."""
    first = first_alike(samples.x, picture=picture)
    return _unless_all_differ(zip(first.tolist(), _keys(samples.y), strict=True))


def exact_copies(x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """The same for x [N, …] and y [N, …] that are equal to the last number: to be asked for every
    evaluation.
    """
    first = first_equal(x)
    if (first == np.arange(len(x))).all():
        return None
    return _unless_all_differ(zip(first.tolist(), _keys(y), strict=True))


def first_of_each(same: np.ndarray | None, n: int) -> np.ndarray:
    """bool [N]: which of n samples are the first of those that are the same. same: as `copies`."""
    if same is None:
        return np.ones(n, bool)
    first = np.zeros(n, bool)
    first[np.unique(same, return_index=True)[1]] = True
    return first


def once(samples: Samples, same: np.ndarray | None) -> Samples:
    """The samples that are judged: the first of those that are the same. same: as `copies`."""
    return samples if same is None else samples.take(first_of_each(same, len(samples)))


def picture_of(samples: Samples, preprocessing: Preprocessing) -> tuple[int, ...] | None:
    """[height, width(, channels)] of samples that are pictures; None for numbers, such as features
    of pictures.
    """
    is_one = preprocessing.kind != "none" and samples.x.shape[1:] == preprocessing.shape
    return preprocessing.picture_shape if is_one else None


def _keys(y: np.ndarray) -> Iterable[bytes]:
    return (row.tobytes() for row in y)


def _unless_all_differ(keys: Iterable[Hashable]) -> np.ndarray | None:
    known: dict[Hashable, int] = {}
    same = np.array([known.setdefault(key, at) for at, key in enumerate(keys)], np.int64)
    return same if len(known) < len(same) else None
