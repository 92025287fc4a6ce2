"""Working out shapes that the converter left open: what shape arithmetic is bound to give.

The converter marks a dimension as dynamic as soon as it came out of shape arithmetic, as in
UpSampling2D or unrolled GRU layers, although only the batch is unknown. Gradients of convolutions
need to know the others.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from odt_core.graph.building.batch import Batch, dynamic_axis
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Shape, Tensor

if TYPE_CHECKING:
    from odt_core.graph.building.writer import Writer

# No file may have its shape arithmetic followed without end.
_DEPTH = 40  # steps that are followed back,
_MOST_TENSORS = 1_000  # tensors on the way,
_MOST_ENTRIES = 1_024  # and what one of them holds; shapes are far smaller
_SHAPES = ("SHAPE", "FlexShape", "FlexShapeN")
_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "ADD": operator.add,
    "SUB": operator.sub,
    "FLOOR_DIV": operator.floordiv,
    "FLOOR_MOD": operator.mod,
    "MAXIMUM": max,
    "MINIMUM": min,
}


@dataclass(frozen=True)
class OpenSize:
    """A size that only an input of the signature tells: equal ones are equal at run time."""

    batch: Batch

    @property
    def times(self) -> int:
        """How many times the input's own size it is."""
        return self.batch[1]


def contents(b: Writer, tensor: Tensor) -> np.ndarray | None:
    """What an integer tensor holds: object array of int, OpenSize and, where unknown, None.

    None altogether when even the number of entries is unknown.
    """
    return _followed(b, tensor, _DEPTH, {})


def _followed(
    b: Writer, tensor: Tensor, depth: int, seen: dict[int, np.ndarray | None]
) -> np.ndarray | None:
    """seen: what the tensors that have been followed hold, as others may be made of them too."""
    if tensor.index not in seen:
        if depth == 0 or len(seen) >= _MOST_TENSORS:
            return None
        found = _found(b, tensor, lambda part: _followed(b, part, depth - 1, seen))
        seen[tensor.index] = _within(found, tensor.dtype)
    return seen[tensor.index]


def _within(found: np.ndarray | None, dtype: np.dtype) -> np.ndarray | None:
    """Contents without the numbers that a dtype has no room for; None for too many."""
    if found is None or found.size > _MOST_ENTRIES:
        return None
    limits = np.iinfo(dtype if dtype.kind in "iu" else np.int64)

    def held(one: object) -> object:
        is_whole = isinstance(one, int | np.integer)
        return one if not is_whole or limits.min <= one <= limits.max else None  # type: ignore[operator]

    return np.asarray(np.frompyfunc(held, 1, 1)(found), object)


