"""Checks of the order of things: nothing is read before it is written, nobody calls himself.

LiteRT runs ops in the order of the file and gives tensors memory only while somebody writes and
reads them: reading one that nobody wrote, or writing a constant, kills the process.
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.checks.damage import demand
from odt_core.graph.operators import called_by, inputs_of, name_of, outputs_of
from odt_core.graph.tensor import shape_of

_MOST_NESTED = 32  # subgraphs that call one another, each one's frames on the stack

# Ops that may do without some inputs (−1 in the file), and the first input that may be missing.
_OPTIONAL_FROM = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": 1,
    "BIDIRECTIONAL_SEQUENCE_RNN": 1,
    "CONV_2D": 2,
    "CONV_3D": 2,
    "CONV_3D_TRANSPOSE": 3,
    "DEPTHWISE_CONV_2D": 2,
    "FULLY_CONNECTED": 2,
    "LSTM": 1,
    "SVDF": 4,
    "TRANSPOSE_CONV": 3,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 1,
}


def check_flow(model: schema.ModelT) -> None:
    """ModelError when an op reads what is not there yet, or writes what is not its own."""
    for graph in model.subgraphs:
        fixed = {index for index, tensor in enumerate(graph.tensors) if _is_fixed(model, tensor)}
        fixed.update(int(index) for index in graph.inputs)
        empty = {index for index, tensor in enumerate(graph.tensors) if 0 in shape_of(tensor)}
        empty.difference_update(*(outputs_of(operator) for operator in graph.operators))
        there = set(fixed)
        for operator in graph.operators:
            custom = model.operatorCodes[operator.opcodeIndex].customCode is not None
            first = 0 if custom else _OPTIONAL_FROM.get(name_of(model, operator), 1 << 30)
            for place, index in enumerate(inputs_of(operator)):
                if index < 0:
                    demand(place >= first, "an op without an input that it needs")
                else:
                    demand(
                        index in there or index in empty,
                        "an op that reads a tensor before it is written",
                    )
            for index in outputs_of(operator):
                demand(index not in fixed, "an op that writes a constant or an input")
                demand(index not in there, "a tensor that two ops write")
                there.add(index)
        for index in graph.outputs:
            demand(int(index) in there or int(index) in empty, "an output that no op writes")


def _is_fixed(model: schema.ModelT, tensor: schema.TensorT) -> bool:
    """Whether a tensor holds something before any op has run."""
    data = model.buffers[tensor.buffer].data
    return bool(tensor.isVariable) or (data is not None and len(data) > 0)


def check_calls(model: schema.ModelT) -> None:
    """ModelError when subgraphs call one another in a circle or without end."""
    depths: dict[int, int] = {}
    open_: set[int] = set()

    def depth(index: int, above: int) -> int:
        demand(index not in open_, "subgraphs that call one another in a circle")
        demand(above <= _MOST_NESTED, f"more than {_MOST_NESTED} subgraphs that call one another")
        if index not in depths:
            open_.add(index)
            called = {c for o in model.subgraphs[index].operators for c in called_by(model, o)}
            depths[index] = 1 + max((depth(c, above + 1) for c in called), default=0)
            open_.remove(index)
        demand(
            depths[index] + above <= _MOST_NESTED,
            f"more than {_MOST_NESTED} subgraphs that call one another",
        )
        return depths[index]

    for index in range(len(model.subgraphs)):
        depth(index, 0)
