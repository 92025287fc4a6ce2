"""Convolution and its two gradients by strips: patches of one kernel row each.

Patches repeat each entry of an image kh·kw times in memory, and memory is what a small network
waits for. A strip S [N·H'·OW, kw·C] holds one kernel row's window, for each row of the padded image
(H' = OH + d·(kh − 1)). With the kernel's rows side by side, W' [kw·C, kh·O],

    y[r] = Σ_i (S·W')[r + d·i, i],   ∂L/∂W' = Sᵀ·D,   ∂L/∂S = D·W'ᵀ,   D[r, i] = ∂L/∂y[r − d·i],

so that images are written out kw times and their gradients kh times, not kh·kw times. The products
are those of patches but for the few rows more, and of a better shape where outputs are few. With
strides in rows most of S·W' would be for nothing.
"""

from __future__ import annotations

from odt_core.graph.building import Builder
from odt_core.graph.rules.windows import Window, add_back, concat, cut, pad, take
from odt_core.graph.tensor import Tensor

# Of the numbers that patches write out. Steps of layers of 8 to 128 channels on 7 to 64 pixels took
# 0.5 to 0.98 of before below it (0.48 where half the numbers are), 0.96 to 1.5 above.
WORTH = 0.8


def pays(rows: Window, columns: Window, channels: int, outputs: int) -> bool:
    """Whether so much less is written out than with patches that it is faster."""
    if rows.stride > 1 or rows.kernel == 1:
        return False
    strips = _height(rows) * (columns.kernel * channels + rows.kernel * outputs)
    patches = rows.count * rows.kernel * columns.kernel * channels
    return strips <= WORTH * patches


def convolve(b: Builder, x: Tensor, weights: Tensor, rows: Window, columns: Window) -> Tensor:
    """x [N, H, W, C] with weights [kh, kw, C, O] gives [N, OH, OW, O]."""
    outputs = weights.dim(3)
    product = b.matmul(_strips(b, x, rows, columns), _side_by_side(b, weights))
    kernel_rows = b.reshape(
        product, (x.shape[0], _height(rows), columns.count, rows.kernel * outputs)
    )
    extent = (x.shape[0], rows.count, columns.count, outputs)
    y = None
    for row in range(rows.kernel):
        part = b.slice(kernel_rows, (0, row * rows.dilation, 0, row * outputs), extent)
        y = part if y is None else b.add(y, part)
    assert y is not None
    return y


def filter_gradient(b: Builder, x: Tensor, dy: Tensor, rows: Window, columns: Window) -> Tensor:
    """The gradient of `convolve` by its weights, [kh, kw, C, O]."""
    spread = _spread(b, dy, rows)
    product = b.matmul(_strips(b, x, rows, columns), spread, transpose_a=True)
    shape = (columns.kernel, x.dim(3), rows.kernel, dy.dim(3))
    return b.transpose(b.reshape(product, shape), [2, 0, 1, 3])


def input_gradient(
    b: Builder, weights: Tensor, dy: Tensor, rows: Window, columns: Window
) -> Tensor:
    """The gradient of `convolve` by x, [N, H, W, C]."""
    product = b.matmul(_spread(b, dy, rows), _side_by_side(b, weights), transpose_b=True)
    width = columns.kernel * weights.dim(2)
    strips = b.reshape(product, (dy.shape[0], _height(rows), columns.count, width))
    dx = add_back(b, cut(b, strips, columns.kernel), 2, columns)
    return pad(b, dx, 1, (-rows.before, rows.before + rows.size - _height(rows)))


def _height(rows: Window) -> int:
    """Rows of the padded image that any window reads."""
    return rows.count + rows.dilation * (rows.kernel - 1)


def _strips(b: Builder, x: Tensor, rows: Window, columns: Window) -> Tensor:
    """S, one kernel row's windows of x [N, H, W, C]: [N·H'·OW, kw·C]."""
    x = pad(b, x, 1, (rows.before, _height(rows) - rows.before - rows.size))
    return b.reshape(concat(b, take(b, x, 2, columns), 3), (None, columns.kernel * x.dim(3)))


def _side_by_side(b: Builder, weights: Tensor) -> Tensor:
    """W', the kernel's rows side by side: [kw·C, kh·O]."""
    kh, kw, channels, outputs = (weights.dim(axis) for axis in range(4))
    return b.reshape(b.transpose(weights, [1, 2, 0, 3]), (kw * channels, kh * outputs))


def _spread(b: Builder, dy: Tensor, rows: Window) -> Tensor:
    """D, of dy [N, OH, OW, O]: what each strip has given to each kernel row, [N·H'·OW, kh·O]."""
    reach = rows.dilation * (rows.kernel - 1)
    padded = pad(b, dy, 1, (reach, reach))
    extent = (dy.shape[0], _height(rows), *dy.shape[2:])
    parts = [
        b.slice(padded, (0, reach - row * rows.dilation, 0, 0), extent)
        for row in range(rows.kernel)
    ]
    return b.reshape(concat(b, parts, 3), (None, rows.kernel * dy.dim(3)))
