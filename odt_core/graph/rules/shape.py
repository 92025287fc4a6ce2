"""Ops on shapes: which axes a broadcast's gradient is summed over, offsets, permutations, and rows
parted and put together again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.building.known_shapes import OpenSize, contents
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.rows import put_rows
from odt_core.graph.tensor import MOST_DIMENSIONS, Tensor, entries

_MOST_ROWS = 2**26  # whose places are written into the file


@rule("BroadcastGradientArgs")
def broadcast_gradient_args(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """For shapes s0 and s1, the axes over which each one's gradient has to be summed.

    Shapes are aligned at the end, the shorter one filled up with ones; an axis is summed where that
    shape has 1 there. Equal shapes give no axes at all.
    Source: tensorflow/core/util/bcast.h (grad_x_reduce_idx, grad_y_reduce_idx).
    """
    s0, s1 = inputs
    known = _known_axes(contents(b, s0), contents(b, s1))
    if known is not None:
        return [b.constant(np.array(axes, s0.dtype)) for axes in known]
    rank = max(s0.dim(0), s1.dim(0))
    _check_rank(rank)
    if rank == 0:
        empty = b.constant(np.zeros(0, s0.dtype))
        return [empty, empty]
    long0, long1 = (_filled_up(b, s, rank) for s in (s0, s1))
    differ = b.any(b.not_equal(long0, long1), [0], keepdims=True)
    if s0.dim(0) != s1.dim(0):
        differ = b.constant(np.ones(1, np.bool_))  # shapes of different rank are never equal
    return [_axes(b, b.logical_and(b.equal(s, 1), differ), s0) for s in (long0, long1)]


def _known_axes(a: np.ndarray | None, c: np.ndarray | None) -> tuple[list[int], list[int]] | None:
    """The axes where sizes that only the run tells do not matter: each stands beside an open size
    or beside a 1. None where they do.

    An open size that turns out to be 1 beside a 1 changes nothing: the sum over one entry is that
    entry. The batches of two inputs (samples and labels) are taken to be equal. Where they are not,
    the labels may still be one for all; samples that are one for many labels give a gradient that
    fails to take the samples' shape: an error, never a wrong number.
    """
    if a is None or c is None or None in a or None in c:
        return None
    first, second = list(a), list(c)
    for place in range(-1, -min(len(a), len(c)) - 1, -1):  # aligned at the end
        x, y = first[place], second[place]
        if isinstance(x, OpenSize) and isinstance(y, OpenSize) and x.times == y.times:
            second[place] = x
        elif x != y and 1 not in (x, y):
            return None
    return _reduced(first, second)


def _check_rank(rank: int) -> None:
    if rank > MOST_DIMENSIONS:
        raise LoweringError(
            f"it works on shapes of {rank:,} dimensions. Use at most {MOST_DIMENSIONS}."
        )


def _filled_up(b: Builder, shape: Tensor, rank: int) -> Tensor:
    missing = rank - shape.dim(0)
    if not missing:
        return shape
    return b.concat([b.constant(np.ones(missing, shape.dtype)), shape], 0)


def _axes(b: Builder, chosen: Tensor, like: Tensor) -> Tensor:
    """The places at which `chosen` [rank] holds, [n]."""
    places = b.where(chosen)  # int64 [n, 1]
    return b.reshape(b.cast(places, like.dtype), [None])


def _reduced(a: list[object], c: list[object]) -> tuple[list[int], list[int]]:
    if a == c:
        return [], []
    rank = max(len(a), len(c))
    a, c = [1] * (rank - len(a)) + a, [1] * (rank - len(c)) + c
    return [i for i in range(rank) if a[i] == 1], [i for i in range(rank) if c[i] == 1]


@rule("InvertPermutation")
def invert_permutation(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y with y[x[i]] = i.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/InvertPermutation
    """
    (x,) = inputs
    if x.const is None:
        raise LoweringError("its permutation is computed. Write it as a constant instead.")
    return [b.constant(np.argsort(x.const).astype(x.dtype))]


