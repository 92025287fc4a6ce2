"""Tensors changed at index tuples.

Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops, the ops of these names.
"""

from __future__ import annotations

from collections.abc import Sequence

from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.rows import by_row, combine_rows, sums_at
from odt_core.graph.tensor import Tensor

_COMBINED = {
    "TensorScatterMax": ("UnsortedSegmentMax", Builder.maximum),
    "TensorScatterMin": ("UnsortedSegmentMin", Builder.minimum),
}


@rule("TensorScatterSub", since="0.2")
def scatter_sub(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x less updates at index tuples; of a tuple that comes twice both count."""
    x, indices, updates = inputs
    return [b.sub(x, sums_at(b, x, indices, updates))]


@rule(*_COMBINED, since="0.2")
def scatter_extreme(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """At index tuples the larger, or smaller, of x and updates."""
    x, indices, updates = inputs
    table, places = by_row(b, x, indices)
    return [b.reshape(combine_rows(b, table, places, updates, *_COMBINED[op.op]), x.shape)]
