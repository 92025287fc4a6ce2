"""Where a tensor's one dynamic dimension comes from: which input's, and how many times it.

Reading the batch size from the signature's input instead of from an activation keeps shape
arithmetic out of the middle of the graph, where it would cut XNNPACK's part in two; and two shapes
known to be equal need no run-time comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from odt_core.graph.tensor import Tensor

# (index of the input, how many times its dynamic dimension)
Batch = tuple[int, int]

# Ops of one input and of several that compute each number of their result from one of each input.
UNARY = frozenset(
    {
        "ABS", "CAST", "CEIL", "COMPLEX_ABS", "COS", "ELU", "EXP", "FLOOR", "GELU", "HARD_SWISH",
        "IMAG", "LEAKY_RELU", "LOGICAL_NOT", "LOGISTIC", "LOG", "NEG", "REAL", "RELU", "RELU6",
        "RELU_0_TO_1", "RELU_N1_TO_1", "ROUND", "RSQRT", "SIGN", "SIN", "SQRT", "SQUARE", "TANH",
        "ZEROS_LIKE",
    }
)  # fmt: skip
ELEMENTWISE = frozenset(
    {
        "ADD", "ADD_N", "ATAN2", "BITWISE_XOR", "DIV", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER",
        "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "MAXIMUM", "MINIMUM",
        "MUL", "NOT_EQUAL", "POW", "PRELU", "RIGHT_SHIFT", "SELECT_V2", "SELECT",
        "SQUARED_DIFFERENCE", "SUB",
    }
)  # fmt: skip
REDUCTIONS = frozenset({"SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY"})
_FIRST_INPUT = UNARY | {
    "BITCAST", "CUMSUM", "DEQUANTIZE", "FAKE_QUANT", "L2_NORMALIZATION", "LOG_SOFTMAX", "ONE_HOT",
    "QUANTIZE", "REVERSE_V2", "SOFTMAX",
}  # fmt: skip
# What changes the size of every axis but the first of a picture: which input that is.
IMAGES = {
    "AVERAGE_POOL_2D": 0, "CONV_2D": 0, "DEPTHWISE_CONV_2D": 0, "DEPTH_TO_SPACE": 0,
    "MAX_POOL_2D": 0, "RESIZE_BILINEAR": 0, "RESIZE_NEAREST_NEIGHBOR": 0, "SPACE_TO_DEPTH": 0,
    "TRANSPOSE_CONV": 2,
}  # fmt: skip


def dynamic_axis(tensor: Tensor) -> int | None:
    """The one axis whose size is known only at run time; None when there is none or several."""
    axes = [axis for axis, size in enumerate(tensor.shape) if size is None]
    return axes[0] if len(axes) == 1 else None


def batch_of(
    name: str,
    inputs: Sequence[Tensor],
    output: Tensor,
    options: object,
    known: Callable[[Tensor], Batch | None],
) -> Batch | None:
    """What an op's output has as dynamic dimension, given its inputs'; None when not clear.

    name and options: the builtin op's. known: the answer for tensors before this op.
    """
    axis = dynamic_axis(output)
    if not inputs or axis is None:
        return None
    first = inputs[0]
    if name == "RESHAPE":
        return _reshaped(first, output, known)
    if name in _FIRST_INPUT or name in ("EXPAND_DIMS", "SQUEEZE", "TRANSPOSE", "UNPACK"):
        return known(first)  # the only dynamic axis there was is the only one there is
    if name in IMAGES:
        image = inputs[IMAGES[name]]
        return known(image) if dynamic_axis(image) == axis == 0 else None
    if name == "FULLY_CONNECTED":  # else its rows are those of all axes before the last together
        return known(first) if first.rank == output.rank else None
    if name == "RFFT2D":
        return known(first) if axis < first.rank - 2 else None
    if name == "TILE":
        batch, times = known(first), inputs[1].const
        return None if batch is None or times is None else (batch[0], batch[1] * int(times[axis]))
    if name == "GATHER":
        return _gathered(first, inputs[1], options, known)
    if name in ("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"):
        return _blocks(name, first, inputs[1], known)
    if name == "PACK":
        return _shared([part for part in inputs if None in part.shape], known)
    if name in ELEMENTWISE:
        # aligned at the end, the dynamic axis of every input that has one is the output's
        place = axis - output.rank
        touching = [part for part in inputs if None in part.shape]
        aligned = all(part.rank >= -place and part.shape[place] is None for part in touching)
        return _shared(touching, known) if aligned else None
    if name == "CONCATENATION":  # the parts are equal on every axis but one
        if int(getattr(options, "axis", axis)) % output.rank == axis:
            return None
        return next((source for source in map(known, inputs) if source is not None), None)
    if name == "BATCH_MATMUL":
        return _shared([part for part in inputs if None in part.shape], known)
    if name == "GATHER_ND":  # rows of a table
        return known(inputs[1]) if None not in first.shape else None
    if name in REDUCTIONS or name in ("ARG_MAX", "ARG_MIN"):
        return known(first)  # the dynamic axis is still there, so it was not reduced
    if name == "SPLIT":  # into parts of an axis: along the dynamic one they are smaller
        along = first.const
        whole = along is not None and int(along) % inputs[1].rank != axis
        return known(inputs[1]) if whole else None
    if name in ("SLICE", "PAD", "PADV2"):
        return known(first) if is_whole(name, inputs, options, axis) else None
    if name == "STRIDED_SLICE":  # an index on other axes drops them
        kept = dynamic_axis(first)
        whole = kept is not None and is_whole(name, inputs, options, kept)
        return known(first) if whole else None
    return None


def _shared(parts: Sequence[Tensor], known: Callable[[Tensor], Batch | None]) -> Batch | None:
    """The one source of all parts. Samples and labels have one batch, so either input will do."""
    sources = [source for part in parts if (source := known(part)) is not None]
    if not parts or len(sources) < len(parts) or len({times for _, times in sources}) > 1:
        return None
    return min(sources)


def _gathered(
    x: Tensor, indices: Tensor, options: object, known: Callable[[Tensor], Batch | None]
) -> Batch | None:
    """Rows of a table, or one place on an axis that is not the dynamic one. A selection along the
    dynamic axis has as many entries as there are indices.
    """
    along = int(getattr(options, "axis", 0)) % max(x.rank, 1)
    if None not in x.shape or x.shape[along] is None:
        return known(indices) if not getattr(options, "batchDims", 0) else None
    return known(x)


def _blocks(
    name: str, x: Tensor, block: Tensor, known: Callable[[Tensor], Batch | None]
) -> Batch | None:
    """A dilated convolution's detour: the places of a block become batches, and back."""
    batch = known(x)
    if batch is None or block.const is None or dynamic_axis(x) != 0:
        return None
    places = int(np.prod(block.const))
    if name == "SPACE_TO_BATCH_ND":
        return batch[0], batch[1] * places
    return (batch[0], batch[1] // places) if batch[1] % places == 0 else None


def is_whole(name: str, inputs: Sequence[Tensor], options: object, axis: int) -> bool:
    """Whether a slice or padding leaves an axis as it is."""
    amounts = [part.const for part in inputs[1:]]
    if name in ("PAD", "PADV2"):
        return amounts[0] is not None and not amounts[0][axis].any()
    if any(amount is None for amount in amounts):
        return False
    if name == "SLICE":
        begin, size = amounts
        return int(begin[axis]) == 0 and int(size[axis]) == -1  # type: ignore[index]
    masks = [int(getattr(options, mask, 0)) for mask in ("beginMask", "endMask")]
    others = [getattr(options, mask, 0) for mask in ("ellipsisMask", "newAxisMask")]
    step = int(amounts[2][axis])  # type: ignore[index]
    return step == 1 and all(mask >> axis & 1 for mask in masks) and not any(others)


def _reshaped(x: Tensor, output: Tensor, known: Callable[[Tensor], Batch | None]) -> Batch | None:
    batch = known(x)
    if batch is None:
        return None
    entries = batch[1] * _product(x)
    size = _product(output)
    return (batch[0], entries // size) if size and entries % size == 0 else None


def _product(tensor: Tensor) -> int:
    """Entries for one unit of the dynamic dimension."""
    return int(np.prod([size for size in tensor.shape if size is not None], dtype=np.int64))
