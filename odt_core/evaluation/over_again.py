"""Test samples that are others over again tell no more than one of them."""

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


def counted_once(moves: np.ndarray, same: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Of samples that are the same the one that stands for all of them, bool [N]: the first that
    had what most of them had, else the first; and what became of these, int64 [N], 0 of all others
    and where as many had the opposite.

    moves: int64 [N], what became of each sample: 1, 0 or -1. same: as `copies`.
    """
    if same is None:
        return np.ones(len(moves), bool), moves
    _, group = np.unique(same, return_inverse=True)
    net = np.sign(np.bincount(group, weights=moves)).astype(moves.dtype)[group]
    telling_first = np.lexsort((moves != net, group))
    stands = np.zeros(len(moves), bool)
    stands[telling_first[np.unique(group[telling_first], return_index=True)[1]]] = True
    return stands, np.where(stands & (moves == net), moves, 0)


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
