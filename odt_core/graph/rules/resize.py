"""Gradients of image resizing (UpSampling2D): linear maps along rows and columns, transposed.

A resized image is R·x·Cᵀ for each channel, R [OH, H] and C [OW, W] holding the interpolation
weights; the gradient is Rᵀ·dy·C. Weights as in tensorflow/core/util/image_resizer_state.h,
resize_bilinear_op.cc and resize_nearest_neighbor_op.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor

# (op, size before, size after) to the interpolation weights [after, before]
Weights = Callable[[FlexOp, int, int], np.ndarray]


@rule("ResizeBilinearGrad", since="0.2")
def bilinear_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from ∂L/∂y and x, of which only the shape counts."""
    dy, image = inputs
    height, width = (
        known if known is not None else declared
        for known, declared in zip(image.shape[1:3], op.output_shapes[0][1:3], strict=True)
    )
    return [_transposed(b, op, dy, height, width, _linear)]


@rule("ResizeNearestNeighborGrad", since="0.2")
def nearest_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from ∂L/∂y and the height and width of x."""
    dy, size = inputs
    height, width = op.output_shapes[0][1:3] if size.const is None else map(int, size.const)
    return [_transposed(b, op, dy, height, width, _nearest)]


def _transposed(
    b: Builder, op: FlexOp, dy: Tensor, height: int | None, width: int | None, weights: Weights
) -> Tensor:
    if height is None or width is None:
        raise LoweringError("the image's size is known at run time only. Fix it.")
    rows, columns, channels = dy.dim(1), dy.dim(2), dy.dim(3)
    down = b.constant(weights(op, height, rows).T)  # [H, OH]
    across = b.constant(weights(op, width, columns).T)  # [W, OW]
    x = b.reshape(dy, (dy.shape[0], rows, columns * channels))
    x = b.matmul(b.reshape(down, (1, height, rows)), x)  # [N, H, OW·C]
    x = b.reshape(x, (None, columns, channels))
    x = b.matmul(b.reshape(across, (1, width, columns)), x)  # [N·H, W, C]
    return b.reshape(x, (dy.shape[0], height, width, channels))


def _scale(op: FlexOp, before: int, after: int) -> np.float32:
    if op.flag("align_corners") and after > 1:
        return np.float32(before - 1) / np.float32(after - 1)
    return np.float32(before) / np.float32(after)


def _linear(op: FlexOp, before: int, after: int) -> np.ndarray:
    at, scale = np.arange(after, dtype=np.float32), _scale(op, before, after)
    if op.flag("half_pixel_centers"):
        source = (at + np.float32(0.5)) * scale - np.float32(0.5)
    else:
        source = at * scale
    floor = np.floor(source)
    share = (source - floor).astype(np.float32)
    low = np.maximum(floor, 0).astype(int)
    high = np.minimum(np.ceil(source), before - 1).astype(int)
    weights = np.zeros((after, before), np.float32)
    places = np.arange(after)
    np.add.at(weights, (places, low), 1 - share)
    np.add.at(weights, (places, high), share)
    return weights


def _nearest(op: FlexOp, before: int, after: int) -> np.ndarray:
    at, scale = np.arange(after, dtype=np.float32), _scale(op, before, after)
    source = (at + np.float32(0.5)) * scale if op.flag("half_pixel_centers") else at * scale
    # halves away from 0, as C's roundf
    whole = np.floor(source + np.float32(0.5)) if op.flag("align_corners") else np.floor(source)
    weights = np.zeros((after, before), np.float32)
    weights[np.arange(after), np.clip(whole, 0, before - 1).astype(int)] = 1
    return weights