@rule("DynamicPartition", since="0.2")
def dynamic_partition(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The rows of x whose partition is 0, those whose partition is 1, …

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/DynamicPartition
    """
    x, partitions = inputs
    count = int(op.number("num_partitions"))
    return [b.gather_nd(x, b.where(b.equal(partitions, number))) for number in range(count)]


@rule("DynamicStitch", "ParallelDynamicStitch")
def dynamic_stitch(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Rows of several tensors merged into one, row indices[m][i] from data[m][i]; the last wins.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/DynamicStitch
    """
    count = len(inputs) // 2
    indices, data = inputs[:count], inputs[count:]
    if any(index.const is None for index in indices):
        return [_stitched_at_run_time(b, indices, data)]
    rest = [part.shape[index.rank :] for part, index in zip(data, indices, strict=True)]
    flat = [
        b.reshape(part, [index.const.size, *row])  # type: ignore[union-attr]
        for part, index, row in zip(data, indices, rest, strict=True)
    ]
    places = np.concatenate([np.ravel(index.const) for index in indices])  # type: ignore[arg-type]
    if not len(places) or places.min() < 0 or places.max() >= _MOST_ROWS:
        raise LoweringError(
            f"it puts rows at places that are not from 0 to {_MOST_ROWS - 1:,}. Use such indices."
        )
    source = np.zeros(int(places.max()) + 1, np.int32)
    source[places] = np.arange(len(places))
    return [b.gather(b.concat(flat, 0), source)]


def _stitched_at_run_time(b: Builder, indices: Sequence[Tensor], data: Sequence[Tensor]) -> Tensor:
    """As `dynamic_stitch`, of indices that are computed; a row that none of them names is 0."""
    row = data[0].shape[indices[0].rank :]
    sizes = [data[0].dim(axis) for axis in range(indices[0].rank, data[0].rank)]
    places = b.concat([b.reshape(index, (entries(index.shape),)) for index in indices], 0)
    count = b.add(b.max(places, [0], keepdims=True), 1)
    size = b.concat([count, b.constant(np.array(sizes, np.int32))], 0)
    flat = [
        b.reshape(part, (entries(index.shape), *row))
        for part, index in zip(data, indices, strict=True)
    ]
    nothing = b.fill(size, 0, (None, *row), data[0].dtype.type)
    return put_rows(b, nothing, places, b.concat(flat, 0))


@rule("Shape", "ShapeN", since="0.2")
def shapes(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The shape of each input."""
    return [b.cast(b.shape(x), op.dtype("out_type") or np.int32) for x in inputs]


@rule("Unpack", since="0.2")
def unpack(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The entries along an axis, each without it."""
    (x,) = inputs
    axis = int(op.number("axis")) % x.rank
    if x.shape[axis] is None:
        raise OpenSizeError("the size of its axis is known at run time only. Fix it.")
    return [b.gather(x, np.array(i, np.int32), axis) for i in range(x.dim(axis))]


@rule("ConcatOffset", since="0.2")
def concat_offset(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Where each part begins in a concatenation: 0 but on the axis, there the sizes before it.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/ConcatOffset
    """
    axis_tensor, *parts = inputs
    rank = parts[0].dim(0)
    _check_rank(rank)
    if axis_tensor.const is None:
        raise LoweringError("its axis is computed. Write it as a constant instead.")
    axis = int(axis_tensor.const) % rank
    known = [contents(b, part) for part in parts]
    sizes = [None if part is None else part[axis] for part in known]
    before: Tensor | int = 0
    offsets = []
    for part, size in zip(parts, sizes, strict=True):
        offsets.append(_at(b, before, axis, rank))
        # A size that hangs on the batch is known at run time alone.
        if isinstance(size, int | np.integer) and isinstance(before, int):
            before += int(size)
            continue
        length = b.slice(part, [axis], [1])
        before = b.add(length, before)
    return offsets


def _at(b: Builder, size: Tensor | int, axis: int, rank: int) -> Tensor:
    """[rank] zeros with one size on an axis."""
    if isinstance(size, int):
        offset = np.zeros(rank, np.int32)
        offset[axis] = size
        return b.constant(offset)
    before, after = (np.zeros(count, np.int32) for count in (axis, rank - axis - 1))
    return b.concat([b.constant(before), size, b.constant(after)], 0)
