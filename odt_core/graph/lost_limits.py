"""ReLUs and limits that TensorFlow's converter has lost: the file names them and holds none."""

from __future__ import annotations

import re

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.signature import plain_name

_LIMITS = frozenset({"MAXIMUM", "MINIMUM", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1"})
_NAMED = re.compile(r"(^|/)(relu6?|clip_by_value)[\d_]*$", re.IGNORECASE)


def lost_limits(model: schema.ModelT) -> tuple[str, ...]:
    """Names of the results that should have gone through a ReLU or a limit, each once, in order.

    Where a product of a variable has no bias, TensorFlow's converter (2.16 to 2.21) fuses the ReLU
    into a FULLY_CONNECTED of which it makes a BATCH_MATMUL then, which knows no ReLU. What is left
    of it is its name in that of the result, "matmul;Relu". A gradient's name holds others' names
    too, and tells nothing.
    """
    lost = []
    for graph in model.subgraphs:
        limited = {
            index
            for operator in graph.operators
            if name_of(model, operator) in _LIMITS
            for index in inputs_of(operator)
        }
        for operator in graph.operators:
            if name_of(model, operator) != "BATCH_MATMUL":
                continue
            (index,) = outputs_of(operator)
            name = plain_name(graph.tensors[index].name or b"")
            named = any(_NAMED.search(part) for part in name.split(";"))
            if named and "grad" not in name.lower() and index not in limited:
                lost.append(name)
    return tuple(dict.fromkeys(lost))
