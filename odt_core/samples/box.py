"""The part of a picture that a model sees."""

from __future__ import annotations


def centred_box(width: int, height: int, wide: int, high: int) -> tuple[float, float, float, float]:
    """The largest centred part of width × height pixels with the aspect of wide × high: left, top,
    right and bottom edge, in pixels.
    """
    ratio = min(width / wide, height / high)
    # One side fits exactly, but for rounding, and Pillow takes no box that reaches outside.
    left = max(0.0, (width - ratio * wide) / 2)
    top = max(0.0, (height - ratio * high) / 2)
    return left, top, width - left, height - top
