"""Small integer arithmetic whose operands are known, worked out when the model is loaded.

Loop counters, list positions and conditions: what decides how often a loop runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.building.known_shapes import contents
from odt_core.graph.operators import name_of, outputs_of
from odt_core.graph.tensor import Tensor

_SMALL = 64  # entries; counters and shapes are far smaller


def _range(start: np.ndarray, limit: np.ndarray, step: np.ndarray) -> np.ndarray | None:
    numbers = range(*(int(part.reshape(-1)[0]) for part in (start, limit, step)))
    return np.array(numbers) if len(numbers) <= _SMALL else None


_FUNCTIONS: dict[str, Callable[..., np.ndarray | None]] = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "FLOOR_DIV": np.floor_divide,
    "FLOOR_MOD": np.mod,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "NEG": np.negative,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
    "EQUAL": np.equal,
    "NOT_EQUAL": np.not_equal,
    "LOGICAL_AND": np.logical_and,
    "LOGICAL_OR": np.logical_or,
    "LOGICAL_NOT": np.logical_not,
    "SELECT": np.where,
    "SELECT_V2": np.where,
    "CAST": np.asarray,
    "RANGE": _range,
}


def known(b: Builder, tensor: Tensor) -> np.ndarray | None:
    """What a small integer or bool tensor is bound to hold; None when it is not known now."""
    if tensor.const is not None:
        return tensor.const
    if tensor.dtype.kind != "i":
        return None
    found = contents(b, tensor)
    if found is None or any(not isinstance(n, int | np.integer) for n in found.ravel()):
        return None
    return found.astype(tensor.dtype)


def folded(b: Builder, operator: schema.OperatorT, inputs: Sequence[Tensor]) -> Tensor | None:
    """The op's output as a constant; None when its operands are not all small and known."""
    name, outputs = name_of(b.model, operator), outputs_of(operator)
    if name == "RANK" and inputs[0].rank:
        return b.constant(inputs[0].rank, np.int32)
    function = _FUNCTIONS.get(name)
    if function is None or len(outputs) != 1:
        return None
    output = b.tensor(outputs[0])
    if output.dtype.kind not in "ib" or any(part.dtype.kind not in "ib" for part in inputs):
        return None
    values = [known(b, part) for part in inputs]
    if any(value is None or value.size > _SMALL for value in values):
        return None
    if function in (np.floor_divide, np.mod, _range) and not np.all(values[-1]):
        return None
    with np.errstate(all="ignore"):
        found = function(*values)
    return None if found is None else b.constant(np.asarray(found, output.dtype), output.dtype)
