"""What ops that slide windows over an image, or resize it, make of its height and width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.tensor import Tensor

Sizes = Sequence[int | None]


def convolved(inputs: Sequence[Tensor], options: object) -> Sizes:
    """Of CONV_2D, whose filter is [O, kh, kw, I]."""
    return _slid(inputs[0], inputs[1].shape[1:3], options, inputs[1].shape[0])


def convolved_apart(inputs: Sequence[Tensor], options: object) -> Sizes:
    """Of DEPTHWISE_CONV_2D, whose filter is [1, kh, kw, O]."""
    return _slid(inputs[0], inputs[1].shape[1:3], options, inputs[1].shape[-1])


def pooled(inputs: Sequence[Tensor], options: object) -> Sizes:
    """Of AVERAGE_POOL_2D and MAX_POOL_2D."""
    window = [int(getattr(options, name, 0)) for name in ("filterHeight", "filterWidth")]
    return _slid(inputs[0], window, options, inputs[0].shape[-1] if inputs[0].rank else None)


def resized(inputs: Sequence[Tensor], options: object) -> Sizes:
    """Of RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR, to a size in the file."""
    image, size = inputs
    if image.rank != 4 or size.const is None:
        return ()
    height, width = (int(n) for n in np.ravel(size.const))
    return [image.shape[0], height, width, image.shape[3]]


def _slid(image: Tensor, window: Sizes, options: object, channels: int | None) -> Sizes:
    if image.rank != 4 or len(window) != 2:
        return ()
    strides, dilations = (
        [int(getattr(options, name, 1)) for name in names]
        for names in (("strideH", "strideW"), ("dilationHFactor", "dilationWFactor"))
    )
    same = getattr(options, "padding", None) == schema.Padding.SAME
    sides: list[int | None] = []
    for size, kernel, stride, apart in zip(
        image.shape[1:3], window, strides, dilations, strict=True
    ):
        if size is None or not kernel or stride < 1:
            sides.append(None)
        elif same:
            sides.append(-(-size // stride))
        else:
            sides.append(max(size - (kernel - 1) * apart - 1, -1) // stride + 1)
    return [image.shape[0], *sides, channels]
