"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building.writer import Writer
from odt_core.graph.tensor import Tensor


class Reductions(Writer):
    """One method an op."""

    def _reduce(self, op: str, x: Tensor, axes: Sequence[int], keepdims: bool) -> Tensor:
        options = schema.ReducerOptionsT()
        options.keepDims = keepdims
        chosen = {axis % x.rank for axis in axes}
        shape = [
            1 if axis in chosen else size
            for axis, size in enumerate(x.shape)
            if keepdims or axis not in chosen
        ]
        y = self.new(shape, x.dtype, op.lower())
        self.emit(op, [x, self.constant(np.array(sorted(chosen), np.int32))], [y], options)
        return y

    def sum(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Sum over axes."""
        return self._reduce("SUM", x, axes, keepdims)

    def mean(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Mean over axes."""
        return self._reduce("MEAN", x, axes, keepdims)

    def max(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Maximum over axes."""
        return self._reduce("REDUCE_MAX", x, axes, keepdims)

    def prod(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Product over axes."""
        return self._reduce("REDUCE_PROD", x, axes, keepdims)

    def any(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Whether any entry of a bool tensor holds, over axes."""
        return self._reduce("REDUCE_ANY", x, axes, keepdims)
