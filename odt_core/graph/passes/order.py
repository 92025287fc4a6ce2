"""What XNNPACK leaves to LiteRT's own kernels, done first or last where nothing is in the way.

An op that XNNPACK refuses in the middle of a graph cuts what it takes in two; each part packs,
plans and copies for itself. Arithmetic on shapes, step counters and learning rates needs nothing of
what comes before it, so it can stand at the beginning: the rest is one part. A counter is set at
the end, so that a step that fails has not been counted.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import called_by, inputs_of, name_of, outputs_of
from odt_core.graph.tensor import dtype_of, has_dtype
from odt_core.graph.variables import Key, handles_in, is_on_xnnpack

_REFUSED = frozenset({"CAST", "FILL", "POW", "RANGE", "SHAPE"})
_VARIABLES = frozenset({"ASSIGN_VARIABLE", "READ_VARIABLE", "VAR_HANDLE"})


def refused_apart(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Moves what XNNPACK refuses, and needs nothing that it takes, to the graph's beginning;
    assignments of it that nothing reads again to the end.

    Reads and assignments of one variable keep their order. Nothing moves past an op that runs
    another subgraph.
    """
    handles = handles_in(model, graph)
    made_later: set[int] = set()
    held: set[Key | None] = set()  # variables that an op which stays has read or assigned
    first: list[schema.OperatorT] = []
    rest: list[schema.OperatorT] = []
    last: list[schema.OperatorT] = []
    closing, scalars = _closing(model, graph), _scalar_variables(model, graph)
    for operator in graph.operators:
        name = name_of(model, operator)
        key = handles.get(inputs_of(operator)[0]) if name in _VARIABLES - {"VAR_HANDLE"} else None
        free = not made_later.intersection(inputs_of(operator))
        if name == "CALL_ONCE":  # what it initialises must not be read before
            free = moves = True
        elif name == "VAR_HANDLE":
            moves = outputs_of(operator)[0] in scalars
        elif name in _VARIABLES:
            free = free and key is not None and key not in held and None not in held
            moves = inputs_of(operator)[0] in scalars
        else:
            moves = _is_refused(model, graph, operator, name)
        if free and moves:
            (last if id(operator) in closing else first).append(operator)
            continue
        rest.append(operator)
        made_later.update(outputs_of(operator))
        if name in _VARIABLES and name != "VAR_HANDLE":
            held.add(key)
        elif called_by(model, operator) and name != "CALL_ONCE":
            held.add(None)
    graph.operators = [*first, *rest, *last]


def _closing(model: schema.ModelT, graph: schema.SubGraphT) -> set[int]:
    """The assignments (by identity) after which nothing reads or sets the variable."""
    handles = handles_in(model, graph)
    found: set[int] = set()
    later: set[Key | None] = set()
    for operator in reversed(graph.operators):
        name = name_of(model, operator)
        if name in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
            key = handles.get(inputs_of(operator)[0])
            if name == "ASSIGN_VARIABLE" and key is not None and not {key, None} & later:
                found.add(id(operator))
            later.add(key)
        elif called_by(model, operator) and name != "CALL_ONCE":
            later.add(None)
    return found


def _is_refused(
    model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT, name: str
) -> bool:
    if called_by(model, operator) or model.operatorCodes[operator.opcodeIndex].customCode:
        return False
    if name in _REFUSED:
        return True
    tensors = [graph.tensors[index] for index in outputs_of(operator)]
    known = all(has_dtype(tensor.type) for tensor in tensors)
    return known and bool(tensors) and all(dtype_of(t.type) != np.float32 for t in tensors)


def _scalar_variables(model: schema.ModelT, graph: schema.SubGraphT) -> set[int]:
    """Handles of the variables that XNNPACK refuses: because they are one number, or whole ones."""
    refused: dict[int, bool] = {}
    for operator in graph.operators:
        name, inputs = name_of(model, operator), inputs_of(operator)
        if name not in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
            continue
        value = outputs_of(operator)[0] if name == "READ_VARIABLE" else inputs[1]
        tensor = graph.tensors[value]
        if has_dtype(tensor.type):
            refused.setdefault(inputs[0], not is_on_xnnpack(tensor))
    return {handle for handle, is_refused in refused.items() if is_refused}
