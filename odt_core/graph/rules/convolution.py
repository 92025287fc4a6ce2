"""Convolution and its two gradients as matrix products, the form that LiteRT runs fast.

With patches P [N·OH·OW, kh·kw·C] (every window of x, flattened) and W [kh·kw·C, O],

    y = P·W,   ∂L/∂W = Pᵀ·∂L/∂y,   ∂L/∂P = ∂L/∂y·Wᵀ,

and ∂L/∂x adds every patch entry back where it was read. (Chellapilla, Puri, Simard: High
Performance Convolutional Neural Networks for Document Processing, 2006.) XNNPACK takes matrix
products of variables, but convolutions only with constant filters.
"""

from __future__ import annotations

import numpy as np

from odt_core.graph.building import Builder
from odt_core.graph.rules import strips
from odt_core.graph.rules.windows import Window, add_back, concat, cut, take
from odt_core.graph.tensor import Tensor

_ONE_HOT_LIMIT = 32  # up to this many patch entries a constant one-hot filter gathers them fastest
_FEW_CHANNELS = 3  # up to so many it does so for columns alone, where slices are of few numbers


def patches(
    b: Builder, x: Tensor, rows: Window, columns: Window, *, one_hot_limit: int = _ONE_HOT_LIMIT
) -> Tensor:
    """Every window of x [N, H, W, C], flattened: [N·OH·OW, kh·kw·C]."""
    channels = x.dim(3)
    gathered = _by_one_hot(b, x, rows, columns, one_hot_limit)
    if gathered is None:
        wide = None  # [N, H, OW, kw·C]
        if channels <= _FEW_CHANNELS:
            wide = _by_one_hot(b, x, Window.of(x.dim(1), 1), columns, _ONE_HOT_LIMIT)
        if wide is None:
            wide = concat(b, take(b, x, 2, columns), 3)
        gathered = concat(b, take(b, wide, 1, rows), 3)
    return b.reshape(gathered, (None, rows.kernel * columns.kernel * channels))


def _by_one_hot(b: Builder, x: Tensor, rows: Window, columns: Window, limit: int) -> Tensor | None:
    """The windows [N, OH, OW, kh·kw·C] by a convolution with zeros and ones; None where they are of
    one entry, or too large, or where no padding of TensorFlow's gives them.
    """
    down, right = rows.trimmed, columns.trimmed
    kh, kw, channels = down.kernel, right.kernel, x.dim(3)
    length = kh * kw * channels
    is_same = down.is_same and right.is_same
    if x.dtype != np.float32 or kh * kw == 1 or length > limit:
        return None
    if not (is_same or (down.is_valid and right.is_valid)):
        return None
    x = b.slice(x, (0, 0, 0, 0), (x.shape[0], down.size, right.size, channels))
    one_hot = np.eye(length, dtype=np.float32).reshape(length, kh, kw, channels)
    strides, dilations = (down.stride, right.stride), (down.dilation, right.dilation)
    return b.conv2d(x, one_hot, strides, dilations, same=is_same)


def convolve(b: Builder, x: Tensor, weights: Tensor, rows: Window, columns: Window) -> Tensor:
    """x [N, H, W, C] with weights [kh, kw, C, O] gives [N, OH, OW, O]."""
    if strips.pays(rows, columns, x.dim(3), weights.dim(3)):
        return strips.convolve(b, x, weights, rows, columns)
    outputs = weights.dim(3)
    matrix = b.reshape(weights, (rows.kernel * columns.kernel * x.dim(3), outputs))
    product = b.matmul(patches(b, x, rows, columns), matrix)
    return b.reshape(product, (x.shape[0], rows.count, columns.count, outputs))


def filter_gradient(b: Builder, x: Tensor, dy: Tensor, rows: Window, columns: Window) -> Tensor:
    """The gradient of `convolve` by its weights, [kh, kw, C, O]."""
    if strips.pays(rows, columns, x.dim(3), dy.dim(3)):
        return strips.filter_gradient(b, x, dy, rows, columns)
    dy = b.reshape(dy, (None, dy.dim(3)))
    product = b.matmul(patches(b, x, rows, columns), dy, transpose_a=True)
    return b.reshape(product, (rows.kernel, columns.kernel, x.dim(3), dy.dim(1)))


def input_gradient(
    b: Builder, weights: Tensor, dy: Tensor, rows: Window, columns: Window
) -> Tensor:
    """The gradient of `convolve` by x, [N, H, W, C]: one product a kernel column, then one axis
    after the other, so that most of the adding happens on the smaller image.
    """
    kh, kw, channels, outputs = (weights.dim(axis) for axis in range(4))
    if strips.pays(rows, columns, channels, outputs):
        return strips.input_gradient(b, weights, dy, rows, columns)
    flat = b.reshape(dy, (None, outputs))
    parts = []
    for column in range(kw):
        part = b.slice(weights, [0, column, 0, 0], [kh, 1, channels, outputs])
        matrix = b.reshape(part, (kh * channels, outputs))
        product = b.matmul(flat, matrix, transpose_b=True)
        parts.append(b.reshape(product, (dy.shape[0], rows.count, columns.count, kh * channels)))
    wide = add_back(b, parts, 2, columns)  # [N, OH, W, kh·C]
    return add_back(b, cut(b, wide, kh), 1, rows)
