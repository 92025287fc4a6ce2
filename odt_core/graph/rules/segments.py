"""Sums over segments, running sums and products, ranges, and whether a class is among the first k.

Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops, the ops of these names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.special import log1p
from odt_core.graph.tensor import Tensor

_UNSORTED = {
    "UnsortedSegmentSum": ("UNSORTED_SEGMENT_SUM", schema.UnsortedSegmentSumOptionsT),
    "UnsortedSegmentProd": ("UNSORTED_SEGMENT_PROD", schema.UnsortedSegmentProdOptionsT),
    "UnsortedSegmentMax": ("UNSORTED_SEGMENT_MAX", schema.UnsortedSegmentMaxOptionsT),
    "UnsortedSegmentMin": ("UNSORTED_SEGMENT_MIN", schema.UnsortedSegmentMinOptionsT),
}


@rule(*_UNSORTED, since="0.2")
def unsorted_segment(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Sum, product, largest or smallest of x's rows of each segment, [count, *row]."""
    return [segments_of(b, op.op, *inputs)]


def segments_of(b: Builder, kind: str, x: Tensor, segments: Tensor, count: Tensor) -> Tensor:
    """What TensorFlow's op of this name gives."""
    known = None if count.const is None else int(count.const)
    y = b.new((known, *x.shape[segments.rank :]), x.dtype, "segments")
    name, options = _UNSORTED[kind]
    b.emit(name, [x, b.cast(segments, np.int32), b.cast(count, np.int32)], [y], options())
    return y


def _filled(b: Builder, like: Tensor, value: float, dtype: np.dtype) -> Tensor:
    """One value in the shape of a tensor."""
    return b.fill(b.shape(like), np.array(value, dtype), like.shape, dtype.type)


def _rows_in(b: Builder, segments: Tensor, count: Tensor, dtype: np.dtype) -> Tensor:
    """How many rows each segment has, [count]."""
    return segments_of(b, "UnsortedSegmentSum", _filled(b, segments, 1, dtype), segments, count)


