"""Matrix products and convolutions."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building.broadcast import broadcast
from odt_core.graph.building.writer import Value, Writer
from odt_core.graph.tensor import Shape, Tensor


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
        strides: tuple[int, int] = (1, 1),
        dilations: tuple[int, int] = (1, 1),
        *,
        same: bool = False,
    ) -> Tensor:
        """Convolution of [N, H, W, C] with weights [K, kh, kw, C], VALID or SAME padding."""
        kernel = self.constant(weights, np.float32)
        options = schema.Conv2DOptionsT()
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideH, options.strideW = strides
        options.dilationHFactor, options.dilationWFactor = dilations
        rows, columns = self._windows(x, kernel.shape[1:3], strides, dilations, same)
        y = self.new((x.shape[0], rows, columns, kernel.shape[0]), x.dtype, "conv2d")
        bias = self.constant(np.zeros(kernel.dim(0), np.float32))  # the kernel insists on one
        self.emit("CONV_2D", [x, kernel, bias], [y], options)
        return y

    def depthwise_conv2d(
        self,
        x: Tensor,
        weights: Value,
        strides: tuple[int, int] = (1, 1),
        dilations: tuple[int, int] = (1, 1),
        *,
        same: bool = False,
    ) -> Tensor:
        """Depthwise convolution of [N, H, W, C] with weights [1, kh, kw, C·m]."""
        kernel = self.constant(weights, np.float32)
        options = schema.DepthwiseConv2DOptionsT()
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideH, options.strideW = strides
        options.dilationHFactor, options.dilationWFactor = dilations
        options.depthMultiplier = kernel.dim(3) // x.dim(3)
        rows, columns = self._windows(x, kernel.shape[1:3], strides, dilations, same)
        y = self.new((x.shape[0], rows, columns, kernel.shape[3]), x.dtype, "depthwise_conv2d")
        bias = self.constant(np.zeros(kernel.dim(3), np.float32))
        self.emit("DEPTHWISE_CONV_2D", [x, kernel, bias], [y], options)
        return y

    @staticmethod
    def _windows(
        x: Tensor,
        kernel: Shape,
        strides: tuple[int, int],
        dilations: tuple[int, int],
        same: bool,
    ) -> tuple[int, ...]:
        sizes = zip((1, 2), kernel, strides, dilations, strict=True)
        return tuple(
            -(-x.dim(a) // s) if same else (x.dim(a) - ((k or 1) - 1) * d - 1) // s + 1
            for a, k, s, d in sizes
        )
