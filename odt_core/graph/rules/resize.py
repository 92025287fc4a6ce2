"""Image resizing by cubics, and gradients of resizing (UpSampling2D): linear maps along rows and
columns.

A resized image is R·x·Cᵀ for each channel, R [OH, H] and C [OW, W] holding the interpolation
weights; the gradient is Rᵀ·dy·C. Weights as in tensorflow/core/util/image_resizer_state.h,
resize_bilinear_op.cc, resize_nearest_neighbor_op.cc and resize_bicubic_op.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor

# (op, size before, size after) to the interpolation weights [after, before]
Weights = Callable[[FlexOp, int, int], np.ndarray]

# Cubics are read from a table of so many places between two pixels.
_PLACES = 1024
_MOST_WEIGHTS = 2**26  # of a side: of 8,000 pixels for as many


@rule("ResizeBilinearGrad", since="0.2")
def bilinear_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from ∂L/∂y and x, of which only the shape counts."""
    dy, image = inputs
    height, width = _height_and_width(op, image)
    return [_transposed(b, op, dy, height, width, _linear)]


@rule("ResizeBicubic", since="0.2")
def bicubic(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y from x and the height and width of y."""
    image, size = inputs
    height, width = op.output_shapes[0][1:3] if size.const is None else map(int, size.const)
    _, rows, columns, _ = image.shape
    down, across = _weights(op, rows, height, _cubic), _weights(op, columns, width, _cubic)
    return [_mapped(b, b.cast(image, np.float32), down, across)]


@rule("ResizeBicubicGrad", since="0.2")
def bicubic_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from ∂L/∂y and x, of which only the shape counts."""
    dy, image = inputs
    height, width = _height_and_width(op, image)
    return [_transposed(b, op, dy, height, width, _cubic)]


@rule("ResizeNearestNeighborGrad", since="0.2")
def nearest_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from ∂L/∂y and the height and width of x."""
    dy, size = inputs
    height, width = op.output_shapes[0][1:3] if size.const is None else map(int, size.const)
    return [_transposed(b, op, dy, height, width, _nearest)]


def _height_and_width(op: FlexOp, image: Tensor) -> Iterator[int | None]:
    """Of an image whose gradient the op gives."""
    for known, declared in zip(image.shape[1:3], op.output_shapes[0][1:3], strict=True):
        yield known if known is not None else declared


def _transposed(
    b: Builder, op: FlexOp, dy: Tensor, height: int | None, width: int | None, weights: Weights
) -> Tensor:
    """The gradient for an image of this height and width."""
    _, rows, columns, _ = dy.shape
    down, across = _weights(op, height, rows, weights), _weights(op, width, columns, weights)
    return _mapped(b, dy, down.T, across.T)


def _weights(op: FlexOp, before: int | None, after: int | None, weights: Weights) -> np.ndarray:
    if before is None or after is None:
        raise OpenSizeError("the image's size is known at run time only. Fix it.")
    if min(before, after) < 1 or before * after > _MOST_WEIGHTS:
        raise LoweringError(
            f"it resizes {before:,} pixels to {after:,}. Use images of 1 to 8,000 a side."
        )
    return weights(op, before, after)


def _mapped(b: Builder, image: Tensor, down: np.ndarray, across: np.ndarray) -> Tensor:
    """down [OH, H] times each column of pixels of image [N, H, W, C], across [OW, W] times each
    row: [N, OH, OW, C].
    """
    (height, rows), (width, columns) = down.shape, across.shape
    channels = image.dim(3)
    x = b.reshape(image, (image.shape[0], rows, columns * channels))
    x = b.matmul(b.constant(down[np.newaxis]), x)  # [N, OH, W·C]
    x = b.reshape(x, (None, columns, channels))
    x = b.matmul(b.constant(across[np.newaxis]), x)  # [N·OH, OW, C]
    return b.reshape(x, (image.shape[0], height, width, channels))


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


def _cubic(op: FlexOp, before: int, after: int) -> np.ndarray:
    centred = op.flag("half_pixel_centers")
    at, scale = np.arange(after, dtype=np.float32), _scale(op, before, after)
    source = (at + np.float32(0.5)) * scale - np.float32(0.5) if centred else at * scale
    floor = np.floor(source)
    place = np.rint((source - floor) * _PLACES) / _PLACES
    # Keys' cubic with centred pixels. What it gives pixels beyond the edge is left out then, and
    # is the edge's else.
    slope = -0.5 if centred else -0.75
    weights = np.zeros((after, before), np.float32)
    for pixel in range(-1, 3):
        index = floor.astype(int) + pixel
        inside = np.clip(index, 0, before - 1)
        share = _keys(np.abs(place - pixel), slope)
        np.add.at(weights, (np.arange(after), inside), share * ((index == inside) | (not centred)))
    return weights / weights.sum(1, keepdims=True) if centred else weights


def _keys(x: np.ndarray, slope: float) -> np.ndarray:
    """Keys' cubic convolution kernel at a distance of 0 to 2 pixels: R. G. Keys, Cubic convolution
    interpolation for digital image processing, IEEE Trans. ASSP 29 (1981), equation 4 with a.
    """
    near = ((slope + 2) * x - (slope + 3)) * x * x + 1
    far = ((slope * x - 5 * slope) * x + 8 * slope) * x - 4 * slope
    return np.where(x <= 1, near, far)
