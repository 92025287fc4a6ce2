"""Reading operators of a .tflite: their names, their tensors, the subgraphs they call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.signature import plain_name

_BUILTINS = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}

MOST_CALLS = 1_000  # of subgraphs that one look follows: no file may take longer

# Ops that matter although nobody reads what they return.
_EFFECTS = frozenset({"ASSIGN_VARIABLE", "CALL_ONCE", "HASHTABLE_IMPORT", "WHILE", "IF", "CALL"})

_CALLED = {
    "CALL_ONCE": ("initSubgraphIndex",),
    "IF": ("thenSubgraphIndex", "elseSubgraphIndex"),
    "WHILE": ("condSubgraphIndex", "bodySubgraphIndex"),
    "CALL": ("subgraph",),
    "STABLEHLO_REDUCE": ("bodySubgraphIndex",),
    "STABLEHLO_REDUCE_WINDOW": ("bodySubgraphIndex",),
    "STABLEHLO_SCATTER": ("updateComputationSubgraphIndex",),
    "STABLEHLO_SORT": ("comparatorSubgraphIndex",),
    "STABLEHLO_WHILE": ("condSubgraphIndex", "bodySubgraphIndex"),
    "STABLEHLO_COMPOSITE": ("decompositionSubgraphIndex",),
}


def name_of(model: schema.ModelT, operator: schema.OperatorT) -> str:
    """The op's name: as in the schema's BuiltinOperator, or the custom op's own."""
    code = model.operatorCodes[operator.opcodeIndex]
    if code.customCode is not None:
        return plain_name(code.customCode)
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _BUILTINS.get(number) or f"BUILTIN_{number}"


def inputs_of(operator: schema.OperatorT) -> list[int]:
    """Tensor indices the op reads; −1 stands for an optional input left out."""
    return _indices(operator.inputs)


def outputs_of(operator: schema.OperatorT) -> list[int]:
    """Tensor indices the op writes."""
    return _indices(operator.outputs)


def readers_of(graph: schema.SubGraphT) -> dict[int, list[schema.OperatorT]]:
    """Tensor index -> the operators that read it, each once; none for others."""
    readers: dict[int, list[schema.OperatorT]] = defaultdict(list)
    for operator in graph.operators:
        for index in dict.fromkeys(inputs_of(operator)):
            readers[index].append(operator)
    return readers


def called_by(model: schema.ModelT, operator: schema.OperatorT) -> list[int]:
    """Indices of the subgraphs that the op runs."""
    fields = _CALLED.get(name_of(model, operator), ())
    options = operator.builtinOptions or operator.builtinOptions2
    return [int(getattr(options, field)) for field in fields if hasattr(options, field)]


def run_from(model: schema.ModelT, starts: Iterable[int], *, initialisers: bool = True) -> set[int]:
    """Indices of these subgraphs and of all that they run, directly or not. initialisers: also what
    runs once, before the first call.
    """
    reached: set[int] = set()
    waiting = list(starts)
    while waiting:
        index = waiting.pop()
        if index in reached:
            continue
        reached.add(index)
        for operator in model.subgraphs[index].operators:
            if initialisers or name_of(model, operator) != "CALL_ONCE":
                waiting += called_by(model, operator)
    return reached


def call_others(model: schema.ModelT, operator: schema.OperatorT, place: Mapping[int, int]) -> None:
    """Has the op run other subgraphs: those at `place` of the ones it runs now."""
    options = operator.builtinOptions or operator.builtinOptions2
    for field in _CALLED.get(name_of(model, operator), ()):
        if hasattr(options, field):
            setattr(options, field, place[int(getattr(options, field))])


PRINTS = frozenset({"FlexPrintV2"})  # to nobody, on a phone


def has_effect(model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT) -> bool:
    """Whether the op does more than compute its outputs, so that it must stay."""
    name = name_of(model, operator)
    if name in PRINTS:
        return False
    if name in _EFFECTS or not outputs_of(operator):
        return True
    # a custom op may do anything; Flex ops with an effect are known by name
    custom = model.operatorCodes[operator.opcodeIndex].customCode is not None
    if custom and not name.startswith("Flex"):
        return True
    # LSTM, RNN and SVDF kernels keep their state in variable inputs
    return any(index >= 0 and graph.tensors[index].isVariable for index in inputs_of(operator))


def _indices(values: object) -> list[int]:
    return [] if values is None else np.asarray(values).tolist()
