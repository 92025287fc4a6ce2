"""A variable read once for each side of an op that takes it twice.

XNNPACK in ai-edge-litert 2.3.0 dies (SIGSEGV) of an op with the same variable's value on both
sides, such as w·w in a penalty on weights; of two readings of that variable it makes the same bits.
"""

from __future__ import annotations

from collections import defaultdict
from copy import copy

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import inputs_of, name_of, outputs_of


def read_for_each_side(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Has every op take a value that it takes twice from two readings, one after the other."""
    reads: dict[int, schema.OperatorT] = {}
    again: dict[int, list[schema.OperatorT]] = defaultdict(list)  # by id of the first reading
    for operator in graph.operators:
        if name_of(model, operator) == "READ_VARIABLE":
            reads[outputs_of(operator)[0]] = operator
            continue
        inputs, seen = inputs_of(operator), set()
        for place, index in enumerate(inputs):
            if index in seen and index in reads:
                graph.tensors.append(copy(graph.tensors[index]))
                second = copy(reads[index])
                second.outputs = np.array([len(graph.tensors) - 1], np.int32)
                again[id(reads[index])].append(second)
                inputs[place] = len(graph.tensors) - 1
            seen.add(index)
        if inputs != inputs_of(operator):
            operator.inputs = np.array(inputs, np.int32)
    graph.operators = [
        one for operator in graph.operators for one in (operator, *again.get(id(operator), ()))
    ]
