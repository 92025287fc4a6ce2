"""Comparisons with infinity, for which TensorFlow's converter writes the largest number."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.tensor import Tensor

_LARGEST = np.finfo(np.float32).max


def infinite_form(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """x ≥ the largest number where the file asks whether x equals it, as is_inf does of |x|; x ≤
    the lowest one likewise. It is true of infinity, and of that number still. None for other ops.
    """
    name = name_of(b.model, operator)
    if name not in ("EQUAL", "NOT_EQUAL"):
        return None
    x, end = (b.tensor(index) for index in inputs_of(operator))
    if x.const is not None:
        x, end = end, x
    if end.const is None or end.dtype != np.float32 or np.any(np.abs(end.const) != _LARGEST):
        return None
    if np.all(end.const > 0):
        is_end = b.greater_equal(x, end)
    elif np.all(end.const < 0):
        is_end = b.less_equal(x, end)
    else:
        return None
    return is_end if name == "EQUAL" else b.logical_not(is_end)
