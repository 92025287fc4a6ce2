"""Matrix products and convolutions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building.broadcast import broadcast
from odt_core.graph.building.writer import Value, Writer
from odt_core.graph.tensor import Shape, Tensor

Pair = tuple[int, int]


class Products(Writer):
    """One method an op."""

    def matmul(
        self, a: Tensor, b: Tensor, *, transpose_a: bool = False, transpose_b: bool = False
    ) -> Tensor:
        """Batched matrix product; XNNPACK takes BATCH_MATMUL with variables on both sides."""
        options = schema.BatchMatMulOptionsT()
        options.adjX, options.adjY = transpose_a, transpose_b
        rows = a.shape[-1] if transpose_a else a.shape[-2]
        columns = b.shape[-2] if transpose_b else b.shape[-1]
        shape = (*broadcast(a.shape[:-2], b.shape[:-2]), rows, columns)
        y = self.new(shape, a.dtype, "matmul")
        self.emit("BATCH_MATMUL", [a, b], [y], options)
        return y

    def conv2d(
        self,
        x: Tensor,
        weights: Value,
        strides: Pair = (1, 1),
        dilations: Pair = (1, 1),
        *,
        same: bool = False,
    ) -> Tensor:
        """Convolution of [N, H, W, C] with weights [K, kh, kw, C], VALID or SAME padding."""
        kernel = self.constant(weights, np.float32)
        windows = _Windows(kernel.shape[1:3], strides, dilations, same)
        options = schema.Conv2DOptionsT()
        return self._slide("CONV_2D", options, x, kernel, windows, kernel.dim(0))

    def depthwise_conv2d(
        self,
        x: Tensor,
        weights: Value,
        strides: Pair = (1, 1),
        dilations: Pair = (1, 1),
    ) -> Tensor:
        """Depthwise convolution of [N, H, W, C] with weights [1, kh, kw, C·m], VALID padding."""
        kernel = self.constant(weights, np.float32)
        windows = _Windows(kernel.shape[1:3], strides, dilations, same=False)
        options = schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = kernel.dim(3) // x.dim(3)
        return self._slide("DEPTHWISE_CONV_2D", options, x, kernel, windows, kernel.dim(3))

    def _slide(
        self,
        op: str,
        options: schema.Conv2DOptionsT | schema.DepthwiseConv2DOptionsT,
        x: Tensor,
        kernel: Tensor,
        windows: _Windows,
        channels: int,
    ) -> Tensor:
        options.padding = schema.Padding.SAME if windows.same else schema.Padding.VALID
        options.strideH, options.strideW = windows.strides
        options.dilationHFactor, options.dilationWFactor = windows.dilations
        y = self.new((x.shape[0], *windows.over(x), channels), x.dtype, op.lower())
        bias = self.constant(np.zeros(channels, np.float32))  # the kernel insists on one
        self.emit(op, [x, kernel, bias], [y], options)
        return y


class _Windows(NamedTuple):
    """How a kernel slides over the rows and columns of [N, H, W, C]."""

    kernel: Shape
    strides: Pair
    dilations: Pair
    same: bool

    def over(self, x: Tensor) -> tuple[int, ...]:
        """How many windows there are in rows and columns."""
        sizes = zip((1, 2), self.kernel, self.strides, self.dilations, strict=True)
        return tuple(
            -(-x.dim(a) // s) if self.same else (x.dim(a) - ((k or 1) - 1) * d - 1) // s + 1
            for a, k, s, d in sizes
        )
