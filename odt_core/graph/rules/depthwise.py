"""Depthwise convolution and its gradients.

Every channel is convolved by itself with m filters (m: depth multiplier); here each channel is
repeated m times first, so that channels and filters [kh, kw, C·m] stand one to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.conv import shape_of_gradient
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.windows import Window, interleave, pad, take_both, windows_of
from odt_core.graph.tensor import Tensor


@rule("DepthwiseConv2dNative")
def depthwise(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y[n, o, p, c·m] = Σ x[n, s·o + d·i − pad, …, c]·w[i, j, c, m]; LiteRT's own kernel is fast
    with variable filters too. See https://www.tensorflow.org/api_docs/python/tf/nn/depthwise_conv2d.
    """
    x, weights = inputs
    rows, columns = windows_of(op, x.shape, weights.shape[:2])
    for axis, window in ((1, rows), (2, columns)):
        x = pad(b, x, axis, (window.before, window.reach - window.size))
    filters = b.reshape(weights, (1, *weights.shape[:2], weights.dim(2) * weights.dim(3)))
    steps = (rows.stride, columns.stride), (rows.dilation, columns.dilation)
    return [b.depthwise_conv2d(x, filters, *steps)]


@rule("DepthwiseConv2dNativeBackpropFilter")
def depthwise_backprop_filter(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂w[i, j] = Σ over images and outputs of (what tap i, j reads)·∂L/∂y."""
    x, sizes, dy = inputs
    shape = shape_of_gradient(op, sizes)
    rows, columns = windows_of(op, x.shape, shape[:2])
    x = _repeat(b, x, dy.dim(3) // x.dim(3))
    taps = [tap for row in take_both(b, x, rows, columns) for tap in row]
    sums = [b.sum(b.mul(tap, dy), [0, 1, 2]) for tap in taps]
    return [b.reshape(b.pack(sums), shape)]


@rule("DepthwiseConv2dNativeBackpropInput")
def depthwise_backprop_input(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """∂L/∂x: with s − 1 zeros between its entries ∂L/∂y is convolved, stride 1, with the filters
    turned round; the m copies of a channel add up.
    """
    sizes, weights, dy = inputs
    shape = shape_of_gradient(op, sizes)
    rows, columns = windows_of(op, shape, weights.shape[:2])
    kh, kw = rows.kernel, columns.kernel
    for axis, window in ((1, rows), (2, columns)):
        dy = _spread(b, dy, axis, window)
    taps = b.reshape(weights, (kh * kw, dy.dim(3)))
    turned = b.gather(taps, np.arange(kh * kw)[::-1].copy())
    filters = b.reshape(turned, (1, kh, kw, dy.dim(3)))
    dilations = (rows.dilation, columns.dilation)
    dx = b.depthwise_conv2d(dy, filters, dilations=dilations)
    channels, copies = weights.dim(2), weights.dim(3)
    if copies == 1:
        return [dx]
    whole = b.reshape(dx, (None, rows.size * columns.size, channels, copies))
    return [b.reshape(b.sum(whole, [3]), (dx.shape[0], rows.size, columns.size, channels))]


def _repeat(b: Builder, x: Tensor, times: int) -> Tensor:
    """[N, H, W, C] to [N, H, W, C·times], the copies of a channel side by side."""
    if times == 1:
        return x
    height, width, channels = x.dim(1), x.dim(2), x.dim(3)
    flat = b.reshape(x, (None, height * width, channels, 1))
    copies = b.mul(flat, np.broadcast_to(np.float32(1), times))
    return b.reshape(copies, (x.shape[0], height, width, channels * times))


def _spread(b: Builder, dy: Tensor, axis: int, window: Window) -> Tensor:
    """dy with stride − 1 zeros between entries, padded so that a stride-1 kernel gives `size`."""
    length = window.count * window.stride
    spread = interleave(b, [dy, *[None] * (window.stride - 1)], axis, length)
    before = replace(window, stride=1).place(window.kernel - 1)[0]
    total = window.size + (window.kernel - 1) * window.dilation
    return pad(b, spread, axis, (before, total - length - before))
