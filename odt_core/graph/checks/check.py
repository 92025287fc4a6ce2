"""Checks that the parts of a parsed .tflite fit together, before anyone follows an index of it.

LiteRT trusts much of what it loads: about 3 % of mutated files that parse well kill the process.
What is known to do so is refused here, with ModelError. Other checks, each for one kind of damage:
`check_flow`, `check_sizes`, `check_operators`, `check_variables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError, OdtError
from odt_core.graph.checks.damage import damaged, demand
from odt_core.graph.checks.flow import check_calls, check_flow
from odt_core.graph.checks.operators import check_operators
from odt_core.graph.checks.sizes import check_sizes
from odt_core.graph.checks.variables import check_variables
from odt_core.graph.operators import called_by, inputs_of, outputs_of


def check(model: schema.ModelT) -> None:
    """Raises ModelError when the model's parts do not fit together."""
    for buffer in model.buffers:
        if (buffer.offset and buffer.offset > 1) or (buffer.size and buffer.size > 1):
            raise ModelError(
                "This .tflite keeps its weights outside its graph (over 2 GB). Such models "
                "cannot be edited; convert a smaller one."
            )
    for graph in model.subgraphs:
        graph.tensors = graph.tensors or []
        graph.operators = graph.operators or []
        graph.inputs = [] if graph.inputs is None else graph.inputs
        graph.outputs = [] if graph.outputs is None else graph.outputs
    _check_indices(model)
    _check_signatures(model)
    check_sizes(model)
    check_operators(model)
    check_calls(model)
    check_flow(model)
    check_variables(model)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a damaged model makes of code that reads it becomes a ModelError too.

    The checks above know the damage that has been seen; this is for what has not.
    """
    try:
        yield
    except OdtError:
        raise
    except (
        ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RecursionError,
        TypeError, ValueError,
    ) as error:  # fmt: skip
        raise damaged("an op that makes no sense where it stands") from error


def _check_indices(model: schema.ModelT) -> None:
    codes, buffers = len(model.operatorCodes), len(model.buffers)
    for graph in model.subgraphs:
        count = len(graph.tensors)
        for tensor in graph.tensors:
            demand(0 <= tensor.buffer < buffers, "a tensor without a buffer")
        _within(graph.inputs, count, "a subgraph whose input does not exist")
        _within(graph.outputs, count, "a subgraph whose output does not exist")
        for operator in graph.operators:
            demand(0 <= operator.opcodeIndex < codes, "an op of no kind")
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
    for entry in model.metadata or []:
        demand(0 <= entry.buffer < buffers, "metadata that does not exist")
    _within(model.metadataBuffer, buffers, "metadata that does not exist")


def _check_signatures(model: schema.ModelT) -> None:
    keys = set()
    for signature in model.signatureDefs or []:
        demand(
            0 <= signature.subgraphIndex < len(model.subgraphs),
            "a signature whose subgraph does not exist",
        )
        key = bytes(signature.signatureKey or b"")
        demand(key not in keys, "two signatures of one name")
        keys.add(key)
        graph = model.subgraphs[signature.subgraphIndex]
        for entries, ends in ((signature.inputs, graph.inputs), (signature.outputs, graph.outputs)):
            names, own = set(), {int(index) for index in ends}
            for entry in entries or []:
                demand(
                    0 <= entry.tensorIndex < len(graph.tensors),
                    "a signature whose tensor does not exist",
                )
                demand(
                    entry.tensorIndex in own,
                    "a signature whose tensor its subgraph does not take or return",
                )
                names.add(bytes(entry.name or b""))
            demand(len(names) == len(entries or []), "a signature with two tensors of one name")


def _within(values: Iterable[int] | None, count: int, what: str, optional: bool = False) -> None:
    lowest = -1 if optional else 0
    for value in [] if values is None else values:
        demand(lowest <= int(value) < count, what)
