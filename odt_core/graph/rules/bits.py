"""Bits of whole numbers: LiteRT has XOR and a shift to the right, and the others follow from these.

a & b is half of what a + b is more than a ^ b, since a sum carries where both have a bit. Keras 3
asks for the sign of a number so, in the argmax of its accuracies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.building.kernels import SMALL, check_kernel
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor

_HALF = 16  # bits, whose sums do not overflow 32


@rule("BitwiseAnd", since="0.2")
def bitwise_and(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The bits that both have."""
    return [_and(b, *inputs)]


@rule("BitwiseOr", since="0.2")
def bitwise_or(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The bits that either has: those of the XOR and those that both have, which are others."""
    x, y = inputs
    both = _and(b, x, y)
    return [b.bitwise_xor(b.bitwise_xor(x, y), both)]


@rule("Invert", since="0.2")
def invert(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The bits that x has not."""
    (x,) = inputs
    check_kernel("BITWISE_XOR", x.dtype)
    ones = -1 if x.dtype.kind == "i" else np.iinfo(x.dtype).max
    return [b.bitwise_xor(x, b.constant(np.array(ones, x.dtype)))]


def _and(b: Builder, x: Tensor, y: Tensor) -> Tensor:
    if x.dtype in SMALL:
        wide = _carried(b, b.cast(x, np.int32), b.cast(y, np.int32))
        return b.cast(wide, x.dtype)
    if x.dtype != np.int32:
        raise LoweringError(
            f"it works on {x.dtype}, for which odt has no builtin form. Use int32 numbers."
        )
    (high_x, low_x), (high_y, low_y) = _halves(b, x), _halves(b, y)
    high, low = _carried(b, high_x, high_y), _carried(b, low_x, low_y)
    return b.add(b.mul(high, 1 << _HALF), low)


def _halves(b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
    """x = high · 2¹⁶ + low, low from 0 to 2¹⁶ − 1."""
    high = b.right_shift(x, _HALF)
    return high, b.sub(x, b.mul(high, 1 << _HALF))


def _carried(b: Builder, x: Tensor, y: Tensor) -> Tensor:
    """x & y of numbers that are small enough for their sum."""
    return b.right_shift(b.sub(b.add(x, y), b.bitwise_xor(x, y)), 1)
