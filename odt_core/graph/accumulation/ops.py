"""What an op does with samples that lie one behind the other along an axis of its inputs.

Tensors with samples have one dynamic axis, its first part those of the first sample, and so on
(`Builder.batch_source` says which input's batch it is, and how many times it).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.building.batch import (
    ELEMENTWISE,
    IMAGES,
    REDUCTIONS,
    UNARY,
    dynamic_axis,
    is_whole,
)
from odt_core.graph.operators import name_of
from odt_core.graph.tensor import Tensor

_EACH_NUMBER = UNARY | ELEMENTWISE | {"ONE_HOT"}
_ALONG_THE_LAST = frozenset({"L2_NORMALIZATION", "LOG_SOFTMAX", "SOFTMAX"})


def keeps_apart(
    b: Builder, operator: schema.OperatorT, inputs: Sequence[Tensor], output: Tensor
) -> bool:
    """Whether what an op gives for a sample depends on that sample alone, as far as is known.

    inputs: those there are; at least one with samples, the others the same for all of them.
    """
    axis = dynamic_axis(output)
    if axis is None or b.batch_source(output) is None:
        return False
    name, options, first = name_of(b.model, operator), operator.builtinOptions, inputs[0]
    mixed = [part for part in inputs if None in part.shape]
    if any(b.batch_source(part) is None for part in mixed):
        return False
    if name in _EACH_NUMBER:  # that the axes with samples lie over one another, the source tells
        return True
    if name in _ALONG_THE_LAST:
        return axis != output.rank - 1
    if name in IMAGES:
        return _only(mixed, inputs[IMAGES[name]]) and dynamic_axis(mixed[0]) == 0
    if name in ("RESHAPE", "SQUEEZE", "EXPAND_DIMS"):
        return _only(mixed, first) and _before(first) == _before(output)
    if name == "BROADCAST_TO":  # of the same samples: their number is not changed by it
        place = dynamic_axis(first)
        kept = place is not None and place - first.rank == axis - output.rank
        return kept and _only(mixed, first) and _times(b, first) == _times(b, output)
    if name == "TRANSPOSE":
        return True
    if name == "BATCH_MATMUL":
        return _products_apart(options, *inputs)
    if name == "FULLY_CONNECTED":
        rows = dynamic_axis(first) == axis == 0 and first.rank == output.rank
        return rows and _only(mixed, first)
    if name in REDUCTIONS:
        return True  # the axis is still there, so it was not reduced
    if name == "UNPACK":
        return int(options.axis) % first.rank != dynamic_axis(first)
    if name in ("CONCATENATION", "PACK"):
        return len(mixed) == len(inputs) and int(options.axis) % output.rank != axis
    if name == "SPLIT":
        return inputs[0].const is not None and int(inputs[0].const) % output.rank != axis
    if name == "SLICE":  # of the same samples, though its size may be made of their number
        begin = inputs[1].const
        whole = begin is not None and not begin[axis] and dynamic_axis(first) == axis
        return whole and _times(b, first) == _times(b, output)
    if name in ("PAD", "PADV2"):
        return is_whole(name, inputs, options, axis) and dynamic_axis(first) == axis
    if name == "STRIDED_SLICE":  # also one place on another axis, which is dropped
        place = dynamic_axis(first)
        return place is not None and is_whole(name, inputs, options, place)
    if name == "REVERSE_V2":
        over = inputs[1].const
        return over is not None and int(over.item()) % first.rank != axis
    if name == "TILE":
        times = inputs[1].const
        return times is not None and int(times[axis]) == 1
    if name == "GATHER":  # from a table that is the same for all, or the same place of each
        along = int(options.axis) % first.rank
        by_place = _only(mixed, first) and along != dynamic_axis(first)
        return not options.batchDims and (by_place or _only(mixed, inputs[1]))
    if name in ("ARG_MAX", "ARG_MIN"):
        over = inputs[1].const
        return over is not None and int(over.item()) % first.rank != dynamic_axis(first)
    return False


def sums_up(
    b: Builder, operator: schema.OperatorT, inputs: Sequence[Tensor], output: Tensor
) -> bool:
    """Whether an op gives a sum over all samples, so that those of parts of a batch add up."""
    if None in output.shape or output.dtype.kind not in "fiu":
        return False
    name, options = name_of(b.model, operator), operator.builtinOptions
    mixed = [part for part in inputs if None in part.shape]
    if not mixed or any(b.batch_source(part) is None for part in mixed):
        return False
    if name == "SUM":
        return True  # the axis is not there any more, so it was reduced
    if name == "UNSORTED_SEGMENT_SUM":  # into the rows of a table
        alike = len({_times(b, part) for part in mixed}) == 1
        return len(mixed) == 2 and alike and all(dynamic_axis(part) == 0 for part in mixed)
    if name == "BATCH_MATMUL":
        left, right = inputs
        return len(mixed) == 2 and (dynamic_axis(left), dynamic_axis(right)) == _summed(
            options, left, right
        )
    if name == "FULLY_CONNECTED":  # without a bias, which would be added for each part
        lasts = all(dynamic_axis(part) == part.rank - 1 for part in inputs)
        return len(mixed) == len(inputs) == 2 and lasts and not options.fusedActivationFunction
    return False


def _times(b: Builder, tensor: Tensor) -> int:
    """How many entries a sample has along the axis with samples; any input has as many samples."""
    source = b.batch_source(tensor)
    return source[1] if source else 0


def _only(mixed: Sequence[Tensor], tensor: Tensor) -> bool:
    return [part.index for part in mixed] == [tensor.index]


def _before(tensor: Tensor) -> int:
    """Entries of the axes before the one with samples: so many times the samples come by."""
    axis = dynamic_axis(tensor)
    return int(np.prod([size or 0 for size in tensor.shape[:axis]], dtype=np.int64))


def _summed(options: object, left: Tensor, right: Tensor) -> tuple[int, int]:
    """The axes of two factors that their product sums over."""
    return (
        left.rank - (2 if getattr(options, "adjX", False) else 1),
        right.rank - (1 if getattr(options, "adjY", False) else 2),
    )


def _products_apart(options: object, left: Tensor, right: Tensor) -> bool:
    axes = dynamic_axis(left), dynamic_axis(right)
    if any(axis == over for axis, over in zip(axes, _summed(options, left, right), strict=True)):
        return False
    if None in axes:  # rows or columns of one factor, or matrices of a stack
        return True
    stacks = [axis - part.rank for axis, part in zip(axes, (left, right), strict=True)]  # type: ignore[operator]
    return stacks[0] == stacks[1] < -2
