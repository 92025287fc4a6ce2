"""Conv2D and its gradients: Conv2DBackpropFilter, Conv2DBackpropInput.

A kernel [kh, kw, C / G, O] of G groups is G convolutions side by side: each has its own C / G
channels and O / G outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules import blocks, convolution
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.windows import cut, windows_of
from odt_core.graph.tensor import Shape, Tensor


@rule("Conv2D")
def conv2d(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y[n, o, p] = Σ x[n, s·o + d·i − pad, …]·w[i, j]; see https://www.tensorflow.org/api_docs/python/tf/nn/conv2d."""
    x, weights = inputs
    rows, columns = windows_of(op, x.shape, weights.shape[:2])
    groups = _groups(op, weights.shape, x.dim(3))
    if op.pooled.block:
        return [blocks.convolve(b, x, weights, rows, columns, op.pooled.block)]
    parts = zip(_split(b, x, groups), _split(b, weights, groups), strict=True)
    return [_joined(b, [convolution.convolve(b, *part, rows, columns) for part in parts])]


@rule("Conv2DBackpropFilter")
def conv2d_backprop_filter(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂w from x, the shape of w and ∂L/∂y: patches of x, transposed, times ∂L/∂y."""
    x, sizes, dy = inputs
    shape = shape_of_gradient(op, sizes)
    rows, columns = windows_of(op, x.shape, shape[:2])
    groups = _groups(op, shape, x.dim(3))
    if op.pooled.block:
        return [blocks.filter_gradient(b, x, dy, rows, columns, op.pooled.block)]
    dy = b.reshape(dy, (dy.shape[0], rows.count, columns.count, shape[3]))
    parts = zip(_split(b, x, groups), _split(b, dy, groups), strict=True)
    return [_joined(b, [convolution.filter_gradient(b, *part, rows, columns) for part in parts])]


@rule("Conv2DBackpropInput")
def conv2d_backprop_input(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from the shape of x, w and ∂L/∂y: ∂L/∂y times w transposed, added back to its place."""
    sizes, weights, dy = inputs
    shape = shape_of_gradient(op, sizes)
    rows, columns = windows_of(op, shape, weights.shape[:2])
    groups = _groups(op, weights.shape, shape[3])
    dy = b.reshape(dy, (dy.shape[0], rows.count, columns.count, weights.shape[3]))
    parts = zip(_split(b, weights, groups), _split(b, dy, groups), strict=True)
    return [_joined(b, [convolution.input_gradient(b, *part, rows, columns) for part in parts])]


def shape_of_gradient(op: FlexOp, sizes: Tensor) -> Shape:
    """Of the image or filter: the constant `sizes`, else what the file declares."""
    if sizes.const is not None:
        return tuple(map(int, sizes.const))
    return op.output_shapes[0]


def _groups(op: FlexOp, kernel: Shape, channels: int | None) -> int:
    inside, outputs = kernel[2:]
    if channels is None or not inside or channels % inside or (outputs or 0) % (channels // inside):
        raise LoweringError(
            f"{op.op} has {channels} channels and a kernel of {inside}, which do not fit together. "
            f"Build the model with a fixed number of channels."
        )
    return channels // inside


def _split(b: Builder, tensor: Tensor, groups: int) -> list[Tensor]:
    """The parts of the last of four axes."""
    return [tensor] if groups == 1 else cut(b, tensor, groups)


def _joined(b: Builder, parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else b.concat(parts, 3)
