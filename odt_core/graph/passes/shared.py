"""Computing the same thing once: equal ops on equal inputs share one result.

A convolution and the gradient of its filter read the same patches; here they come to share them.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import inputs_of, name_of, outputs_of

# Ops whose result depends on nothing but their inputs and options; left out are those that read
# variables or random numbers, run subgraphs, or are cheaper to repeat than to keep.
_PURE = frozenset(
    {
        "ADD", "BATCH_MATMUL", "CAST", "CEIL", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D",
        "DIV", "EXP", "FILL", "GATHER", "LOG", "LOGISTIC", "MEAN", "MINIMUM", "MAXIMUM", "MUL",
        "NEG", "PACK", "PAD", "REDUCE_PROD", "RELU", "RESHAPE", "SHAPE", "SLICE",
        "SPACE_TO_DEPTH", "SQUARE", "STRIDED_SLICE", "SUB", "SUM", "TANH", "TRANSPOSE",
    }
)  # fmt: skip


def share_results(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Removes every op of a subgraph that repeats an earlier one."""
    same: dict[int, int] = {}
    seen: dict[tuple, list[int]] = {}
    written = {int(index) for index in ([] if graph.outputs is None else graph.outputs)}
    kept = []
    for operator in graph.operators:
        if operator.inputs is not None:
            moved = [same.get(index, index) for index in inputs_of(operator)]
            operator.inputs = np.array(moved, np.int32)
        name, outputs = name_of(model, operator), outputs_of(operator)
        if name not in _PURE or written.intersection(outputs):
            kept.append(operator)
            continue
        types = [graph.tensors[index].type for index in outputs]  # all that tells two CASTs apart
        key = (name, *inputs_of(operator), *types, text_of(operator))
        if key in seen:
            same.update(zip(outputs, seen[key], strict=True))
        else:
            seen[key] = outputs
            kept.append(operator)
    graph.operators = kept


def text_of(operator: schema.OperatorT) -> str:
    """An op's options, equal for equal ones."""
    # a RESHAPE's newShape counts only where no second input says it
    left_out = "newShape" if len(inputs_of(operator)) > 1 else None
    found = [o for o in (operator.builtinOptions, operator.builtinOptions2) if o is not None]
    return str([sorted((k, str(v)) for k, v in vars(o).items() if k != left_out) for o in found])
