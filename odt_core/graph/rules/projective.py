"""Pictures turned, moved, sheared and zoomed: what Keras' layers for augmentation leave in a train
step.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.activation import either, step
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor

_FAR = 2.0**24  # whole numbers up to here are exact in float32
_MOST_PIXELS = 2**26  # of a result: about 8,000 a side
_FRAME = 2  # of a place outside, the next one may be outside as well


@rule("ImageProjectiveTransformV2", "ImageProjectiveTransformV3", since="0.2")
def projective_transform(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """images [N, H, W, C], transforms [N or 1, 8] -> [N, height, width, C]: each place (x, y) of
    the result shows the images at ((a₀ x + a₁ y + a₂) / k, (a₃ x + a₄ y + a₅) / k),
    k = a₆ x + a₇ y + 1.

    Source: tensorflow/core/kernels/image/image_ops.h (ProjectiveGenerator, MapCoordinate).
    """
    images, transforms, size, *rest = inputs
    height, width = _size(op, size)
    if None in images.shape[1:]:
        raise OpenSizeError("the images' size is known at run time only. Fix it.")
    fill = rest[0] if rest else b.constant(0.0, np.float32)
    rows, columns = images.dim(1), images.dim(2)
    y, x, finite = _places(b, transforms, height, width)
    mode = op.text("fill_mode", "CONSTANT")
    y, x = (_inside(b, at, count, mode) for at, count in ((y, rows), (x, columns)))
    y = either(b, finite, y, -_FAR)  # in the frame
    return [_BETWEEN[op.text("interpolation")](b, _framed(b, images, fill), y, x)]


def _size(op: FlexOp, size: Tensor) -> tuple[int, int]:
    declared = op.output_shapes[0][1:3] if op.output_shapes else (None, None)
    known = tuple(map(int, size.const)) if size.const is not None else declared
    height, width = known
    if height is None or width is None:
        raise OpenSizeError("the size of its result is known at run time only. Fix it.")
    if min(height, width) < 1 or height * width > _MOST_PIXELS:
        raise LoweringError(
            f"its result has {height:,} × {width:,} pixels. Use images of 1 to 8,000 a side."
        )
    return height, width


def _places(
    b: Builder, transforms: Tensor, height: int, width: int
) -> tuple[Tensor, Tensor, Tensor]:
    """y and x in the images for each place of the result, and 1 where they are finite, else 0, each
    [N or 1, height, width].
    """
    across = b.constant(np.arange(width, dtype=np.float32).reshape(1, 1, width))
    down = b.constant(np.arange(height, dtype=np.float32).reshape(1, height, 1))
    a = [b.reshape(part, (transforms.shape[0], 1, 1)) for part in b.split(transforms, 8, 1)]

    def sum_of(first: int) -> Tensor:
        return b.add(b.mul(a[first], across), b.mul(a[first + 1], down))

    x, y = b.add(sum_of(0), a[2]), b.add(sum_of(3), a[5])
    depth = b.add(sum_of(6), 1.0)
    finite = step(b, b.abs(depth))
    depth = b.add(depth, b.sub(1.0, finite))
    return b.div(y, depth), b.div(x, depth), finite


def _inside(b: Builder, at: Tensor, count: int, mode: str) -> Tensor:
    """Coordinates beyond an axis of `count` entries, brought into it as the mode says."""
    if mode == "CONSTANT":
        return b.minimum(b.maximum(at, -_FAR), _FAR)
    if mode == "REFLECT" and count > 1:
        far = b.abs(at)
        left = b.sub(far, b.mul(b.floor(b.div(far, 2.0 * count)), 2.0 * count))
        back = b.sub(2.0 * count, left)
        before = either(b, step(b, b.sub(left, float(count))), back, b.sub(left, 1.0))
        after = either(b, step(b, b.sub(float(count), left)), left, b.sub(back, 1.0))
        at = either(b, step(b, b.neg(at)), before, after)
    elif mode == "WRAP" and count > 1:
        turns = b.mul(b.floor(b.div(b.abs(at), float(count - 1))), float(count))
        after = b.sub(at, b.mul(step(b, b.sub(at, count - 1.0)), turns))
        at = either(b, step(b, b.neg(at)), b.add(at, b.add(turns, float(count))), after)
    elif mode not in ("NEAREST", "REFLECT", "WRAP"):
        raise LoweringError(f"its fill mode {mode!r} is not known.")
    return b.minimum(b.maximum(at, 0.0), count - 1.0)


def _framed(b: Builder, images: Tensor, fill: Tensor) -> Tensor:
    """The images in a frame of the fill value, as wide as a coordinate outside needs."""
    wide = [0, _FRAME, _FRAME, 0]
    sizes = [
        size if size is None else size + 2 * w for size, w in zip(images.shape, wide, strict=True)
    ]
    frame = b.constant(np.stack([wide, wide], 1), np.int32)
    y = b.new(sizes, images.dtype, "frame")
    b.emit("PADV2", [images, frame, fill], [y], schema.PadV2OptionsT())
    return y


def _nearest(b: Builder, images: Tensor, y: Tensor, x: Tensor) -> Tensor:
    place = _place(b, images, _rounded(b, y), _rounded(b, x))
    return b.gather(_pixels(b, images), place)


def _rounded(b: Builder, at: Tensor) -> Tensor:
    """Halves away from 0, as C's round."""
    low = b.floor(at)
    part = b.sub(at, low)
    beyond, short = step(b, b.sub(part, 0.5)), step(b, b.sub(0.5, part))
    half = b.sub(b.sub(1.0, beyond), short)
    return b.add(low, b.add(beyond, b.mul(half, b.sub(1.0, step(b, b.neg(at))))))


def _bilinear(b: Builder, images: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Between the four around."""
    top, left = b.floor(y), b.floor(x)
    down, across = b.sub(y, top), b.sub(x, left)
    first, pixels = _place(b, images, top, left), _pixels(b, images)
    parts = []
    for below, beside in product((0, 1), repeat=2):
        shares = (
            near if further else b.sub(1.0, near)
            for near, further in ((down, below), (across, beside))
        )
        weight = b.mul(*shares)
        place = b.add(first, below * images.dim(2) + beside)
        parts.append(b.mul(b.gather(pixels, place), b.reshape(weight, (*weight.shape, 1))))
    return reduce(b.add, parts)


def _place(b: Builder, images: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Where whole coordinates [N or 1, height, width], counted from inside the frame, are among the
    pixels, int32 [N, height, width]; of those too far outside, a place whose four are in the frame.
    """
    rows, columns = images.dim(1), images.dim(2)
    down, across = (
        b.minimum(b.maximum(b.add(at, float(_FRAME)), 0.0), float(size - 2))
        for at, size in ((y, rows), (x, columns))
    )
    place = b.cast(b.add(b.mul(down, float(columns)), across), np.int32)
    count = b.reshape(b.slice(b.shape(images), [0], [1]), ())
    first = b.mul(b.range(0, count), rows * columns)
    return b.add(place, b.reshape(first, (images.shape[0], 1, 1)))


def _pixels(b: Builder, images: Tensor) -> Tensor:
    return b.reshape(images, (None, images.dim(3)))


_BETWEEN = {"NEAREST": _nearest, "BILINEAR": _bilinear}
