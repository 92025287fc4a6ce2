"""What an op makes of its inputs' shapes, where the file leaves its output's open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building.batch import ELEMENTWISE, UNARY
from odt_core.graph.building.known_shapes import contents
from odt_core.graph.building.window_shapes import convolved, convolved_apart, pooled, resized
from odt_core.graph.tensor import Shape, Tensor

if TYPE_CHECKING:
    from odt_core.graph.building.writer import Writer

Sizes = Sequence[int | None]
# Of activations: TensorFlow's own, in a graph of which builtin ops are yet to be made.
_GRADIENTS = frozenset(
    f"Flex{name}Grad"
    for name in (
        "Elu", "Inv", "LeakyRelu", "Reciprocal", "Relu", "Relu6", "Rsqrt", "Selu", "Sigmoid",
        "Softplus", "Softsign", "Sqrt", "Tanh",
    )
)  # fmt: skip
# SELECT has a condition that may be a row of another rank.
KEEPS_SHAPE = (UNARY | ELEMENTWISE | _GRADIENTS | {"LOG_SOFTMAX", "SOFTMAX"}) - {"SELECT"}


def inferred(
    b: Writer, name: str, inputs: Sequence[Tensor], output: Tensor, options: object
) -> Shape:
    """The output's declared shape, its gaps filled with what its op makes of its inputs."""
    if None not in output.shape or not inputs:
        return output.shape
    if name in KEEPS_SHAPE:
        found: Sizes = _broadcast([part.shape for part in inputs])
    else:
        found = by_rule(b, name, inputs, options)
    if len(found) != output.rank:
        return output.shape
    return tuple(s if s is not None else f for s, f in zip(output.shape, found, strict=True))


def by_rule(b: Writer, name: str, inputs: Sequence[Tensor], options: object) -> Sizes:
    """The sizes that an op which does not keep its inputs' gives its output; none where that is not
    known. Whatever stands for an input's size is taken over as it is.
    """
    rule = _RULES.get(name)
    return rule(b, inputs, options) if rule else ()


