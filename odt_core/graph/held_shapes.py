"""Variables that would change their shape, which LiteRT cannot hold.

It gives a variable memory for one shape, and reads and writes that much ever after: a value of
another shape has it read what lies behind, or end the process. TensorFlow's converter does not
tell which variables are of fixed shape, and a queue of the last samples, of fixed shape, is written
by a value of which only the batch tells that it fits. So such a value is made to fit or the step
ends with an error; and what fits with no batch is found before.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.signature import copy_of
from odt_core.graph.tensor import Shape, declare_shape, shape_of
from odt_core.graph.variables import variable_name

# Batches that are tried, beside the variables' own sizes, and how many at most.
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
_MOST_TRIED = 32


def hold_shapes(model: schema.ModelT, graph: schema.SubGraphT) -> list[str]:
    """Puts a RESHAPE to the variable's own shape before each assignment of a value whose shape the
    file leaves open. Returns the names of the variables that no batch gives a value of their shape.
    """
    builder = Builder(model, graph)
    places: dict[int, tuple[int, str, Shape]] = {}  # of ASSIGN_VARIABLEs: value, variable, shape
    for at, operator in enumerate(graph.operators):
        if name_of(model, operator) != "ASSIGN_VARIABLE":
            continue
        handle, value = inputs_of(operator)[:2]
        if None not in shape_of(graph.tensors[value]):
            continue
        key = builder.resources.key(graph, handle)
        spec = None if key is None else builder.resources.spec(key)
        if key is not None and spec is not None and None not in spec[0]:
            places[at] = value, variable_name(key), spec[0]
    if not places:
        return []
    wanted = {value: shape for value, _, shape in places.values()}
    unfit = _never_fit(model, graph, wanted)
    for at, operator in enumerate(graph.operators):
        if at in places:
            value, _, shape = places[at]
            held = builder.reshape(builder.tensor(value), shape)
            operator.inputs = np.array([inputs_of(operator)[0], held.index], np.int32)
        builder.keep(operator)
    graph.operators = builder.operators
    return sorted({name for value, name, _ in places.values() if value in unfit})


def _never_fit(model: schema.ModelT, graph: schema.SubGraphT, wanted: dict[int, Shape]) -> set[int]:
    """The values, of those by tensor, that have the shape wanted of them with no batch."""
    if any(shape_of(graph.tensors[int(index)]).count(None) > 1 for index in graph.inputs):
        return set()  # more is open than the batch
    own = {
        size
        for value, shape in wanted.items()
        for size, given in zip(shape, shape_of(graph.tensors[value]), strict=True)
        if size and given is None
    }
    batches = dict.fromkeys((*own, *_BATCHES))  # first those that may fit
    if len(batches) > _MOST_TRIED:
        return set()
    unfit = set(wanted)
    for batch in batches:
        given = _shapes_with(model, graph, batch)
        unfit = {v for v in unfit if v in given and given[v] != wanted[v]}
        if not unfit:
            break
    return unfit


def _shapes_with(model: schema.ModelT, graph: schema.SubGraphT, batch: int) -> dict[int, Shape]:
    """The shapes of the tensors of which a batch of that many samples leaves nothing open."""
    sized = copy_of(graph)
    for index in map(int, sized.inputs):
        shape = shape_of(sized.tensors[index])
        declare_shape(sized.tensors[index], tuple(batch if s is None else s for s in shape))
    builder = Builder(model, sized)
    try:
        for operator in sized.operators:
            builder.keep(operator)
    except LoweringError:  # no such batch
        return {}
    shapes = {index: shape_of(tensor) for index, tensor in enumerate(sized.tensors)}
    return {index: shape for index, shape in shapes.items() if None not in shape}