@rule("SegmentMean", "SegmentSum", since="0.2")
def segment_sum(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The sum or mean of x's rows of each segment, 0 of none; segments in rising order."""
    x, segments = inputs
    ids = b.cast(segments, np.int32)
    count = b.add(b.max(ids, [0]), 1)
    # LiteRT's SEGMENT_SUM refuses segments without a row
    sums = segments_of(b, "UnsortedSegmentSum", x, ids, count)
    if op.op == "SegmentSum":
        return [sums]
    rows = b.maximum(_rows_in(b, ids, count, x.dtype), np.array(1, x.dtype))
    return [b.div(sums, b.reshape(rows, (rows.shape[0], *[1] * (x.rank - 1))))]


_EMPTY = {"SegmentMax": 0, "SegmentMin": 0, "SegmentProd": 1}  # what a segment of no row gives


@rule(*_EMPTY, since="0.2")
def segment_extreme(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The largest, smallest or product of x's rows of each segment; segments in rising order."""
    x, segments = inputs
    ids = b.cast(segments, np.int32)
    count = b.add(b.max(ids, [0]), 1)
    y = segments_of(b, f"Unsorted{op.op}", x, ids, count)
    rows = _rows_in(b, ids, count, ids.dtype)
    is_empty = b.reshape(b.equal(rows, 0), (rows.shape[0], *[1] * (x.rank - 1)))
    return [b.select(is_empty, _EMPTY[op.op], y)]


@rule("UniqueWithCounts", since="0.2")
def unique_with_counts(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The numbers of x [n] without repetition, where in them each of x is, how often each comes.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/UniqueWithCounts
    """
    (x,) = inputs
    kind = op.dtype("out_idx") or np.dtype(np.int32)
    y, places = b.new((None,), x.dtype, "unique"), b.new(x.shape, np.int32, "unique")
    options = schema.UniqueOptionsT()
    options.idxOutType = schema.TensorType.INT32
    b.emit("UNIQUE", [x], [y, places], options)
    size = b.reshape(b.shape(y), ())
    counts = _rows_in(b, places, size, places.dtype)
    return [y, b.cast(places, kind), b.cast(counts, kind)]


@rule("Bincount", "DenseBincount", since="0.2")
def bincount(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """How often each of the numbers below a size comes, or the sum of its weights; DenseBincount
    of a matrix: in each row; binary: whether it comes.
    """
    numbers, size, weights = inputs
    by_row = op.op == "DenseBincount" and numbers.rank == 2
    depth = None if size.const is None else int(size.const)
    size, ids = b.cast(size, np.int32), b.cast(numbers, np.int32)
    if 0 in weights.shape or op.flag("binary_output"):
        weights = _filled(b, ids, 1, weights.dtype)
    counted = b.logical_and(b.greater_equal(ids, 0), b.less(ids, size))
    ids = b.select(counted, ids, size)  # all others in a segment of their own
    count, one_more = b.constant(1, np.int32), b.add(size, 1)
    if by_row:
        count = b.reshape(b.slice(b.shape(ids), [0], [1]), ())
        ids = b.add(ids, b.reshape(b.mul(b.range(0, count), one_more), (None, 1)))
    flat, places = (b.reshape(part, (None,)) for part in (weights, ids))
    sums = segments_of(b, "UnsortedSegmentSum", flat, places, b.mul(count, one_more))
    wide = b.reshape_to(
        sums, b.pack([count, one_more]), (None, None if depth is None else depth + 1)
    )
    y = b.new((None, depth), weights.dtype, "bincount")
    start = b.constant(np.zeros(2, np.int32))
    b.emit("SLICE", [wide, start, b.pack([count, size])], [y], schema.SliceOptionsT())
    if op.flag("binary_output"):
        y = b.minimum(y, np.array(1, weights.dtype))
    return [y if by_row else b.reshape(y, (depth,))]


@rule("Cumsum", since="0.2")
def cumsum(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Running sum along an axis; exclusive: without the entry itself; reverse: from the end."""
    x, axis = inputs
    options = schema.CumsumOptionsT()
    options.exclusive, options.reverse = op.flag("exclusive"), op.flag("reverse")
    y = b.new(x.shape, x.dtype, "cumsum")
    b.emit("CUMSUM", [x, b.cast(axis, np.int32)], [y], options)
    return [y]


@rule("Cumprod", "CumulativeLogsumexp", since="0.2")
def running(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Running product or log of summed exponentials along an axis, by doubling: after step k each
    entry holds that of the 2ᵏ entries that end with it (W. D. Hillis, G. L. Steele: Data Parallel
    Algorithms, 1986). Along an axis whose size only the batch tells: over all pairs of entries.
    """
    x, axis_tensor = inputs
    if axis_tensor.const is None:
        raise LoweringError("its axis is computed. Write it as a constant instead.")
    axis = int(axis_tensor.const) % x.rank
    size, reverse = x.shape[axis], op.flag("reverse")
    combine, neutral, combine_all = _RUNNING[op.op]
    if size is None:
        counted = _counted(b, x, axis, exclusive=op.flag("exclusive"), reverse=reverse)
        pairs = b.select(counted, b.expand(x, axis), np.array(neutral, x.dtype))
        return [combine_all(b, pairs, axis + 1)]
    if op.flag("exclusive"):
        x = _moved(b, x, axis, 1, neutral, reverse=reverse)
    step = 1
    while step < size:
        x = combine(b, x, _moved(b, x, axis, step, neutral, reverse=reverse))
        step *= 2
    return [x]


def _product(b: Builder, x: Tensor, y: Tensor) -> Tensor:
    return b.mul(x, y)


def _logsumexp(b: Builder, x: Tensor, y: Tensor) -> Tensor:
    """log(eˣ + eʸ), by the larger of the two."""
    larger = b.maximum(x, y)
    less = b.select(b.equal(x, y), 0.0, b.neg(b.abs(b.sub(x, y))))  # also of two infinities
    return b.add(larger, log1p(b, b.exp(less)))


def _product_of_all(b: Builder, x: Tensor, axis: int) -> Tensor:
    return b.prod(x, [axis])


def _logsumexp_of_all(b: Builder, x: Tensor, axis: int) -> Tensor:
    """log Σeˣ along an axis, by the largest."""
    largest = b.max(x, [axis], keepdims=True)
    is_finite = b.less(b.abs(largest), math.inf)
    total = b.sum(b.exp(b.sub(x, b.select(is_finite, largest, 0.0))), [axis])
    return b.add(b.log(total), b.max(largest, [axis]))


_RUNNING = {
    "Cumprod": (_product, 1.0, _product_of_all),
    "CumulativeLogsumexp": (_logsumexp, -math.inf, _logsumexp_of_all),
}


def _counted(b: Builder, x: Tensor, axis: int, *, exclusive: bool, reverse: bool) -> Tensor:
    """Which entries along an axis count for which: bool [n, n, 1, …], the first n being theirs."""
    numbers = b.range(0, b.size(x, axis))
    one, other = b.reshape(numbers, (None, 1)), b.reshape(numbers, (1, None))
    if reverse:
        one, other = other, one
    counted = b.less(other, one) if exclusive else b.less_equal(other, one)
    for rank in range(2, x.rank - axis + 1):
        counted = b.expand(counted, rank)
    return counted


def _moved(b: Builder, x: Tensor, axis: int, by: int, neutral: float, *, reverse: bool) -> Tensor:
    """x moved on along an axis, or back, with what changes nothing where nothing comes from."""
    start, extent, shape = [0] * x.rank, list(x.shape), list(x.shape)
    if not reverse:
        extent[axis] = x.dim(axis) - by
    else:
        start[axis], extent[axis] = by, x.dim(axis) - by
    shape[axis] = by
    part = b.slice(x, start, extent)
    first = b.slice(x, [0] * x.rank, shape)
    filled = _filled(b, first, neutral, x.dtype)
    return b.concat([part, filled] if reverse else [filled, part], axis)


@rule("Range", since="0.2")
def range_of(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """start, start + delta, … up to and without limit."""
    y = b.new(op.output_shapes[0] if op.output_shapes else (None,), inputs[0].dtype, "range")
    b.emit("RANGE", list(inputs), [y], schema.RangeOptionsT())
    return [y]


@rule("InTopK", "InTopKV2", since="0.2")
def in_top_k(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Whether fewer than k classes have a larger score than the given one, bool [N]; false for a
    class that does not exist, and where any score of the row is not finite.
    """
    scores, classes = inputs[:2]
    k = inputs[2] if len(inputs) > 2 else b.constant(int(op.number("k")), np.int32)
    hot = b.one_hot(b.cast(classes, np.int32), scores.dim(1))
    chosen = b.equal(hot, 1.0)
    own = b.sum(b.select(chosen, scores, 0.0), [1], keepdims=True)
    larger = b.sum(b.cast(b.greater(scores, own), np.int32), [1])
    exists = b.greater(b.sum(hot, [1]), 0.0)
    is_finite = b.equal(b.sum(b.sub(scores, scores), [1]), 0.0)  # nan or inf less itself is nan
    is_first = b.greater(b.cast(k, np.int32), larger)
    return [b.logical_and(is_first, b.logical_and(exists, is_finite))]