def _reduced(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    if len(inputs) < 2 or inputs[1].const is None:
        return ()
    rank = inputs[0].rank
    axes = {int(axis) % rank for axis in np.ravel(inputs[1].const)} if rank else set()
    keep = bool(getattr(options, "keepDims", False))
    shape = enumerate(inputs[0].shape)
    return [1 if axis in axes else s for axis, s in shape if keep or axis not in axes]


def _transposed(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    if inputs[1].const is None:
        return ()
    return [inputs[0].shape[int(axis)] for axis in np.ravel(inputs[1].const)]


def _reversed(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    return inputs[0].shape if inputs[1].const is not None else ()


def _tiled(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    times = contents(b, inputs[1])
    if times is None:
        return ()
    sized = zip(inputs[0].shape, times.ravel(), strict=True)
    return [
        size * int(n) if size is not None and isinstance(n, int | np.integer) else None
        for size, n in sized
    ]


def _joined(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    if len({part.rank for part in inputs}) != 1:
        return ()
    shapes = [part.shape for part in inputs]
    axis = int(getattr(options, "axis", 0)) % max(len(shapes[0]), 1)
    along = [shape[axis] for shape in shapes]
    columns = zip(*shapes, strict=True)
    rest = [next((size for size in column if size is not None), None) for column in columns]
    rest[axis] = None if None in along else sum(size for size in along if size is not None)
    return rest


def _gathered(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    x, indices = inputs
    if getattr(options, "batchDims", 0):
        return ()
    axis = int(getattr(options, "axis", 0)) % max(x.rank, 1)
    return [*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]]


def _counted(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    """RANGE: how many numbers there are from its first to its limit."""
    ends = [contents(b, part) for part in inputs]
    if not all(e is not None and isinstance(e.ravel()[0], int | np.integer) for e in ends):
        return ()
    start, limit, step = (int(end.ravel()[0]) for end in ends)  # type: ignore[union-attr]
    return (len(range(start, limit, step)),) if step else ()


def _strided(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    x, *parts = inputs
    bounds = [contents(b, part) for part in parts]
    added = [getattr(options, mask, 0) for mask in ("newAxisMask", "ellipsisMask")]
    if any(part is None or len(part) != x.rank for part in bounds) or any(added):
        return ()
    masks = [int(getattr(options, mask, 0)) for mask in ("beginMask", "endMask", "shrinkAxisMask")]
    found: list[int | None] = []
    for axis, size in enumerate(x.shape):
        begin, end, step = (part[axis] for part in bounds)  # type: ignore[index]
        no_begin, no_end, single = (bool(mask >> axis & 1) for mask in masks)
        ends = (None if no_begin else begin, None if no_end else end, step)
        known = all(n is None or isinstance(n, int | np.integer) for n in ends)
        known = known and (no_begin or begin is not None) and (no_end or end is not None)
        if single:
            continue
        whole = size is not None and known and step
        found.append(len(range(*slice(*ends).indices(size))) if whole else None)  # type: ignore[arg-type]
    return found


def _spectrum(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    x, length = inputs
    if length.const is None or x.rank < 2:
        return ()
    height, width = (int(n) for n in np.ravel(length.const))
    return [*x.shape[:-2], height, width // 2 + 1]


def _squeezed(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    chosen = getattr(options, "squeezeDims", None)
    if chosen is None or not len(chosen):
        return ()
    axes = {int(axis) % inputs[0].rank for axis in chosen}
    return [size for axis, size in enumerate(inputs[0].shape) if axis not in axes]


def _expanded(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    x, axis = inputs
    if axis.const is None:
        return ()
    at = int(np.ravel(axis.const)[0]) % (x.rank + 1)
    return [*x.shape[:at], 1, *x.shape[at:]]


def _connected(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    if not getattr(options, "keepNumDims", False):
        return ()
    return [*inputs[0].shape[:-1], inputs[1].shape[0]]


def _product(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    x, y = inputs
    if x.rank < 2 or y.rank < 2:
        return ()
    rows = x.shape[-1 if getattr(options, "adjX", False) else -2]
    columns = y.shape[-2 if getattr(options, "adjY", False) else -1]
    return [*_broadcast([x.shape[:-2], y.shape[:-2]]), rows, columns]


def _padded(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    amounts = inputs[1].const
    if amounts is None:
        return ()
    sized = zip(inputs[0].shape, amounts, strict=True)
    return [None if size is None else size + int(sum(around)) for size, around in sized]


def _packed(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    sizes = _broadcast([part.shape for part in inputs])
    axis = int(getattr(options, "axis", 0)) % (len(sizes) + 1)
    return [*sizes[:axis], len(inputs), *sizes[axis:]]


def _unpacked(b: Writer, inputs: Sequence[Tensor], options: object) -> Sizes:
    sizes = inputs[0].shape
    axis = int(getattr(options, "axis", 0)) % max(len(sizes), 1)
    return [*sizes[:axis], *sizes[axis + 1 :]]


_RULES: Mapping[str, Callable[[Writer, Sequence[Tensor], object], Sizes]] = {
    "SUM": _reduced,
    "MEAN": _reduced,
    "REDUCE_ANY": _reduced,
    "REDUCE_MAX": _reduced,
    "REDUCE_MIN": _reduced,
    "REDUCE_PROD": _reduced,
    "TRANSPOSE": _transposed,
    "REVERSE_V2": _reversed,
    "TILE": _tiled,
    "CONCATENATION": _joined,
    "GATHER": _gathered,
    "RANGE": _counted,
    "STRIDED_SLICE": _strided,
    "RFFT2D": _spectrum,
    "SQUEEZE": _squeezed,
    "EXPAND_DIMS": _expanded,
    "FULLY_CONNECTED": _connected,
    "BATCH_MATMUL": _product,
    "PAD": _padded,
    "PADV2": _padded,
    "PACK": _packed,
    "UNPACK": _unpacked,
    "CONV_2D": lambda b, inputs, options: convolved(inputs, options),
    "DEPTHWISE_CONV_2D": lambda b, inputs, options: convolved_apart(inputs, options),
    "AVERAGE_POOL_2D": lambda b, inputs, options: pooled(inputs, options),
    "MAX_POOL_2D": lambda b, inputs, options: pooled(inputs, options),
    "RESIZE_BILINEAR": lambda b, inputs, options: resized(inputs, options),
    "RESIZE_NEAREST_NEIGHBOR": lambda b, inputs, options: resized(inputs, options),
}


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
