"""SLICE of whole axes as STRIDED_SLICE, which XNNPACK takes whatever the batch is.

XNNPACK refuses a SLICE whose size is given as −1 ("up to the end"), the one way to write a slice
that leaves a dynamic batch whole. With masks in place of bounds, STRIDED_SLICE says the same.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Tensor

_MOST_AXES = 5  # of LiteRT's STRIDED_SLICE


def masked_slice(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """The STRIDED_SLICE of a SLICE that leaves its dynamic axes whole; None for any other op."""
    if name_of(b.model, operator) != "SLICE":
        return None
    x, begin, size = (b.tensor(index) for index in inputs_of(operator))
    if x.dtype != np.float32 or begin.const is None or size.const is None:
        return None
    if x.rank > _MOST_AXES or None not in x.shape:
        return None
    starts, sizes = [int(v) for v in begin.const], [int(v) for v in size.const]
    ends = []
    for start, count, whole in zip(starts, sizes, x.shape, strict=True):
        if whole is None and (start, count) != (0, -1):
            return None
        ends.append(start + count if count >= 0 else whole or 0)
    y = b.strided_slice(x, starts, ends, [1] * x.rank)
    declared = b.tensor(outputs_of(operator)[0])
    return y if y.shape == declared.shape else None
