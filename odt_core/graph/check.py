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
            _demand(0 <= tensor.buffer < buffers, "a tensor without a buffer")
            for sizes in (tensor.shape, tensor.shapeSignature):
                _demand(
                    sizes is None or len(sizes) <= _MOST_DIMENSIONS,
                    "a tensor of more than 16 dimensions",
                )
        _within(graph.inputs, count, "a subgraph whose input does not exist")
        _within(graph.outputs, count, "a subgraph whose output does not exist")
        for operator in graph.operators:
            _demand(0 <= operator.opcodeIndex < codes, "an op of no kind")
            _within(inputs_of(operator), count, "an op whose input does not exist", optional=True)
            _within(outputs_of(operator), count, "an op whose output does not exist")
            _within(
                operator.intermediates,
                count,
                "an op whose intermediate tensor does not exist",
                optional=True,
            )
            _within(
                called_by(model, operator),
                len(model.subgraphs),
                "a call of a subgraph that does not exist",
            )
    for signature in model.signatureDefs or []:
        _demand(
            0 <= signature.subgraphIndex < len(model.subgraphs),
            "a signature whose subgraph does not exist",
        )
        graph = model.subgraphs[signature.subgraphIndex]
        for entry in [*(signature.inputs or []), *(signature.outputs or [])]:
            _demand(
                0 <= entry.tensorIndex < len(graph.tensors),
                "a signature whose tensor does not exist",
            )
    for entry in model.metadata or []:
        _demand(0 <= entry.buffer < buffers, "metadata that does not exist")


def _within(values: Iterable[int] | None, count: int, what: str, optional: bool = False) -> None:
    lowest = -1 if optional else 0
    for value in [] if values is None else values:
        _demand(lowest <= int(value) < count, what)


def _demand(condition: bool, what: str) -> None:
    if not condition:
        raise ModelError(f"The .tflite is damaged: it has {what}. Copy or convert it again.")
