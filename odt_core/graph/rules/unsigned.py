"""Arithmetic on uint64, which LiteRT lacks, by that on int64: a tf.random.Generator counts so.

Sums, differences and products have the same bits whether their numbers have a sign or not; order
is kept when 2⁶³ is taken from both sides.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from odt_core.graph.building import Builder
from odt_core.graph.tensor import Tensor

SAME_BITS = frozenset(("AddV2", "Sub", "Mul", "Equal", "NotEqual"))
ORDER = frozenset(("Greater", "GreaterEqual", "Less", "LessEqual"))
_HALF = np.array(-(2**63), np.int64)


def of_uint64(
    b: Builder,
    compute: Callable[[Tensor, Tensor], Tensor],
    x: Tensor,
    y: Tensor,
    *,
    ordered: bool = False,
) -> Tensor:
    """What `compute` gives for two uint64 tensors; ordered: it asks which of them is larger."""
    left, right = (b.bitcast(one, np.int64) for one in (x, y))
    if ordered:
        left, right = b.add(left, _HALF), b.add(right, _HALF)
    result = compute(left, right)
    return b.bitcast(result, np.uint64) if result.dtype == np.int64 else result


def from_uint64(b: Builder, x: Tensor, dtype: np.dtype) -> Tensor:
    """uint64 numbers in another dtype; as floats they are rounded twice where 2⁶³ or more."""
    bits = b.bitcast(x, np.int64)
    if dtype.kind != "f":
        return b.cast(bits, dtype)
    wide = np.dtype(np.float32) if dtype == np.float16 else dtype
    wrapped = b.select(b.less(bits, 0), b.constant(2.0**64, wide), b.constant(0, wide))
    return b.cast(b.add(b.cast(bits, wide), wrapped), dtype)


def to_uint64(b: Builder, x: Tensor) -> Tensor:
    """Numbers as uint64; of floats, those from 0 on."""
    if x.dtype.kind != "f":
        return b.bitcast(b.cast(x, np.int64), np.uint64)
    x = b.cast(x, np.float32) if x.dtype == np.float16 else x
    large = b.greater_equal(x, b.constant(2.0**63, x.dtype))
    rest = b.sub(x, b.select(large, b.constant(2.0**63, x.dtype), b.constant(0, x.dtype)))
    half = b.select(large, b.constant(_HALF, np.int64), b.constant(0, np.int64))
    return b.bitcast(b.add(b.cast(rest, np.int64), half), np.uint64)
