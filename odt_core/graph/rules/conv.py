"""Conv2D and its gradients: Conv2DBackpropFilter, Conv2DBackpropInput."""

from __future__ import annotations

from collections.abc import Sequence

from odt_core.errors import LoweringError
from odt_core.graph.builder import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules import convolution
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.windows import windows_of
from odt_core.graph.tensor import Shape, Tensor


@rule("Conv2D")
def conv2d(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y[n, o, p] = Σ x[n, s·o + d·i − pad, …]·w[i, j]; see https://www.tensorflow.org/api_docs/python/tf/nn/conv2d."""
    x, weights = inputs
    rows, columns = windows_of(op, x.shape, _kernel(op, weights.shape, x.dim(3)))
    return [convolution.convolve(b, x, weights, rows, columns)]


@rule("Conv2DBackpropFilter")
def conv2d_backprop_filter(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂w from x, the shape of w and ∂L/∂y: patches of x, transposed, times ∂L/∂y."""
    x, sizes, dy = inputs
    shape = op.output_shapes[0] if sizes.const is None else tuple(map(int, sizes.const))
    rows, columns = windows_of(op, x.shape, _kernel(op, shape, x.dim(3)))
    dy = b.reshape(dy, (dy.shape[0], rows.count, columns.count, shape[3]))
    return [convolution.filter_gradient(b, x, dy, rows, columns)]


@rule("Conv2DBackpropInput")
def conv2d_backprop_input(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x from the shape of x, w and ∂L/∂y: ∂L/∂y times w transposed, added back to its place."""
    sizes, weights, dy = inputs
    shape = image_shape(op, sizes)
    rows, columns = windows_of(op, shape, _kernel(op, weights.shape, shape[3]))
    dy = b.reshape(dy, (dy.shape[0], rows.count, columns.count, weights.shape[3]))
    return [convolution.input_gradient(b, weights, dy, rows, columns)]


def image_shape(op: FlexOp, sizes: Tensor) -> Shape:
    """The shape [N, H, W, C] of a gradient: the constant `sizes`, else what the file declares."""
    if sizes.const is not None:
        return tuple(map(int, sizes.const))
    return op.output_shapes[0]


def _kernel(op: FlexOp, shape: Shape, channels: int | None) -> Shape:
    if shape[2] != channels:
        raise LoweringError(
            f"{op.op} is a grouped convolution ({channels} channels, kernels of {shape[2]}), which "
            "has no builtin form yet. Build the model without groups."
        )
    return shape[:2]
