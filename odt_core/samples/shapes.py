"""What the shape of a sample tells: whether it is a picture, and which others hold the same."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, prod

import numpy as np

SMALLEST = 8  # pixels a side, of what is taken for a picture
_CHANNELS = (1, 3, 4)  # of pictures


def is_picture(shape: Sequence[int]) -> bool:
    """Whether what a model takes in this shape is taken for a picture, [H, W(, 1 or 3)]: not what
    is far longer than wide, as windows of sensors are.
    """
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
        return False
    return min(shape[:2]) >= SMALLEST and shape[0] <= 4 * shape[1]


def pictures_of(size: int) -> list[tuple[int, int, int]]:
    """The square pictures [side, side, 1 or 3] of so many numbers, which a row of them may be."""
    sides = ((isqrt(size // channels), channels) for channels in (1, 3))
    return [
        (side, side, channels)
        for side, channels in sides
        if side >= SMALLEST and side * side * channels == size
    ]


def may_hold_picture(shape: Sequence[int]) -> bool:
    """Whether it is the shape of a picture, or of a row that may be one laid out."""
    return is_picture(shape) or (len(shape) == 1 and bool(pictures_of(shape[0])))


def has_channels_first(shape: Sequence[int]) -> bool:
    """Whether what a model takes in this shape is a picture in colour as [3, H, W]."""
    return len(shape) == 3 and shape[0] == 3 and min(shape[1:]) > max(_CHANNELS)


def arranged(array: np.ndarray, shape: Sequence[int]) -> np.ndarray | None:
    """`array` in `shape`, where it can only be meant in one way; None where it cannot.

    That is so where one of the two is a row of all numbers, where they differ by axes of one
    element, and of pictures [C, H, W] for [H, W, C], as PyTorch has them, larger than their number
    of channels. Any other shape of the same size, such as [W, H], would put numbers where others
    belong.
    """
    wanted = tuple(shape)
    if array.size != prod(wanted):
        return None
    picture = len(wanted) == 3 and wanted[2] in _CHANNELS and min(wanted[:2]) > max(_CHANNELS)
    if picture and array.shape == (wanted[2], *wanted[:2]):
        return np.ascontiguousarray(array.transpose(1, 2, 0))
    ours, theirs = _long(wanted), _long(array.shape)
    return array.reshape(wanted) if min(len(ours), len(theirs)) <= 1 or ours == theirs else None


def _long(shape: Sequence[int]) -> tuple[int, ...]:
    """The axes with more than one element."""
    return tuple(size for size in shape if size != 1)
