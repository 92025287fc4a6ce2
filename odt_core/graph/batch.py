"""Where a tensor's dynamic first dimension comes from: which input's, and how many times it.

Reading the batch size from the signature's input instead of from an activation keeps shape
arithmetic out of the middle of the graph, where it would cut XNNPACK's part in two; and two shapes
known to be equal need no run-time comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from odt_core.graph.tensor import Tensor

# (index of the input, how many times its first dimension)
Batch = tuple[int, int]

_FIRST_INPUT = frozenset(
    {
        "ABS", "AVERAGE_POOL_2D", "CAST", "CEIL", "CONV_2D", "COS", "DEPTHWISE_CONV_2D",
        "DEPTH_TO_SPACE", "ELU", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LEAKY_RELU",
        "LOGICAL_NOT", "LOGISTIC", "LOG", "LOG_SOFTMAX", "L2_NORMALIZATION", "MAX_POOL_2D", "NEG",
        "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "ROUND", "RSQRT", "SIGN", "SIN", "SOFTMAX",
        "SPACE_TO_DEPTH", "SQRT", "SQUARE", "TANH", "ZEROS_LIKE", "BITCAST",
    }
)  # fmt: skip
_ELEMENTWISE = frozenset(
    {
        "ADD", "ADD_N", "BITWISE_XOR", "DIV", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER",
        "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "MAXIMUM", "MINIMUM",
        "MUL", "NOT_EQUAL", "POW", "PRELU", "RIGHT_SHIFT", "SELECT_V2", "SELECT",
        "SQUARED_DIFFERENCE", "SUB",
    }
)  # fmt: skip
_REDUCTIONS = frozenset({"SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY"})


def batch_of(
    name: str, inputs: Sequence[Tensor], output: Tensor, known: Callable[[Tensor], Batch | None]
) -> Batch | None:
    """What an op's output has as first dimension, given its inputs'; None when that is not clear.

    name: the builtin op. known: the answer for tensors before this op.
    """
    if not inputs or not output.rank or output.shape[0] is not None:
        return None
    first = inputs[0]
    if name in _FIRST_INPUT:
        return known(first)
    if name in _ELEMENTWISE:
        return _broadcast(inputs, output, known)
    if name == "RESHAPE":
        return _reshaped(first, output, known)
    if name in _REDUCTIONS:
        axes = inputs[1].const
        kept = axes is not None and all(int(axis) % first.rank for axis in np.ravel(axes))
        return known(first) if kept else None
    if name in ("SLICE", "STRIDED_SLICE", "PAD", "PADV2", "FULLY_CONNECTED", "MIRROR_PAD"):
        return known(first) if first.rank == output.rank else None
    if name == "TRANSPOSE":
        order = inputs[1].const
        return known(first) if order is not None and int(order[0]) == 0 else None
    if name == "BATCH_MATMUL":
        return known(first) if first.rank == output.rank == 2 else None
    if name == "CONCATENATION":
        same = {known(part) for part in inputs}
        return same.pop() if len(same) == 1 else None
    if name == "SPLIT":
        return known(inputs[1])
    return None


def _broadcast(
    inputs: Sequence[Tensor], output: Tensor, known: Callable[[Tensor], Batch | None]
) -> Batch | None:
    """The batch that all inputs share; one of rank or size 1 there does not matter."""
    same = {known(part) for part in inputs if part.rank == output.rank and part.shape[0] != 1}
    return same.pop() if len(same) == 1 else None


def _reshaped(x: Tensor, output: Tensor, known: Callable[[Tensor], Batch | None]) -> Batch | None:
    batch = known(x)
    rest, target = x.shape[1:], output.shape[1:]
    if batch is None or None in rest or None in target:
        return None
    entries = batch[1] * int(np.prod(rest, dtype=np.int64))  # type: ignore[arg-type]
    size = int(np.prod(target, dtype=np.int64))  # type: ignore[arg-type]
    return (batch[0], entries // size) if size and entries % size == 0 else None
