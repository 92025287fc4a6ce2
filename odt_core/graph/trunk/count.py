"""How many samples there are: what a step may know of its samples beside their features."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.tensor import Tensor, declare_shape


def ask_for_counts(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Has a subgraph ask an input for its number of samples alone where it asks for a shape."""
    returned = set(map(int, graph.outputs))

    def form(b: Builder, operator: schema.OperatorT) -> Tensor | None:
        if name_of(model, operator) != "SHAPE" or returned.intersection(outputs_of(operator)):
            return None
        given, shape = b.tensor(inputs_of(operator)[0]), b.tensor(outputs_of(operator)[0])
        if shape.dtype != np.int32 or b.batch_source(given) is None:
            return None
        return b.shape(given)

    rewrite(model, graph, form)


def counts_of(model: schema.ModelT, graph: schema.SubGraphT, samples: int) -> set[int]:
    """Shapes of the samples of which nothing but their number is read."""
    found = set()
    for operator in graph.operators:
        if name_of(model, operator) == "SHAPE" and inputs_of(operator) == [samples]:
            found.update(outputs_of(operator))
    found -= set(map(int, graph.outputs))
    builder = Builder(model, graph)
    for operator in graph.operators:
        for index in found.intersection(inputs_of(operator)):
            if name_of(model, operator) != "SLICE" or not _is_first(builder, operator):
                found.discard(index)
    return found


def count_instead(
    model: schema.ModelT, graph: schema.SubGraphT, samples: int, other: Tensor
) -> None:
    """Has a subgraph count another tensor [N, …] in place of its samples."""
    counts = counts_of(model, graph, samples)
    for operator in graph.operators:
        if counts.intersection(outputs_of(operator)):
            operator.inputs = np.array([other.index], np.int32)
            declare_shape(graph.tensors[outputs_of(operator)[0]], (other.rank,))


def _is_first(b: Builder, operator: schema.OperatorT) -> bool:
    """Whether a SLICE takes the first entry."""
    begin, size = (b.tensor(index).const for index in inputs_of(operator)[1:3])
    if begin is None or size is None:
        return False
    return begin.tolist() == [0] and size.tolist() == [1]
