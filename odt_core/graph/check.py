"""Checks that every index in a parsed .tflite points at something, before anyone follows it."""

from __future__ import annotations

from collections.abc import Iterable

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError
from odt_core.graph.operators import called_by, inputs_of, outputs_of

_MOST_DIMENSIONS = 16


def check(model: schema.ModelT) -> None:
    """Raises ModelError when the model's parts do not fit together."""
    for buffer in model.buffers:
        if buffer.offset and buffer.offset > 1:
            raise ModelError(
                "This .tflite keeps its weights outside its graph (over 2 GB). Such models "
                "cannot be edited; convert a smaller one."
            )
    codes, buffers = len(model.operatorCodes), len(model.buffers)
    for graph in model.subgraphs:
        graph.tensors = graph.tensors or []
        graph.operators = graph.operators or []
        count = len(graph.tensors)
        for tensor in graph.tensors:
            _demand(0 <= tensor.buffer < buffers, "a tensor has no buffer")
            for sizes in (tensor.shape, tensor.shapeSignature):
                _demand(sizes is None or len(sizes) <= _MOST_DIMENSIONS, "a tensor's shape")
        _within(graph.inputs, count, "a subgraph's input")
        _within(graph.outputs, count, "a subgraph's output")
        for operator in graph.operators:
            _demand(0 <= operator.opcodeIndex < codes, "an op has no kind")
            _within(inputs_of(operator), count, "an op's input", optional=True)
            _within(outputs_of(operator), count, "an op's output")
            _within(operator.intermediates, count, "an op's intermediate", optional=True)
            _within(called_by(model, operator), len(model.subgraphs), "a called subgraph")
    for signature in model.signatureDefs or []:
        _demand(0 <= signature.subgraphIndex < len(model.subgraphs), "a signature's subgraph")
        graph = model.subgraphs[signature.subgraphIndex]
        for entry in [*(signature.inputs or []), *(signature.outputs or [])]:
            _demand(0 <= entry.tensorIndex < len(graph.tensors), "a signature's tensor")
    for entry in model.metadata or []:
        _demand(0 <= entry.buffer < buffers, "a metadata buffer")


def _within(values: Iterable[int] | None, count: int, what: str, optional: bool = False) -> None:
    lowest = -1 if optional else 0
    for value in [] if values is None else values:
        _demand(lowest <= int(value) < count, what)


def _demand(condition: bool, what: str) -> None:
    if not condition:
        raise ModelError(
            f"The .tflite is damaged: {what} points at nothing. Copy or convert it again."
        )
