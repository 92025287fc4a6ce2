"""Strided slices of which LiteRT lacks the form, and their gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph import resources
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.rows import put_rows
from odt_core.graph.tensor import Shape, Tensor

_MOST_SET = 2**26  # at once: numbers whose places are written into the file


@rule("StridedSlice", since="0.2")
def strided_slice(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x[begin:end:strides] with new axes and an ellipsis, as the slice that LiteRT knows and a new
    axis at a time.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/StridedSlice
    """
    x, *bounds = inputs
    read, added = _axes(op, x.rank, bounds)
    y = x if all(axis == _WHOLE for axis in read) else _sliced(b, x, read)
    for axis in added:
        y = b.expand(y, axis)
    return [y]


@dataclass(frozen=True)
class Axis:
    """What is read of an axis of x; single: one entry, and the result lacks the axis."""

    part: slice
    single: bool = False


_WHOLE = Axis(slice(None, None, 1))


def _axes(op: FlexOp, rank: int, bounds: Sequence[Tensor]) -> tuple[list[Axis], list[int]]:
    """What is read of each axis of x, and which axes of the result are new, ascending."""
    values = [part.const for part in bounds]
    if any(part is None for part in values):
        raise LoweringError("its bounds are computed. Slice with constants instead.")
    mask = {
        name: int(op.number(f"{name}_mask"))
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }

    def has(name: str, position: int) -> bool:
        return bool(mask[name] >> position & 1)

    spec = list(zip(*([int(v) for v in part] for part in values if part is not None), strict=True))
    real = sum(not has("new_axis", i) and not has("ellipsis", i) for i in range(len(spec)))
    read: list[Axis] = []
    added: list[int] = []
    for i, (first, last, step) in enumerate(spec):
        if has("ellipsis", i):
            read += [_WHOLE] * (rank - real)
        elif has("new_axis", i):
            added.append(len(added) + sum(not axis.single for axis in read))
        elif has("shrink_axis", i):
            read.append(Axis(slice(first, first + 1 if first != -1 else None, 1), single=True))
        elif step == 0:
            raise LoweringError("one of its strides is 0. Slice with strides other than 0.")
        else:
            ends = None if has("begin", i) else first, None if has("end", i) else last
            read.append(Axis(slice(*ends, step)))
    return read + [_WHOLE] * (rank - len(read)), added


def _sliced(b: Builder, x: Tensor, read: list[Axis]) -> Tensor:
    options = schema.StridedSliceOptionsT()
    options.beginMask = sum(1 << i for i, axis in enumerate(read) if axis.part.start is None)
    options.endMask = sum(1 << i for i, axis in enumerate(read) if axis.part.stop is None)
    options.shrinkAxisMask = sum(1 << i for i, axis in enumerate(read) if axis.single)
    shape = [
        None if size is None else len(range(*axis.part.indices(size)))
        for size, axis in zip(x.shape, read, strict=True)
        if not axis.single
    ]
    y = b.new(shape, x.dtype, "strided_slice")
    bounds = zip(*((a.part.start or 0, a.part.stop or 0, a.part.step) for a in read), strict=True)
    b.emit("STRIDED_SLICE", [x, *(b.constant(np.array(v, np.int32)) for v in bounds)], [y], options)
    return y


