"""What goes over an array's edge: mirrored padding's gradient, and rolling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import MOST_DIMENSIONS, Tensor


@rule("MirrorPadGrad", since="0.2")
def mirror_pad_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """What was padded goes back, turned round, to the entries that it mirrors.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/MirrorPadGrad
    """
    dy, paddings = inputs
    if paddings.const is None:
        raise LoweringError("its paddings are computed. Pad by constants instead.")
    skipped = int(op.text("mode") == "REFLECT")  # the edge itself is not repeated
    for axis, (before, after) in enumerate(np.asarray(paddings.const).tolist()):
        if before or after:
            dy = _folded(b, dy, axis, before, after, skipped)
    return [dy]


def _folded(b: Builder, dy: Tensor, axis: int, before: int, after: int, skipped: int) -> Tensor:
    size = dy.shape[axis]
    if size is None:
        raise OpenSizeError("it pads an axis whose size is known at run time only. Fix it.")
    inner = size - before - after

    def part(start: int, count: int) -> Tensor:
        begin = [start if at == axis else 0 for at in range(dy.rank)]
        return b.slice(dy, begin, [count if at == axis else None for at in range(dy.rank)])

    def moved(x: Tensor, start: int, count: int) -> Tensor:
        ends = (start, inner - start - count)
        return b.pad(b.reverse(x, axis), [ends if at == axis else (0, 0) for at in range(dy.rank)])

    total = part(before, inner)
    if before:
        total = b.add(total, moved(part(0, before), skipped, before))
    if after:
        total = b.add(total, moved(part(size - after, after), inner - after - skipped, after))
    return total


@rule("Roll", since="0.2")
def roll(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Entries moved along axes; those that leave at one end come in at the other.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/Roll
    """
    x, shift, axes = inputs
    if axes.const is None:
        raise LoweringError("its axes are computed. Write them as constants instead.")
    places = [int(axis) % x.rank for axis in np.ravel(axes.const)]
    if len(places) > MOST_DIMENSIONS:
        raise LoweringError(f"it moves along {len(places):,} axes. Name each axis once.")
    shifts = b.split(b.cast(b.reshape(shift, (len(places),)), np.int32), len(places), 0)
    for axis, by in zip(places, shifts, strict=True):
        size = b.slice(b.shape(x), [axis], [1])
        index = b.range(0, b.reshape(size, ()))
        x = b.gather(x, b.floor_mod(b.sub(index, by), size), axis)
    return [x]
