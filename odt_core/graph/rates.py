"""Which inputs are learning rates: a single number by which all that samples do to a variable is
multiplied, last of all.
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.loss_facts import PRODUCTS
from odt_core.graph.one_column import column_products, turned_products
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import dtype_of, has_dtype, shape_of
from odt_core.graph.variables import key_in, variable_name

# Ops of one operand that hand on a multiple of a rate as one.
_LAYOUT = frozenset({"BROADCAST_TO", "CAST", "EXPAND_DIMS", "NEG", "RESHAPE", "SQUEEZE"})
# What a tensor is made of, as bits: the rate alone, samples, and samples times the rate.
_RATE, _RAW, _SCALED = 1, 2, 4


def rates_of(model: schema.ModelT, graph: schema.SubGraphT) -> dict[int, tuple[str, ...]]:
    """By each input that is one: names of the variables whose changes it scales, sorted.

    A number that scales the loss is none: gradients go through layers after it.
    """
    inputs = [int(index) for index in graph.inputs]
    single = {index for index in inputs if _is_single(graph.tensors[index])}
    data = [index for index in inputs if index not in single]
    if not single:
        return {}
    columns = column_products(model, graph) | turned_products(model, graph)
    found = {one: _scaled(model, graph, one, data, columns) for one in inputs if one in single}
    return {index: names for index, names in found.items() if names}


def _is_single(tensor: schema.TensorT) -> bool:
    known = has_dtype(tensor.type) and dtype_of(tensor.type).kind == "f"
    return known and all(size == 1 for size in shape_of(tensor))


def _scaled(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    rate: int,
    data: list[int],
    columns: dict[int, list[int]],
) -> tuple[str, ...]:
    made = dict.fromkeys(data, _RAW) | {rate: _RATE}
    handles: dict[int, str] = {}
    held: dict[str, int] = {}
    for operator in graph.operators or []:
        name, reads = name_of(model, operator), [i for i in inputs_of(operator) if i >= 0]
        if id(operator) in columns:
            name, reads = "BATCH_MATMUL", columns[id(operator)]
        if name == "VAR_HANDLE":
            handles[outputs_of(operator)[0]] = variable_name(key_in(operator.builtinOptions))
            continue
        variable = handles.get(reads[0], "") if reads else ""
        if name == "ASSIGN_VARIABLE":
            held[variable] = made.get(reads[1], 0)
            continue
        given = [made.get(index, 0) for index in reads]
        result = held.get(variable, 0) if name == "READ_VARIABLE" else _result(name, given)
        made |= dict.fromkeys(outputs_of(operator), result)
    return tuple(sorted(name for name, kind in held.items() if kind == _SCALED))


def _result(name: str, given: list[int]) -> int:
    """What an op makes of what its operands are made of."""
    every = 0
    for kind in given:
        every |= kind
    factors = given if name == "MUL" else given[:1] if name == "DIV" else []
    if _SCALED in factors or (_RATE in factors and every != _RATE):
        return _SCALED
    if name in PRODUCTS and every & _SCALED:
        return every | _RAW
    alone = every == _RATE and (name in _LAYOUT or _RATE in factors or given.count(0) == 0)
    return _RATE if alone else every & ~_RATE
