"""Two more signatures over all variables of a model: odt_get_state and odt_set_state.

odt_get_state() -> v0..vN and odt_set_state(v0..vN) -> count; vK is the K-th variable of
`ModelDescription.variables` (sorted by name). Both run the model's initialisers first (CALL_ONCE):
in a fresh interpreter the state read is the initial one, and a state that was set is not undone
when another signature is called for the first time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.resources import assign, handle
from odt_core.graph.signature import add_signature, ends, plain_name
from odt_core.graph.tensor import Tensor, dtype_of, has_dtype, shape_of
from odt_core.graph.variables import Variable, find_variables, initialisers

GET_STATE, SET_STATE = "odt_get_state", "odt_set_state"


def add_state_signatures(model: schema.ModelT) -> None:
    """Adds the two signatures, in the place of any of their names that are of other variables,
    unless the model has no variable or has them already.
    """
    variables = find_variables(model)
    if _are_there(model, variables):
        return
    once = initialisers(model)
    model.signatureDefs = [
        one
        for one in model.signatureDefs or []
        if plain_name(one.signatureKey) not in (GET_STATE, SET_STATE)
    ]

    getter = _open(model, GET_STATE, once)
    values = [_read(getter, variable) for variable in variables]
    keyed = {f"v{index}": value for index, value in enumerate(values)}
    _close(getter, GET_STATE, {}, keyed)

    setter = _open(model, SET_STATE, once)
    taken = {}
    for index, variable in enumerate(variables):
        value = setter.new(variable.shape, variable.dtype, variable.name)
        taken[f"v{index}"] = value
        assign(setter, handle(setter, variable.key), value)
    count = setter.constant(np.array(len(variables), np.int32))
    _close(setter, SET_STATE, taken, {"count": count})


def state_ops(model: schema.ModelT) -> int:
    """How many ops `add_state_signatures` would add: in each signature one runs each initialiser,
    and two read or assign each variable.
    """
    variables = find_variables(model)
    each = len(initialisers(model)) + 2 * len(variables)
    return 0 if _are_there(model, variables) else 2 * each


def has_state_signatures(model: schema.ModelT) -> bool:
    """Whether the model has the two signatures of its variables, or no variable."""
    return _are_there(model, find_variables(model))


def _are_there(model: schema.ModelT, variables: Sequence[Variable]) -> bool:
    signatures = {plain_name(one.signatureKey): one for one in model.signatureDefs or []}
    getter, setter = signatures.get(GET_STATE), signatures.get(SET_STATE)
    if getter is None or setter is None:
        return not variables
    wanted = {f"v{at}": (one.dtype, len(one.shape)) for at, one in enumerate(variables)}
    return all(
        {key: _kind(graph.tensors[index]) for key, index in ends(entries).items()} == wanted
        for graph, entries in (
            (model.subgraphs[getter.subgraphIndex], getter.outputs),
            (model.subgraphs[setter.subgraphIndex], setter.inputs),
        )
    )


def _kind(tensor: schema.TensorT) -> tuple[np.dtype | None, int]:
    """What no op changes of a variable on its way: its numbers and how many axes it has."""
    return dtype_of(tensor.type) if has_dtype(tensor.type) else None, len(shape_of(tensor))


def _open(model: schema.ModelT, name: str, once: Sequence[int]) -> Builder:
    graph = schema.SubGraphT()
    graph.name = name.encode()
    graph.tensors, graph.operators = [], []
    builder = Builder(model, graph)
    for index in once:
        call_once(builder, index)
    return builder


def call_once(builder: Builder, index: int) -> None:
    """Run a subgraph unless this interpreter has run it already."""
    options = schema.CallOnceOptionsT()
    options.initSubgraphIndex = index
    builder.emit("CALL_ONCE", [], [], options)


def _close(
    builder: Builder, name: str, inputs: dict[str, Tensor], outputs: dict[str, Tensor]
) -> None:
    builder.graph.operators = builder.operators
    add_signature(
        builder.model,
        builder.graph,
        name,
        {key: tensor.index for key, tensor in inputs.items()},
        {key: tensor.index for key, tensor in outputs.items()},
    )


def _read(builder: Builder, variable: Variable) -> Tensor:
    value = builder.new(variable.shape, variable.dtype, variable.name)
    builder.emit(
        "READ_VARIABLE", [handle(builder, variable.key)], [value], schema.ReadVariableOptionsT()
    )
    return value
