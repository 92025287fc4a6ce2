"""Working out shapes that the converter left open: what shape arithmetic is bound to give.

The converter marks a dimension as dynamic as soon as it came out of shape arithmetic, as in
UpSampling2D or unrolled GRU layers, although only the batch is unknown. Gradients of convolutions
need to know the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.batch import Batch, dynamic_axis
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Shape, Tensor

if TYPE_CHECKING:
    from odt_core.graph.builder import Builder

_DEPTH = 40  # steps of shape arithmetic that are followed back
KEEPS_SHAPE = frozenset(
    {
        "ABS", "ADD", "ADD_N", "CAST", "CEIL", "DIV", "ELU", "EQUAL", "EXP", "FLOOR", "GREATER",
        "GREATER_EQUAL", "LEAKY_RELU", "LESS", "LOG", "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR",
        "LOGISTIC", "LOG_SOFTMAX", "MAXIMUM", "MINIMUM", "MUL", "NEG", "NOT_EQUAL", "POW", "RELU",
        "RELU6", "RSQRT", "SELECT_V2", "SIGN", "SOFTMAX", "SQRT", "SQUARE", "SQUARED_DIFFERENCE",
        "SUB", "TANH", "ZEROS_LIKE",
    }
)  # fmt: skip
_REDUCTIONS = frozenset({"SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"})


@dataclass(frozen=True)
class OpenSize:
    """A size that only an input of the signature tells: equal ones are equal at run time."""

    batch: Batch

    @property
    def times(self) -> int:
        """How many times the input's own size it is."""
        return self.batch[1]


def contents(b: Builder, tensor: Tensor, depth: int = _DEPTH) -> np.ndarray | None:
    """What an integer tensor holds: object array of int, OpenSize and, where unknown, None.

    None altogether when even the number of entries is unknown.
    """
    if tensor.const is not None:
        return tensor.const.astype(object)
    operator = b.producer(tensor)
    if operator is None or depth == 0 or None in tensor.shape:
        return None
    name, options = name_of(b.model, operator), operator.builtinOptions
    inputs = [b.tensor(i) for i in inputs_of(operator) if i >= 0]
    if name == "SHAPE":
        return _sizes(b, inputs[0]) if inputs[0].rank else None
    parts = [contents(b, part, depth - 1) for part in inputs]
    first = parts[0] if parts else None
    if first is None:
        return None
    if name == "PACK" and not any(part is None for part in parts):
        return np.stack(parts, int(options.axis))  # type: ignore[arg-type]
    if name == "CONCATENATION" and not any(part is None for part in parts):
        return np.concatenate(parts, int(options.axis))  # type: ignore[arg-type]
    if name == "UNPACK":
        place = outputs_of(operator).index(tensor.index)
        return np.asarray(np.take(first, place, int(options.axis)), object)
    if name == "MUL" and len(parts) == 2 and parts[1] is not None:
        return _products(np.broadcast_arrays(first, parts[1]))
    rest = [part.const for part in inputs[1:]]
    if name == "REDUCE_PROD" and first.ndim == 1 and rest[0] is not None:
        return _products([np.reshape(one, [size or 0 for size in tensor.shape]) for one in first])
    if name in ("RESHAPE", "SQUEEZE", "EXPAND_DIMS"):
        return first.reshape([size or 0 for size in tensor.shape])
    if any(part is None for part in rest):
        return None
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


def _products(factors: Sequence[np.ndarray]) -> np.ndarray:
    """Products of whole numbers with at most one size that is open; None for all others."""
    return np.asarray(reduce(np.frompyfunc(_times, 2, 1), factors), object)


def _times(one: object, other: object) -> object:
    if isinstance(one, OpenSize):
        one, other = other, one
    if not isinstance(one, int | np.integer):
        return None
    if isinstance(other, OpenSize):
        return OpenSize((other.batch[0], other.times * int(one)))
    return None if other is None else int(one) * int(other)  # type: ignore[call-overload]


def _sizes(b: Builder, x: Tensor) -> np.ndarray:
    sizes = np.array(x.shape, object)
    source = b.batch_source(x)
    if source is not None:
        sizes[dynamic_axis(x)] = OpenSize(source)
    return sizes


def open_size(b: Builder, sizes: Tensor, output: Tensor) -> Batch | None:
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


def with_contents(b: Builder, shape: Shape, sizes: Tensor) -> Shape:
    """A declared shape, its gaps filled with what the tensor that holds it is bound to hold."""
    found = contents(b, sizes) if None in shape else None
    if found is None or found.shape != (len(shape),):
        return shape
    sizes_known = (int(n) if isinstance(n, int | np.integer) and n >= 0 else None for n in found)
    return tuple(s if s is not None else f for s, f in zip(shape, sizes_known, strict=True))


def inferred(name: str, inputs: Sequence[Tensor], output: Tensor, options: object) -> Shape:
    """The output's declared shape, its gaps filled with what its op makes of its inputs' shapes."""
    if None not in output.shape or not inputs:
        return output.shape
    found: Sequence[int | None] = ()
    if name in KEEPS_SHAPE:
        found = _broadcast([part.shape for part in inputs])
    elif name in _REDUCTIONS and len(inputs) > 1 and inputs[1].const is not None:
        rank = inputs[0].rank
        axes = {int(axis) % rank for axis in np.ravel(inputs[1].const)} if rank else set()
        keep = bool(getattr(options, "keepDims", False))
        shape = enumerate(inputs[0].shape)
        found = [1 if axis in axes else s for axis, s in shape if keep or axis not in axes]
    elif name == "TRANSPOSE" and inputs[1].const is not None:
        found = [inputs[0].shape[int(axis)] for axis in np.ravel(inputs[1].const)]
    elif name in ("REVERSE_V2", "TILE") and inputs[1].const is not None:
        times = [1] * inputs[0].rank if name == "REVERSE_V2" else np.ravel(inputs[1].const)
        sized = zip(inputs[0].shape, times, strict=True)
        found = [None if size is None else size * int(n) for size, n in sized]
    elif name == "CONCATENATION" and len({part.rank for part in inputs}) == 1:
        found = _joined([part.shape for part in inputs], int(getattr(options, "axis", 0)))
    if len(found) != output.rank:
        return output.shape
    return tuple(s if s is not None else f for s, f in zip(output.shape, found, strict=True))


def _joined(shapes: Sequence[Shape], axis: int) -> list[int | None]:
    axis %= max(len(shapes[0]), 1)
    along = [shape[axis] for shape in shapes]
    columns = zip(*shapes, strict=True)
    rest = [next((size for size in column if size is not None), None) for column in columns]
    rest[axis] = None if None in along else sum(size for size in along if size is not None)
    return rest


def _broadcast(shapes: Sequence[Shape]) -> list[int | None]:
    rank = max(len(shape) for shape in shapes)
    result: list[int | None] = []
    for column in zip(*((1,) * (rank - len(s)) + tuple(s) for s in shapes), strict=True):
        known = {size for size in column if size is not None} - {1}
        if len(known) > 1:
            raise LoweringError(f"Shapes {shapes} do not broadcast.")
        # a known size above 1 is the result's; unknown sizes against 1 stay unknown
        result.append(known.pop() if known else (None if None in column else 1))
    return result
