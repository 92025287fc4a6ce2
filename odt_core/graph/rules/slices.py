"""Strided slices of which LiteRT lacks the form, and their gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.builder import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Shape, Tensor


@rule("StridedSlice", since="0.2")
def strided_slice(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x[begin:end:strides] with new axes and an ellipsis, as the slice that LiteRT knows and a new
    axis at a time.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/StridedSlice
    """
    x, *bounds = inputs
    if any(part.const is None for part in bounds):
        raise LoweringError("its bounds are computed. Slice with constants instead.")
    spec = list(zip(*([int(v) for v in part.const] for part in bounds), strict=True))  # type: ignore[union-attr]
    y, added = _without_new_axes(b, op, x, spec)
    for axis in added:
        y = b.expand(y, axis)
    return [y]


def _without_new_axes(
    b: Builder, op: FlexOp, x: Tensor, spec: list[tuple[int, int, int]]
) -> tuple[Tensor, list[int]]:
    """The slice with an entry for each axis of x, and where the result has new axes, ascending."""
    has = _masks(op)
    real = sum(not has("new_axis", i) and not has("ellipsis", i) for i in range(len(spec)))
    kept: list[tuple[int, int, int, bool, bool, bool]] = []  # bounds; open begin and end, one place
    added: list[int] = []
    whole = (0, 0, 1, True, True, False)
    for i, (first, last, step) in enumerate(spec):
        if has("ellipsis", i):
            kept += [whole] * (x.rank - real)
        elif has("new_axis", i):
            added.append(len(added) + sum(not one[5] for one in kept))
        else:
            single = has("shrink_axis", i)
            kept.append((first, last, step, has("begin", i), has("end", i), single))
    kept += [whole] * (x.rank - len(kept))
    if all(one == whole for one in kept):
        return x, added
    shape: list[int | None] = []
    for size, (first, last, step, from_start, to_end, single) in zip(x.shape, kept, strict=True):
        if single:
            continue
        part = slice(None if from_start else first, None if to_end else last, step)
        shape.append(None if size is None else len(range(*part.indices(size))))
    options = schema.StridedSliceOptionsT()
    options.beginMask = sum(1 << i for i, one in enumerate(kept) if one[3])
    options.endMask = sum(1 << i for i, one in enumerate(kept) if one[4])
    options.shrinkAxisMask = sum(1 << i for i, one in enumerate(kept) if one[5])
    y = b.new(shape, x.dtype, "strided_slice")
    bounds = [b.constant(np.array([one[at] for one in kept], np.int32)) for at in range(3)]
    b.emit("STRIDED_SLICE", [x, *bounds], [y], options)
    return y, added


def _masks(op: FlexOp) -> Callable[[str, int], bool]:
    """Whether a mask of the op is set for an entry of its bounds."""
    mask = {
        name: int(op.number(f"{name}_mask"))
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    return lambda name, position: bool(mask[name] >> position & 1)


@rule("StridedSliceGrad")
def strided_slice_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx of x[begin:end:strides]: dy at the places that were read, zeros elsewhere.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/StridedSliceGrad
    """
    sizes, begin, end, strides, dy = inputs
    bounds = [part.const for part in (begin, end, strides)]
    if any(part is None for part in bounds):
        raise LoweringError("its bounds are computed. Slice with constants instead.")
    known = sizes.const
    shape: Shape = op.output_shapes[0] if known is None else tuple(int(size) for size in known)
    spec = list(zip(*([int(v) for v in part] for part in bounds if part is not None), strict=True))
    places = _places(op, shape, spec)
    # axes that the slice dropped come back with size 1, axes that it added go
    dy = b.reshape(dy, [_count(place, size) for place, size in zip(places, shape, strict=True)])
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


def _places(op: FlexOp, shape: Shape, spec: list[tuple[int, int, int]]) -> list[Place]:
    """For every axis of x what was read of it."""
    has = _masks(op)
    real = sum(not has("new_axis", i) and not has("ellipsis", i) for i in range(len(spec)))
    places: list[Place] = []
    for i, (first, last, step) in enumerate(spec):
        if has("ellipsis", i):
            places += [None] * (len(shape) - real)
        elif not has("new_axis", i):
            size = shape[len(places)]
            start = None if has("begin", i) else first
            stop = None if has("end", i) else last
            if has("shrink_axis", i):
                start, stop, step = first, first + 1 if first != -1 else None, 1
            count = 1 if has("shrink_axis", i) else None
            places.append(_place(size, slice(start, stop, step), count))
    return places + [None] * (len(shape) - len(places))


def _place(size: int | None, part: slice, count: int | None) -> Place:
    if size is None:
        if part.step != 1:
            raise LoweringError(
                "it takes every other entry of a dimension whose size is known at run time only. "
                "Fix that size."
            )
        if part.start in (None, 0) and part.stop is None:
            return None
        return Open(part.start or 0, count)
    return range(*part.indices(size))


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
