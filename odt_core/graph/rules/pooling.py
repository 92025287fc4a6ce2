"""Pooling and its gradients: MaxPool, AvgPool, MaxPoolGrad, AvgPoolGrad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder, PoolGradient
from odt_core.graph.flex import Attribute, FlexOp
from odt_core.graph.operators import inputs_of
from odt_core.graph.rules.blocks import Block
from odt_core.graph.rules.conv import shape_of_gradient
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.windows import (
    Window,
    add_back,
    between,
    concat,
    cut,
    pad,
    take_both,
    windows_of,
)
from odt_core.graph.tensor import Shape, Tensor

LOWEST = float(np.finfo(np.float32).min)


@rule("MaxPool")
def max_pool(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y = the largest entry of each window; padding counts as −∞."""
    (x,), count = inputs, _channels_at_once(op)
    if count > 1 and x.dim(3) % count == 0:
        return [b.max(b.reshape(x, (*x.shape[:3], x.dim(3) // count, count)), [4])]
    x, later = _before(b, x, op.pooled.early)
    y = _largest(b, op, x)
    for operator in later:
        image = _image(b, operator)
        given = [y if index == image else b.tensor(index) for index in inputs_of(operator)]
        y = b.again(operator, given, y.shape)
    return [y]


def _largest(b: Builder, op: FlexOp, x: Tensor) -> Tensor:
    if op.pooled.block:
        return _largest_of(b, _block_taps(b, x, op.pooled.block))
    rows, columns = _windows(op, x.shape)
    if op.text("padding") == "EXPLICIT":
        for axis, window in ((1, rows), (2, columns)):
            x = pad(b, x, axis, (window.before, window.reach - window.size), LOWEST)
    return pool(b, "MAX_POOL_2D", op, x, rows, columns)


def _channels_at_once(op: FlexOp) -> int:
    """How many channels of one place a window takes (maxout); 1 where it takes several places."""
    sizes = op.ints("ksize")
    maxout = op.text("data_format", "NHWC") == "NHWC" and sizes[:-1] == [1, 1, 1]
    return sizes[-1] if maxout and sizes == op.ints("strides") else 1


def _largest_of(b: Builder, taps: list[Tensor]) -> Tensor:
    """The maximum of tensors, two at a time."""
    while len(taps) > 1:
        pairs = [b.maximum(*taps[i : i + 2]) for i in range(0, len(taps) - 1, 2)]
        taps = pairs + taps[2 * len(pairs) :]
    return taps[0]


def _block_taps(b: Builder, x: Tensor, block: Block) -> list[Tensor]:
    """The entries of each window, [N, Q, R, C] each, of x [N, Q, R·ph·pw, C] (blocks.py)."""
    area = block[0] * block[1]
    windows = (x.shape[0], x.dim(1), x.dim(2) // area, area * x.dim(3))
    return cut(b, b.reshape(x, windows), area)


def _before(b: Builder, x: Tensor, count: int) -> tuple[Tensor, list[schema.OperatorT]]:
    """What so many ops were given whose result x is, and these ops, the first first."""
    later: list[schema.OperatorT] = []
    for _ in range(count):
        operator = b.producer(x)
        assert operator is not None  # the plan has found it
        later.insert(0, operator)
        x = b.tensor(_image(b, operator))
    return x, later


def _image(b: Builder, operator: schema.OperatorT) -> int:
    """The input of an activation, or of an addition of a bias, that is no bias."""
    first, *rest = inputs_of(operator)
    return next((i for i in (first, *rest) if set(b.tensor(i).shape[:-1]) - {1}), first)


@rule("AvgPool")
def avg_pool(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y = the mean of each window; padding does not count."""
    rows, columns = _windows(op, inputs[0].shape)
    return [pool(b, "AVERAGE_POOL_2D", op, inputs[0], rows, columns)]


@rule("MaxPoolGrad")
def max_pool_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from x, y and ∂L/∂y: each window hands its gradient to its maximum, to the first one
    row by row where several are equal, as TensorFlow's CPU kernel does (maxpooling_op.cc,
    SpatialMaxPoolWithArgMaxHelper).

    With m the window's maximum, ⌈min(m − x, 1)⌉ is 0 at a maximum and 1 elsewhere; what a tap does
    not take is handed on to the next. XNNPACK takes each of these ops, but no comparison.
    """
    x, y, dy = inputs
    compared, largest = (_before(b, tensor, op.pooled.early)[0] for tensor in (x, y))

    def spread(dy: Tensor) -> Tensor:
        dx = _to_maxima(b, op, compared, largest, dy)
        b.pool_gradients[dx.index] = PoolGradient(x, y, dy, spread)
        return dx

    return [spread(dy)]


def _to_maxima(b: Builder, op: FlexOp, x: Tensor, y: Tensor, dy: Tensor) -> Tensor:
    if op.pooled.block:
        shares = _shares(b, _block_taps(b, x, op.pooled.block), y, dy)
        return b.reshape(concat(b, shares, 3), x.shape)
    rows, columns = _windows(op, x.shape)
    taps = take_both(b, x, rows, columns, LOWEST)
    parts = iter(_shares(b, [tap for row in taps for tap in row], y, dy))
    wide = [add_back(b, [next(parts) for _ in row], 2, columns) for row in taps]
    return add_back(b, wide, 1, rows)


def _shares(b: Builder, taps: Sequence[Tensor], y: Tensor, dy: Tensor) -> list[Tensor]:
    """What each entry of the windows gets of the gradient."""
    shares, rest = [], dy
    for tap in taps[:-1]:
        is_less = b.ceil(b.minimum(b.sub(y, tap), 1.0))
        handed_on = b.mul(rest, is_less)
        shares.append(b.sub(rest, handed_on))
        rest = handed_on
    return [*shares, rest]


@rule("MaxPoolV2", since="0.2")
def max_pool_v2(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """MaxPool with the window's size and strides as inputs."""
    return max_pool(b, _with_sizes(op, *inputs[1:]), inputs[:1])


@rule("MaxPoolGradV2", since="0.2")
def max_pool_grad_v2(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """MaxPoolGrad with the window's size and strides as inputs."""
    return max_pool_grad(b, _with_sizes(op, *inputs[3:]), inputs[:3])


def _with_sizes(op: FlexOp, ksize: Tensor, strides: Tensor) -> FlexOp:
    if ksize.const is None or strides.const is None:
        raise LoweringError("its window's size is computed. Write it as a constant instead.")
    sizes: dict[str, Attribute] = {
        "ksize": [int(v) for v in ksize.const],
        "strides": [int(v) for v in strides.const],
    }
    return replace(op, attributes=op.attributes | sizes)


@rule("AvgPoolGrad")
def avg_pool_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from the shape of x and ∂L/∂y: each window hands every real entry (padding is none)
    the same share (avgpooling_op.cc, AvgPoolingGradOp).
    """
    sizes, dy = inputs
    rows, columns = _windows(op, shape_of_gradient(op, sizes))
    count = np.multiply.outer(entries(rows), entries(columns)).astype(np.float32)
    share = b.mul(dy, (1 / count)[None, :, :, None])
    wide = add_back(b, [share] * columns.kernel, 2, columns)
    return [add_back(b, [wide] * rows.kernel, 1, rows)]


def _windows(op: FlexOp, image: Shape) -> tuple[Window, Window]:
    return windows_of(op, image, between(op, "ksize", 2))


def entries(window: Window) -> np.ndarray:
    """How many entries of each window are no padding, [count]."""
    start = np.arange(window.count) * window.stride - window.before
    return np.minimum(start + window.kernel, window.size) - np.maximum(start, 0)


def pool(b: Builder, name: str, op: FlexOp, x: Tensor, rows: Window, columns: Window) -> Tensor:
    options = schema.Pool2DOptionsT()
    same = op.text("padding") == "SAME"
    options.padding = schema.Padding.SAME if same else schema.Padding.VALID
    options.filterHeight, options.filterWidth = rows.kernel, columns.kernel
    options.strideH, options.strideW = rows.stride, columns.stride
    y = b.new((x.shape[0], rows.count, columns.count, x.shape[3]), x.dtype, name.lower())
    b.emit(name, [x], [y], options)
    return y
