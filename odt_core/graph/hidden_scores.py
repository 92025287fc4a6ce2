"""Scores behind an answer: `infer` may give the best label's number alone, or the best few scores.

How sure a model is, its probabilities and its second guess need the scores of all labels. They are
in the graph, one op before ARG_MAX, ARG_MIN or TOPK_V2, so they become one more output of the
signature.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flow import LAYOUT, variables_of
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.signature import ends, entry
from odt_core.graph.tensor import shape_of
from odt_core.graph.winners import PICKS, are_rows

ALL_SCORES = "odt_each_label"  # the output that is added: float32 [N, …, K], or [K]


def show_scores(model: schema.ModelT) -> None:
    """Add the output to each signature that changes no variable and keeps its scores to itself."""
    for signature in model.signatureDefs or []:
        graph = model.subgraphs[signature.subgraphIndex]
        if variables_of(model, signature.subgraphIndex)[1]:
            continue
        scores = _hidden(model, graph, list(ends(signature.outputs).values()))
        if scores is None:
            continue
        if scores not in graph.outputs:
            graph.outputs = np.append(graph.outputs, np.int32(scores))
        signature.outputs = [*signature.outputs, entry(ALL_SCORES, scores)]


def _hidden(model: schema.ModelT, graph: schema.SubGraphT, outputs: list[int]) -> int | None:
    """The scores that an output is picked from, where no output has them or others of as many
    labels, such as their softmax.
    """
    made_by = {index: one for one in graph.operators for index in outputs_of(one)}
    found, shown = None, []
    for index in outputs:
        operator = made_by.get(_picked(model, index, made_by))
        if operator is None or name_of(model, operator) not in PICKS:
            shown.append(index)
            continue
        scores = inputs_of(operator)[0]
        if are_rows(graph.tensors[scores], graph.tensors[outputs_of(operator)[0]]):
            found = scores
    if found is None:
        return None
    form = shape_of(graph.tensors[found])
    told = any(shape_of(graph.tensors[i]) == form for i in shown)
    return None if told else found


def _picked(model: schema.ModelT, index: int, made_by: dict[int, schema.OperatorT]) -> int:
    """The number of a label behind an output: before casts, reshapes and the look-up of a name."""
    while (operator := made_by.get(index)) is not None:
        name, inputs = name_of(model, operator), inputs_of(operator)
        if name in LAYOUT and inputs:
            index = inputs[0]
        elif name == "GATHER" and len(inputs) == 2:
            index = inputs[1]
        else:
            break
    return index
