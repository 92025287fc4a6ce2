"""Convolution and pooling of volumes [N, D, H, W, C]: images' rules, once for every depth tap.

What tap k of the kernel's depth reads, for all outputs, is a batch of N·OD images; the rules of
convolution.py and pooling.py do the rest. Sources: tensorflow/core/kernels/conv_grad_ops_3d.cc and
pooling_ops_3d.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.building.known_shapes import with_contents
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules import convolution
from odt_core.graph.rules.conv import shape_of_gradient
from odt_core.graph.rules.pooling import LOWEST, entries, pool
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.windows import (
    Window,
    add_back,
    between,
    take,
    take_both,
    windows_along,
)
from odt_core.graph.tensor import Shape, Tensor

Windows = tuple[Window, Window, Window]


@rule("Conv3D", since="0.2")
def conv3d(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y = Σ over depth taps of the convolution of what the tap reads."""
    x, weights = inputs
    depth, rows, columns = _windows(op, x.shape, _kernel(op, weights.shape, x.shape))
    parts = [
        convolution.convolve(b, _images(b, tap), _slab(b, weights, place), rows, columns)
        for place, tap in enumerate(take(b, x, 1, depth))
    ]
    return [_volume(b, _total(b, parts), depth)]


@rule("Conv3DBackpropFilterV2", since="0.2")
def backprop_filter(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂w, for each depth tap that of the convolution of what the tap reads."""
    x, sizes, dy = inputs
    shape = shape_of_gradient(op, sizes)
    depth, rows, columns = _windows(op, x.shape, _kernel(op, shape, x.shape))
    dy = _images(b, _known(b, dy, (depth, rows, columns), shape[4]))
    parts = [
        convolution.filter_gradient(b, _images(b, tap), dy, rows, columns)
        for tap in take(b, x, 1, depth)
    ]
    return [b.pack(parts)]


@rule("Conv3DBackpropInputV2", since="0.2")
def backprop_input(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x: for each depth tap that of the convolution, added back to where the tap reads."""
    sizes, weights, dy = inputs
    shape = _volume_shape(b, op, sizes)
    depth, rows, columns = _windows(op, shape, _kernel(op, weights.shape, shape))
    dy = _images(b, _known(b, dy, (depth, rows, columns), weights.shape[4]))
    parts = [
        convolution.input_gradient(b, _slab(b, weights, place), dy, rows, columns)
        for place in range(depth.kernel)
    ]
    return [add_back(b, [_volume(b, part, depth) for part in parts], 1, depth)]


@rule("MaxPool3D", since="0.2")
def max_pool(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y = the largest entry of each window; padding counts as −∞."""
    (x,) = inputs
    depth, rows, columns = _windows(op, x.shape, between(op, "ksize", 3))
    taps = take(b, x, 1, depth, LOWEST)
    parts = [pool(b, "MAX_POOL_2D", op, _images(b, tap), rows, columns) for tap in taps]
    largest = parts[0]
    for part in parts[1:]:
        largest = b.maximum(largest, part)
    return [_volume(b, largest, depth)]


@rule("AvgPool3D", since="0.2")
def avg_pool(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y = the mean of each window; padding does not count."""
    (x,) = inputs
    depth, rows, columns = _windows(op, x.shape, between(op, "ksize", 3))
    parts = [
        pool(b, "AVERAGE_POOL_2D", op, _images(b, tap), rows, columns)
        for tap in take(b, x, 1, depth)
    ]
    count = entries(depth).astype(np.float32)[None, :, None, None, None]
    return [b.mul(_volume(b, _total(b, parts), depth), 1 / count)]


@rule("MaxPool3DGrad", since="0.2")
def max_pool_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x: each window hands its gradient to every one of its maxima (unlike images' MaxPoolGrad,
    which TensorFlow gives to the first). As there, ⌈min(m − x, 1)⌉ is 0 at a maximum.
    """
    x, y, dy = inputs
    depth, rows, columns = _windows(op, x.shape, between(op, "ksize", 3))
    taps = [
        tap
        for slab in take(b, x, 1, depth, LOWEST)
        for line in take_both(b, _images(b, slab), rows, columns, LOWEST)
        for tap in line
    ]
    channels = x.dim(4)
    y, dy = (_images(b, _known(b, t, (depth, rows, columns), channels)) for t in (y, dy))
    is_less = (b.ceil(b.minimum(b.sub(y, tap), 1.0)) for tap in taps)
    shares = (b.sub(dy, b.mul(dy, less)) for less in is_less)
    slabs = []
    for _ in range(depth.kernel):
        lines = [[next(shares) for _ in range(columns.kernel)] for _ in range(rows.kernel)]
        wide = [add_back(b, line, 2, columns) for line in lines]
        slabs.append(_volume(b, add_back(b, wide, 1, rows), depth))
    return [add_back(b, slabs, 1, depth)]


@rule("AvgPool3DGrad", since="0.2")
def avg_pool_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x: each window hands every real entry (padding is none) the same share."""
    sizes, dy = inputs
    shape = _volume_shape(b, op, sizes)
    depth, rows, columns = windows = _windows(op, shape, between(op, "ksize", 3))
    dy = _known(b, dy, windows, shape[4])
    count = np.multiply.outer(np.multiply.outer(entries(depth), entries(rows)), entries(columns))
    share = _images(b, b.mul(dy, (1 / count).astype(np.float32)[None, ..., None]))
    wide = add_back(b, [share] * columns.kernel, 2, columns)
    whole = add_back(b, [wide] * rows.kernel, 1, rows)
    return [add_back(b, [_volume(b, whole, depth)] * depth.kernel, 1, depth)]


def _volume_shape(b: Builder, op: FlexOp, sizes: Tensor) -> Shape:
    """The shape [N, D, H, W, C] of a gradient."""
    if sizes.const is not None:
        return tuple(map(int, sizes.const))
    return with_contents(b, op.output_shapes[0], sizes)


def _windows(op: FlexOp, volume: Shape, kernel: Sequence[int | None]) -> Windows:
    if None in (*volume[1:4], *kernel):
        raise OpenSizeError("its volume has a size that is known at run time only. Fix it.")
    depth, rows, columns = windows_along(op, volume[1:4], kernel)
    return depth, rows, columns


def _kernel(op: FlexOp, shape: Shape, volume: Shape) -> Shape:
    if shape[3] != volume[4]:
        raise LoweringError("it is a grouped convolution. Build the model without groups.")
    return shape[:3]


def _known(b: Builder, dy: Tensor, windows: Windows, channels: int | None) -> Tensor:
    """dy with the sizes that its op's windows tell."""
    return b.reshape(dy, (dy.shape[0], *(window.count for window in windows), channels))


def _images(b: Builder, x: Tensor) -> Tensor:
    """[N, D, H, W, C] as [N·D, H, W, C]."""
    count = None if None in x.shape[:2] else x.dim(0) * x.dim(1)
    return b.reshape(x, (count, *x.shape[2:]))


def _volume(b: Builder, x: Tensor, depth: Window) -> Tensor:
    """[N·OD, H, W, C] as [N, OD, H, W, C]."""
    count = None if x.shape[0] is None else x.dim(0) // depth.count
    return b.reshape(x, (count, depth.count, *x.shape[1:]))


def _slab(b: Builder, weights: Tensor, place: int) -> Tensor:
    """The weights [kh, kw, C, O] of one depth tap."""
    part = b.slice(weights, [place, 0, 0, 0, 0], [1, *weights.shape[1:]])
    return b.reshape(part, weights.shape[1:])


def _total(b: Builder, parts: Sequence[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = b.add(total, part)
    return total
