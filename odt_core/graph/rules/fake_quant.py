"""Fake quantisation, as quantisation-aware training has it, and its gradients.

Source: tensorflow/core/kernels/fake_quant_ops_functor.h. The range [min, max] is first nudged so
that 0 is one of its 2^bits steps (B. Jacob et al.: Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference, CVPR 2018); per channel means along the last axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.activation import step
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor

_VARS = "FakeQuantWithMinMaxVars"
_CHANNELS = "FakeQuantWithMinMaxVarsPerChannel"
_ARGS = "FakeQuantWithMinMaxArgs"
_BITS = range(2, 17)  # that TensorFlow takes


@rule(_VARS, _CHANNELS, _ARGS, since="0.2")
def fake_quant(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The nearest step of the range; 0 everywhere when the range is [0, 0]."""
    x, *ends = inputs
    steps = _nudged(b, op, ends)
    clipped = b.maximum(b.minimum(x, steps.highest), steps.lowest)
    whole = b.floor(b.add(b.div(b.sub(clipped, steps.lowest), steps.size), 0.5))
    y = b.add(b.mul(whole, steps.size), steps.lowest)
    return [y if steps.used is None else b.mul(y, steps.used)]


@rule(f"{_VARS}Gradient", f"{_CHANNELS}Gradient", since="0.2")
def gradient(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx: dy where x is in the range; dmin and dmax: the sums of dy below and above it."""
    dy, x, *ends = inputs
    axes = list(range(x.rank - ends[0].rank))
    below, above = (b.mul(dy, one) for one in _outside(b, x, _nudged(b, op, ends)))
    return [b.sub(b.sub(dy, below), above), b.sum(below, axes), b.sum(above, axes)]


@rule(f"{_ARGS}Gradient", since="0.2")
def gradient_of_args(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx: dy where x is in the range."""
    dy, x = inputs
    below, above = _outside(b, x, _nudged(b, op, ()))
    return [b.mul(dy, b.sub(1.0, b.add(below, above)))]


def _outside(b: Builder, x: Tensor, steps: _Steps) -> tuple[Tensor, Tensor]:
    """1 where x is below and above the range, else 0: XNNPACK refuses comparisons."""
    below, above = step(b, b.sub(steps.lowest, x)), step(b, b.sub(x, steps.highest))
    if steps.used is None:
        return below, above
    return b.mul(below, steps.used), b.mul(above, steps.used)


@dataclass(frozen=True)
class _Steps:
    """The nudged range, one for all or one a channel; used: 0 where min and max are both 0, else 1;
    None where they are not.
    """

    lowest: Tensor
    highest: Tensor
    size: Tensor
    used: Tensor | None


def _nudged(b: Builder, op: FlexOp, ends: Sequence[Tensor]) -> _Steps:
    first = 1.0 if op.flag("narrow_range") else 0.0
    bits = op.number("num_bits", 8)
    if bits not in _BITS:
        raise LoweringError(f"its num_bits are {bits:g}. Quantise to 2 to 16 bits.")
    last = 2.0**bits - 1
    if ends:
        low, high = ends
        used = step(b, b.add(b.abs(low), b.abs(high)))
        high = b.add(high, b.sub(1.0, used))  # any range that can be divided by
    else:
        low, high = (
            b.constant(op.number(key, default), np.float32)
            for key, default in (("min", -6.0), ("max", 6.0))
        )
        used = None
    size = b.div(b.sub(high, low), last - first)
    from_low = b.sub(first, b.div(low, size))
    zero = b.floor(b.add(b.minimum(b.maximum(from_low, first), last), 0.5))
    lowest, highest = (b.mul(b.sub(end, zero), size) for end in (first, last))
    return _Steps(lowest, highest, size, used)