@rule("ResourceStridedSliceAssign", since="0.2")
def strided_slice_assign(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """variable[begin:end:strides] = value.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/ResourceStridedSliceAssign
    """
    variable, *bounds, value = inputs
    whole = resources.read(b, variable)
    resources.assign(b, variable, _with_slice(b, op, whole, bounds, value))
    return []


@rule("TensorStridedSliceUpdate", since="0.2")
def strided_slice_update(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x with x[begin:end:strides] = value.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/TensorStridedSliceUpdate
    """
    x, *bounds, value = inputs
    return [_with_slice(b, op, x, bounds, value)]


def _with_slice(
    b: Builder, op: FlexOp, x: Tensor, bounds: Sequence[Tensor], value: Tensor
) -> Tensor:
    sizes = [x.dim(axis) for axis in range(x.rank)]
    if all(part.const is not None for part in bounds):
        read, _ = _axes(op, x.rank, bounds)
        chosen = _places(sizes, read)
        flat = b.reshape(value, (chosen.size,)) if value.rank else value
        table = b.reshape(x, (math.prod(sizes),))
        return b.reshape(put_rows(b, table, b.constant(chosen, np.int32), flat), sizes)
    return _with_entry(b, op, x, bounds, value)


def _places(sizes: Sequence[int], read: Sequence[Axis]) -> np.ndarray:
    """Where in an array of these sizes, laid out flat, that stands which is read of it."""
    along = [range(*axis.part.indices(size)) for size, axis in zip(sizes, read, strict=True)]
    count = math.prod(map(len, along))
    if count > _MOST_SET:
        raise LoweringError(f"it sets {count:,} numbers at once. Set the variable as a whole.")
    steps = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    parts = (np.array(places) * step for places, step in zip(along, steps, strict=True))
    return reduce(np.add.outer, parts, np.array(0)).ravel()


def _with_entry(
    b: Builder, op: FlexOp, x: Tensor, bounds: Sequence[Tensor], value: Tensor
) -> Tensor:
    """x with x[i, :, j, …] = value, the numbers of the entry being computed."""
    begin, shape = _entry(b, op, x.shape, bounds)
    y = b.new(x.shape, x.dtype, "dynamic_update_slice")
    places = [x, b.reshape(value, shape), begin]
    b.emit("DYNAMIC_UPDATE_SLICE", places, [y], schema.DynamicUpdateSliceOptionsT())
    return y


def _entry(
    b: Builder, op: FlexOp, shape: Shape, bounds: Sequence[Tensor]
) -> tuple[Tensor, list[int | None]]:
    """Where x[i, :, j, …] begins, int32 [rank], and the shape that it has in x [*shape], the
    numbers of the entry being computed.
    """
    count, strides = bounds[0].dim(0), bounds[2].const
    if count > len(shape):
        raise LoweringError(f"it has bounds for {count:,} axes, of {len(shape)}. Slice these.")
    one, first, last = (
        [bool(int(op.number(f"{name}_mask")) >> axis & 1) for axis in range(count)]
        for name in ("shrink_axis", "begin", "end")
    )
    in_order = strides is not None and bool((strides == 1).all())
    whole = [in_order and all(masks) for masks in zip(first, last, strict=True)]
    moved = op.number("ellipsis_mask") or op.number("new_axis_mask")
    if moved or not all(map(any, zip(one, whole, strict=True))):
        raise LoweringError(
            "its bounds are computed. Take one entry of an axis or all of them, or slice with "
            "constant bounds."
        )
    sizes = [size if only else 0 for only, size in zip(one, shape[:count], strict=True)]
    if None in sizes:
        raise OpenSizeError(
            "it takes a computed entry of a dimension whose size is known at run time only. Fix "
            "that size."
        )
    begin = b.cast(bounds[0], np.int32)
    begin = b.select(b.less(begin, 0), b.add(begin, np.array(sizes, np.int32)), begin)
    if not all(one):
        begin = b.mul(begin, np.array(one, np.int32))
    rest = b.constant(np.zeros(len(shape) - count, np.int32))
    kept = [1 if only else size for only, size in zip(one, shape, strict=False)]
    return b.concat([begin, rest], 0), [*kept, *shape[count:]]


@rule("StridedSliceGrad")
def strided_slice_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx of x[begin:end:strides]: dy at the places that were read, zeros elsewhere.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/StridedSliceGrad
    """
    sizes, begin, end, strides, dy = inputs
    known = sizes.const
    shape: Shape = op.output_shapes[0] if known is None else tuple(int(size) for size in known)
    if begin.const is None or end.const is None:
        none = b.fill(b.cast(sizes, np.int32), 0, shape, dy.dtype.type)
        return [_with_entry(b, op, none, (begin, end, strides), dy)]
    read, added = _axes(op, len(shape), (begin, end, strides))
    places = [_place(size, axis) for size, axis in zip(shape, read, strict=True)]
    counts = [_count(place, size) for place, size in zip(places, shape, strict=True)]
    if counts.count(None) < 2:
        # axes that the slice dropped come back with size 1, axes that it added go
        dy = b.reshape(dy, counts)
    elif added or any(axis.single for axis in read):
        dy = _on_axes_of_x(b, dy, places, counts, sizes)
    for axis, (place, size) in enumerate(zip(places, shape, strict=True)):
        if isinstance(place, Open):
            dy = _spread_open(b, dy, axis, place, sizes)
        elif place is not None and size is not None:
            dy = _spread(b, dy, axis, place, size)
    return [dy]


@dataclass(frozen=True)
class Open:
    """Entries from `start` on of an axis whose size is not known now; negative: from its end.

    count: how many were read; None when that is not known, either.
    """

    start: int
    count: int | None


# which entries of an axis were read; None: all of them
Place = range | Open | None


def _place(size: int | None, axis: Axis) -> Place:
    part = axis.part
    if axis is _WHOLE:
        return None
    if size is None:
        if part.step != 1:
            raise OpenSizeError(
                "it takes every other entry of a dimension whose size is known at run time only. "
                "Fix that size."
            )
        if part.start in (None, 0) and part.stop is None:
            return None
        return Open(part.start or 0, 1 if axis.single else None)
    return range(*part.indices(size))


def _on_axes_of_x(
    b: Builder, dy: Tensor, places: Sequence[Place], counts: Sequence[int | None], sizes: Tensor
) -> Tensor:
    """dy with the axes that the slice dropped and without those that it added, where several of the
    `counts` of entries that were read are open.
    """
    if sum(isinstance(place, Open) and place.count is None for place in places) > 1:
        raise LoweringError(
            "it takes parts of several dimensions whose sizes are known at run time only, and adds "
            "or drops axes. Do that in a second step: x[1:, 1:][..., None]."
        )
    wanted = b.cast(sizes, np.int32)
    whole = [place is None for place in places]
    if not all(whole):
        known = np.array([-1 if count is None else count for count in counts], np.int32)
        wanted = b.select(b.constant(np.array(whole)), wanted, known)
    return b.reshape_to(dy, wanted, counts)


def _count(place: Place, size: int | None) -> int | None:
    if isinstance(place, Open):
        return place.count
    return size if place is None else len(place)


def _spread(b: Builder, dy: Tensor, axis: int, place: range, size: int) -> Tensor:
    """dy along one axis moved to its places among zeros, [..., size, ...]."""
    if place.step < 0:
        dy, place = b.reverse(dy, axis), place[::-1]
    shape = list(dy.shape)
    count, step = len(place), place.step
    if step > 1 and count > 1:
        dy = b.reshape(dy, [*shape[: axis + 1], 1, *shape[axis + 1 :]])
        dy = b.pad(dy, [(0, step - 1) if i == axis + 1 else (0, 0) for i in range(dy.rank)])
        dy = b.reshape(dy, [*shape[:axis], count * step, *shape[axis + 1 :]])
        extent = [*shape[:axis], (count - 1) * step + 1, *shape[axis + 1 :]]
        dy = b.slice(dy, [0] * dy.rank, extent)
    before = place.start
    after = size - before - dy.dim(axis)
    return b.pad(dy, [(before, after) if i == axis else (0, 0) for i in range(dy.rank)])


def _spread_open(b: Builder, dy: Tensor, axis: int, place: Open, sizes: Tensor) -> Tensor:
    """As `_spread`, along an axis whose size only the tensor `sizes` holds."""
    size = b.slice(b.cast(sizes, np.int32), [axis], [1])
    if place.start < 0:
        before = b.maximum(b.add(size, place.start), 0)
    else:
        before = b.minimum(size, place.start)
    after = b.sub(b.sub(size, before), b.slice(b.shape(dy), [axis], [1]))
    none = b.constant(np.zeros([1, 2], np.int32))
    along = b.reshape(b.concat([before, after], 0), [1, 2])
    paddings = b.concat([along if i == axis else none for i in range(dy.rank)], 0)
    shape = [None if i == axis else extent for i, extent in enumerate(dy.shape)]
    wide = b.new(shape, dy.dtype, "pad")
    b.emit("PAD", [dy, paddings], [wide], schema.PadOptionsT())
    return wide