def _found(
    b: Writer, tensor: Tensor, follow: Callable[[Tensor], np.ndarray | None]
) -> np.ndarray | None:
    if tensor.const is not None:
        return tensor.const.astype(object) if tensor.const.size <= _MOST_ENTRIES else None
    source = b.producer(tensor)
    if source is None or None in tensor.shape:
        return None
    name, options = name_of(b.model, source), source.builtinOptions
    inputs = [b.tensor(i) for i in inputs_of(source) if i >= 0]
    if name in _SHAPES:
        measured = inputs[outputs_of(source).index(tensor.index)]  # FlexShapeN: one each
        return _sizes(b, measured) if measured.rank else None
    parts = [follow(part) for part in inputs]
    first = parts[0] if parts else None
    if first is None:
        return None
    if name == "PACK" and not any(part is None for part in parts):
        return np.stack(parts, int(options.axis))  # type: ignore[arg-type]
    if name == "CONCATENATION" and not any(part is None for part in parts):
        return np.concatenate(parts, int(options.axis))  # type: ignore[arg-type]
    if name == "UNPACK":
        place = outputs_of(source).index(tensor.index)
        return np.asarray(np.take(first, place, int(options.axis)), object)
    if name in ("MUL", *_ARITHMETIC) and len(parts) == 2 and parts[1] is not None:
        if np.broadcast(first, parts[1]).size > _MOST_ENTRIES:
            return None
        compute = _times if name == "MUL" else _whole(_ARITHMETIC[name])
        return _elementwise(compute, np.broadcast_arrays(first, parts[1]))
    rest = [part.const for part in inputs[1:]]
    if name == "REDUCE_PROD" and first.ndim == 1 and rest[0] is not None:
        sizes = [size or 0 for size in tensor.shape]
        return _elementwise(_times, [np.reshape(one, sizes) for one in first])
    if name == "CAST" and tensor.dtype.kind == inputs[0].dtype.kind == "i":
        return first
    if name in ("RESHAPE", "SQUEEZE", "EXPAND_DIMS"):
        return first.reshape([size or 0 for size in tensor.shape])
    if any(part is None for part in rest):
        return None
    if name == "SPLIT_V" and first.ndim == 1:
        counts = [int(n) for n in rest[0]]  # type: ignore[union-attr]
        if -1 in counts:  # what the others leave
            counts[counts.index(-1)] = len(first) - sum(counts) - 1
        ends = np.cumsum(counts)
        return np.split(first, ends[:-1])[outputs_of(source).index(tensor.index)]
    if name == "TRANSPOSE":
        return first.transpose([int(axis) for axis in rest[0]])  # type: ignore[union-attr]
    if name == "GATHER" and first.ndim == 1:
        return np.asarray(first[rest[0]], object)
    if name == "SLICE" and first.ndim == 1:
        begin, size = (int(part[0]) for part in rest)  # type: ignore[index]
        return first[begin : begin + size if size >= 0 else None]
    if name == "STRIDED_SLICE" and first.ndim == 1:
        return _strided(first, [int(part[0]) for part in rest], options)  # type: ignore[index]
    return None


def _elementwise(
    compute: Callable[[object, object], object], parts: Sequence[np.ndarray]
) -> np.ndarray:
    return np.asarray(reduce(np.frompyfunc(compute, 2, 1), parts), object)


def _whole(compute: Callable[[int, int], int]) -> Callable[[object, object], object]:
    """Of two whole numbers; None for all others."""

    def of(one: object, other: object) -> object:
        if not (isinstance(one, int | np.integer) and isinstance(other, int | np.integer)):
            return None
        if compute in (operator.floordiv, operator.mod) and not other:
            return None
        return compute(int(one), int(other))

    return of


def _times(one: object, other: object) -> object:
    """A product of whole numbers with at most one size that is open; None for all others."""
    if isinstance(one, OpenSize):
        one, other = other, one
    if not isinstance(one, int | np.integer):
        return None
    if isinstance(other, OpenSize):
        return OpenSize((other.batch[0], other.times * int(one)))
    return None if other is None else int(one) * int(other)  # type: ignore[call-overload]


def _sizes(b: Writer, x: Tensor) -> np.ndarray:
    sizes = np.empty(x.rank, object)
    sizes[:] = [OpenSize(size) if isinstance(size, tuple) else size for size in b.sizes(x)]
    return sizes


def open_size(b: Writer, sizes: Tensor, output: Tensor) -> Batch | None:
    """Whose the dynamic dimension of `output` is when the tensor `sizes` holds its shape."""
    axis = dynamic_axis(output)
    found = contents(b, sizes) if axis is not None else None
    if found is None or found.shape != (output.rank,):
        return None
    size = found[axis]
    return size.batch if isinstance(size, OpenSize) else None


def _strided(values: np.ndarray, bounds: Sequence[int], options: object) -> np.ndarray:
    begin, end, step = bounds
    if getattr(options, "shrinkAxisMask", 0) & 1:
        return np.asarray(values[begin], object)
    first = None if getattr(options, "beginMask", 0) & 1 else begin
    last = None if getattr(options, "endMask", 0) & 1 else end
    return values[first:last:step]


def with_contents(b: Writer, shape: Shape, sizes: Tensor) -> Shape:
    """A declared shape, its gaps filled with what the tensor that holds it is bound to hold."""
    found = contents(b, sizes) if None in shape else None
    if found is None or found.shape != (len(shape),):
        return shape
    sizes_known = (int(n) if isinstance(n, int | np.integer) and n >= 0 else None for n in found)
    return tuple(s if s is not None else f for s, f in zip(shape, sizes_known, strict=True))
