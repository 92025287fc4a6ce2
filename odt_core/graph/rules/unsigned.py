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
