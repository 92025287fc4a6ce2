"""Whose size each open axis has, where a tensor has more than one: samples compared with samples.

Losses that compare every sample of a batch with every other have matrices [N, N]. Both axes are the
batch, which batch.py, for tensors of one open axis, cannot say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from odt_core.graph.building.batch import ELEMENTWISE, REDUCTIONS, UNARY, Batch
from odt_core.graph.building.inferred_shapes import by_rule
from odt_core.graph.tensor import Tensor

if TYPE_CHECKING:
    from odt_core.graph.building.writer import Writer

Size = int | Batch | None  # None: not known

_PRODUCTS = ("BATCH_MATMUL", "FULLY_CONNECTED")
_AS_FIRST = UNARY | {"LOG_SOFTMAX", "MATRIX_SET_DIAG", "SOFTMAX"}


def axes_of(
    b: Writer, name: str, inputs: Sequence[Tensor], output: Tensor, options: object
) -> Sequence[Size]:
    """The size of each axis of an op's output, given its inputs'; none where that is not clear."""
    if name in ELEMENTWISE:
        return [_shared(b, axis - output.rank, inputs) for axis in range(output.rank)]
    if not inputs or not inputs[0].rank:
        return ()
    first = inputs[0]
    if name in _AS_FIRST:
        return b.sizes(first)
    if name == "MATRIX_DIAG":
        return [*b.sizes(first), b.sizes(first)[-1]]
    matrices = name in _PRODUCTS and first.rank == inputs[1].rank == output.rank == 2
    if name == "FULLY_CONNECTED" and matrices:
        return [b.sizes(first)[0], b.sizes(inputs[1])[0]]
    if matrices or name in REDUCTIONS or name == "TRANSPOSE":
        sized = [replace(one, shape=tuple(b.sizes(one))) for one in inputs]  # type: ignore[arg-type]
        return by_rule(b, name, sized, options)
    return ()


def _shared(b: Writer, place: int, inputs: Sequence[Tensor]) -> Size:
    """The size of an axis, counted from the end, that all inputs have which are not 1 there.
    Samples and labels have one batch, so either input will do.
    """
    there = {b.sizes(one)[place] for one in inputs if one.rank >= -place} - {1}
    batches = [size for size in there if isinstance(size, tuple)]
    if len(batches) == len(there) > 0 and len({times for _, times in batches}) == 1:
        return min(batches)
    return there.pop() if len(there) == 1 else 1 if not there else None
