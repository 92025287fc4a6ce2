"""Ops that move entries: reshape, transpose, concatenate, slice, gather, scatter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import OpenSizeError
from odt_core.graph.building.arithmetic import Arithmetic
from odt_core.graph.building.batch import dynamic_axis
from odt_core.graph.building.writer import Value
from odt_core.graph.tensor import Shape, Tensor


class Movement(Arithmetic):
    """One method an op, or the few that make one idea."""

    def shape(self, x: Tensor) -> Tensor:
        """The shape of x at run time, int32 [rank]; what is known of it now is a constant."""
        if None not in x.shape:
            return self.constant(np.array(x.shape, np.int32))
        source, axis = self.batch_source(x), dynamic_axis(x)
        if source is None or axis is None:
            return self._shape(x)
        root = self.tensor(source[0])
        size = self.slice(self._shape(root), [dynamic_axis(root) or 0], [1])
        if source[1] != 1:
            size = self.mul(size, source[1])
        before, after = (np.array(part, np.int32) for part in (x.shape[:axis], x.shape[axis + 1 :]))
        return self.concat([self.constant(before), size, self.constant(after)], 0)

    def _shape(self, x: Tensor) -> Tensor:
        options = schema.ShapeOptionsT()
        options.outType = schema.TensorType.INT32
        y = self.new([x.rank], np.int32, "shape")
        self.emit("SHAPE", [x], [y], options)
        return y

    def size(self, x: Tensor, axis: int) -> Tensor:
        """How many entries x has along an axis, int32 []; a constant where that is known now."""
        size = x.shape[axis]
        if size is not None:
            return self.constant(size, np.int32)
        return self.reshape(self.slice(self.shape(x), [axis], [1]), ())

    def reshape(self, x: Tensor, shape: Sequence[int | None]) -> Tensor:
        """x in another shape; at most one dimension may be None (worked out at run time)."""
        shape = tuple(shape)
        if shape == x.shape:
            return x
        if sum(size is None for size in shape) > 1:
            raise OpenSizeError(f"Cannot reshape to {shape}: more than one dimension is unknown.")
        target = np.array([-1 if size is None else size for size in shape], np.int32)
        options = schema.ReshapeOptionsT()
        options.newShape = target
        y = self.new(self._known(x.shape, shape), x.dtype, "reshape")
        self.emit("RESHAPE", [x, self.constant(target)], [y], options)
        return y

    @staticmethod
    def _known(old: Shape, new: Shape) -> Shape:
        """`new` with its None filled in when `old` has none; () may be an unknown rank too."""
        if not old or None in old or None not in new:
            return new
        total = int(np.prod(old, dtype=np.int64))  # type: ignore[arg-type]
        rest = int(np.prod([size for size in new if size is not None], dtype=np.int64))
        return tuple(total // max(rest, 1) if size is None else size for size in new)

    def reshape_to(self, x: Tensor, shape: Tensor, static: Sequence[int | None]) -> Tensor:
        """x in the shape held by an int32 tensor; `static` is what is known of it now."""
        y = self.new(static, x.dtype, "reshape")
        self.emit("RESHAPE", [x, shape], [y], schema.ReshapeOptionsT())
        return y

    def transpose(self, x: Tensor, permutation: Sequence[int]) -> Tensor:
        """Axes in another order."""
        if list(permutation) == list(range(x.rank)):
            return x
        order = self.constant(np.array(permutation, np.int32))
        y = self.new([x.shape[axis] for axis in permutation], x.dtype, "transpose")
        self.emit("TRANSPOSE", [x, order], [y], schema.TransposeOptionsT())
        return y

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        """Parts one after another along an axis."""
        parts = [part for part in parts if part.shape != (0,)] or parts[:1]
        if len(parts) == 1:
            return parts[0]
        axis %= parts[0].rank
        sizes = [part.shape[axis] for part in parts]
        shape = [
            next((p.shape[i] for p in parts if p.shape[i] is not None), None)
            for i in range(parts[0].rank)
        ]
        shape[axis] = None if None in sizes else sum(size for size in sizes if size is not None)
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        y = self.new(shape, parts[0].dtype, "concat")
        self.emit("CONCATENATION", parts, [y], options)
        return y

    def pack(self, parts: Sequence[Tensor], axis: int = 0) -> Tensor:
        """Parts stacked along a new axis."""
        options = schema.PackOptionsT()
        options.valuesCount, options.axis = len(parts), axis
        shape = list(parts[0].shape)
        shape.insert(axis, len(parts))
        y = self.new(shape, parts[0].dtype, "pack")
        self.emit("PACK", parts, [y], options)
        return y

    def split(self, x: Tensor, count: int, axis: int) -> list[Tensor]:
        """`count` equal parts along an axis."""
        if count == 1:
            return [x]
        axis %= x.rank
        shape = list(x.shape)
        shape[axis] = x.dim(axis) // count
        parts = [self.new(shape, x.dtype, "split") for _ in range(count)]
        options = schema.SplitOptionsT()
        options.numSplits = count
        self.emit("SPLIT", [self.constant(np.array(axis, np.int32)), x], parts, options)
        return parts

    def slice(self, x: Tensor, begin: Sequence[int], size: Sequence[int | None]) -> Tensor:
        """A box of x; size None takes all from begin to the end of that axis."""
        ends = zip(begin, size, x.shape, strict=True)
        if all(b == 0 and (s is None or s == d) for b, s, d in ends):
            return x
        extent = [-1 if s is None else s for s in size]
        shape = [
            s if s is not None else (None if d is None else d - b)
            for b, s, d in zip(begin, size, x.shape, strict=True)
        ]
        y = self.new(shape, x.dtype, "slice")
        starts = self.constant(np.array(begin, np.int32))
        self.emit(
            "SLICE",
            [x, starts, self.constant(np.array(extent, np.int32))],
            [y],
            schema.SliceOptionsT(),
        )
        return y

    def reverse(self, x: Tensor, axis: int) -> Tensor:
        """The entries of an axis from its end on."""
        y = self.new(x.shape, x.dtype, "reverse")
        along = self.constant(np.array([axis], np.int32))
        self.emit("REVERSE_V2", [x, along], [y], schema.ReverseV2OptionsT())
        return y

    def expand(self, x: Tensor, axis: int) -> Tensor:
        """x with one more axis, of size 1; also where several sizes are unknown."""
        y = self.new((*x.shape[:axis], 1, *x.shape[axis:]), x.dtype, "expand_dims")
        where = self.constant(np.array(axis, np.int32))
        self.emit("EXPAND_DIMS", [x, where], [y], schema.ExpandDimsOptionsT())
        return y

    def strided_slice(
        self, x: Tensor, begin: Sequence[int], end: Sequence[int], strides: Sequence[int]
    ) -> Tensor:
        """x[begin:end:strides] on each axis; an axis whose size is None must be taken whole."""
        whole = [size is None for size in x.shape]
        options = schema.StridedSliceOptionsT()
        options.beginMask = options.endMask = sum(1 << i for i, w in enumerate(whole) if w)
        shape = [
            None if w else len(range(b, e, s))
            for w, b, e, s in zip(whole, begin, end, strides, strict=True)
        ]
        y = self.new(shape, x.dtype, "strided_slice")
        bounds = [self.constant(np.array(v, np.int32)) for v in (begin, end, strides)]
        self.emit("STRIDED_SLICE", [x, *bounds], [y], options)
        return y

    def gather(self, x: Tensor, indices: Value, axis: int = 0) -> Tensor:
        """Entries of x at integer `indices` along an axis."""
        where = self.constant(indices, None if isinstance(indices, Tensor) else np.int32)
        options = schema.GatherOptionsT()
        options.axis = axis
        y = self.new((*x.shape[:axis], *where.shape, *x.shape[axis + 1 :]), x.dtype, "gather")
        self.emit("GATHER", [x, where], [y], options)
        return y

    def gather_nd(self, x: Tensor, indices: Tensor) -> Tensor:
        """Entries of x at index tuples, [..., k]."""
        y = self.new((*indices.shape[:-1], *x.shape[indices.dim(-1) :]), x.dtype, "gather_nd")
        self.emit("GATHER_ND", [x, indices], [y], schema.GatherNdOptionsT())
        return y

    def where(self, condition: Tensor) -> Tensor:
        """Index tuples at which a bool tensor holds, int64 [n, rank]."""
        y = self.new((None, condition.rank), np.int64, "where")
        self.emit("WHERE", [condition], [y], schema.WhereOptionsT())
        return y

    def pad(self, x: Tensor, paddings: Sequence[tuple[int, int]]) -> Tensor:
        """Zeros before and after on each axis."""
        if not any(before or after for before, after in paddings):
            return x
        shape = [
            None if size is None else size + before + after
            for size, (before, after) in zip(x.shape, paddings, strict=True)
        ]
        y = self.new(shape, x.dtype, "pad")
        self.emit(
            "PAD", [x, self.constant(np.array(paddings, np.int32))], [y], schema.PadOptionsT()
        )
        return y

    def fill(
        self, shape: Tensor, value: Value, static: Sequence[int | None], dtype: type
    ) -> Tensor:
        """A tensor of the run-time shape filled with one value."""
        y = self.new(static, dtype, "fill")
        self.emit("FILL", [shape, self.constant(value, dtype)], [y], schema.FillOptionsT())
        return y

    def range(self, start: Value, limit: Value, delta: Value = 1) -> Tensor:
        """start, start + delta, … below limit, int32 [n]."""
        parts = [self.constant(v, np.int32) for v in (start, limit, delta)]
        contents = [part.const for part in parts]
        known = None
        if all(content is not None for content in contents):
            known = len(range(*(int(content) for content in contents)))  # type: ignore[arg-type]
        y = self.new([known], np.int32, "range")
        self.emit("RANGE", parts, [y], schema.RangeOptionsT())
        return y

    def broadcast_to(self, x: Tensor, shape: Tensor, static: Sequence[int | None]) -> Tensor:
        """x repeated to the run-time shape; `static` is what is known of it now."""
        y = self.new(static, x.dtype, "broadcast_to")
        self.emit("BROADCAST_TO", [x, shape], [y], schema.BroadcastToOptionsT())
        return y

    def one_hot(
        self, indices: Tensor, depth: Value, on: Value = 1.0, off: Value = 0.0, axis: int = -1
    ) -> Tensor:
        """`on` at the index along a new axis [depth], `off` elsewhere, float32 where they are
        numbers; an index out of range gives `off` alone.
        """
        options = schema.OneHotOptionsT()
        options.axis = axis
        size = self.constant(depth, np.int32)
        values = [self.constant(v, np.float32) for v in (on, off)]
        shape = list(indices.shape)
        place = axis if axis >= 0 else indices.rank
        shape.insert(place, None if size.const is None else int(size.const))
        y = self.new(shape, values[0].dtype, "one_hot")
        self.emit("ONE_HOT", [self.cast(indices, np.int32), size, *values], [y], options)
        return y

    def scatter_nd(
        self, indices: Tensor, updates: Tensor, shape: Tensor, static: Sequence[int | None]
    ) -> Tensor:
        """Zeros of the run-time shape with updates added at index tuples [..., k]."""
        y = self.new(static, updates.dtype, "scatter_nd")
        self.emit("SCATTER_ND", [indices, updates, shape], [y], schema.ScatterNdOptionsT())
        return y
