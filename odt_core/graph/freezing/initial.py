"""The values that a file gives its variables, for files that give values to some of them only."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import inputs_of
from odt_core.graph.passes.prune import remove_dead_ops
from odt_core.graph.tensor import constant_of
from odt_core.graph.variables import Key, assigned, initialisers, variable_name


def initial_values(data: bytes) -> dict[str, np.ndarray]:
    """Variable name -> what the file sets it to at first use; those set to a constant alone."""
    return dict(assigned_constants(read(data)))


def assigned_constants(model: schema.ModelT) -> Iterator[tuple[str, np.ndarray]]:
    """(variable name, a copy of its constant initial value), one at a time."""
    for index in initialisers(model):
        graph = model.subgraphs[index]
        for key, operator in assigned(model, graph):
            value = constant_of(model, graph.tensors[inputs_of(operator)[1]])
            if value is not None:
                yield variable_name(key), value


def forget_values(
    model: schema.ModelT, graph: schema.SubGraphT, keys: Collection[Key] | None = None
) -> None:
    """Removes the assignments of variables (None: of all) from a subgraph, and what they needed."""
    doomed = {
        id(operator) for key, operator in assigned(model, graph) if keys is None or key in keys
    }
    graph.operators = [operator for operator in graph.operators if id(operator) not in doomed]
    remove_dead_ops(model, graph)
