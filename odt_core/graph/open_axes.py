"""Whose size each open axis has, where a tensor has more than one: samples compared with samples.

Losses that compare every sample of a batch with every other have matrices [N, N]. Both axes are the
batch, which batch.py, for tensors of one open axis, cannot say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from odt_core.graph.batch import ELEMENTWISE, REDUCTIONS, UNARY, Batch
from odt_core.graph.tensor import Tensor

Size = int | Batch | None  # None: not known
Sizes = Callable[[Tensor], Sequence[Size]]

_AS_FIRST = UNARY | {"LOG_SOFTMAX", "MATRIX_SET_DIAG", "SOFTMAX"}


def axes_of(
    name: str, inputs: Sequence[Tensor], output: Tensor, options: object, sizes: Sizes
) -> Sequence[Size] | None:
    """The size of each axis of an op's output, given its inputs'; None where that is not clear."""
    if name in ELEMENTWISE:
        return [_shared(axis - output.rank, inputs, sizes) for axis in range(output.rank)]
    if not inputs or not inputs[0].rank:
        return None
    first = inputs[0]
    if name in _AS_FIRST:
        return sizes(first)
    if name == "FULLY_CONNECTED" and first.rank == inputs[1].rank == output.rank == 2:
        return [sizes(first)[0], sizes(inputs[1])[0]]
    if name == "BATCH_MATMUL" and first.rank == inputs[1].rank == output.rank == 2:
        rows, columns = bool(getattr(options, "adjX", 0)), not getattr(options, "adjY", 0)
        return [sizes(first)[rows], sizes(inputs[1])[columns]]
    if name in REDUCTIONS and inputs[1].const is not None:
        gone = {int(axis) % first.rank for axis in inputs[1].const.reshape(-1)}
        kept = getattr(options, "keepDims", False)
        every = [1 if axis in gone else size for axis, size in enumerate(sizes(first))]
        return every if kept else [s for axis, s in enumerate(every) if axis not in gone]
    if name == "TRANSPOSE" and inputs[1].const is not None and inputs[1].const.size == first.rank:
        return [sizes(first)[int(axis)] for axis in inputs[1].const]
    if name == "MATRIX_DIAG":
        return [*sizes(first), sizes(first)[-1]]
    return None


def _shared(place: int, inputs: Sequence[Tensor], sizes: Sizes) -> Size:
    """The size of an axis, counted from the end, that all inputs have which are not 1 there.
    Samples and labels have one batch, so either input will do.
    """
    there = {sizes(one)[place] for one in inputs if one.rank >= -place} - {1}
    batches = [size for size in there if isinstance(size, tuple)]
    if len(batches) == len(there) > 0 and len({times for _, times in batches}) == 1:
        return min(batches)
    return there.pop() if len(there) == 1 else 1 if not there else None
