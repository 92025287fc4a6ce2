"""Numbers that do not begin at 0, such as labels from 1 to K, of which 1 is taken first."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flow import LAYOUT, SIZES
from odt_core.graph.operators import inputs_of, name_of, outputs_of, readers_of
from odt_core.graph.tensor import constant_of


def first_numbers(model: schema.ModelT, graph: schema.SubGraphT) -> dict[int, int]:
    """Input -> the whole number that all which reads it takes from it first; none for others."""
    readers = readers_of(graph)
    inputs = [] if graph.inputs is None else [int(one) for one in graph.inputs]
    found = {one: _first(model, graph, readers, one) for one in inputs}
    return {one: number for one, number in found.items() if number}


def _first(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    readers: dict[int, list[schema.OperatorT]],
    tensor: int,
) -> int:
    taken: set[int] = set()
    waiting = [tensor]
    while waiting:
        at = waiting.pop()
        for operator in readers.get(at, ()):
            name = name_of(model, operator)
            if name in SIZES or (name in LAYOUT and inputs_of(operator)[0] != at):
                continue  # it reads a size, or this as one: else a tensor would have many ways here
            if name in LAYOUT:
                waiting += outputs_of(operator)
            else:
                taken.add(_taken(model, graph, operator, at))
    return taken.pop() if len(taken) == 1 else 0


def _taken(
    model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT, tensor: int
) -> int:
    """What an op takes from a tensor, where that is all it does; else 0."""
    name, reads = name_of(model, operator), inputs_of(operator)
    if name not in ("ADD", "SUB") or len(reads) != 2 or (name == "SUB" and reads[0] != tensor):
        return 0
    number = constant_of(model, graph.tensors[reads[1] if reads[0] == tensor else reads[0]])
    if number is None or number.size != 1 or not np.isfinite(number).all():
        return 0
    first = number.item() if name == "SUB" else -number.item()
    return int(first) if first == int(first) else 0
