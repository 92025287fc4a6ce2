"""Inputs that take pixels from 0 to 255: a model that brings them to 0..1 or −1..1 by itself."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flow import LAYOUT, SIZES
from odt_core.graph.operators import inputs_of, name_of, outputs_of, readers_of
from odt_core.graph.tensor import constant_of

_MOVES = LAYOUT | {"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TRANSPOSE"}
_NEAR = 0.02  # by which an end may be off, as of division by 256

Line = tuple[float, float]  # a and b of a·x + b


def pixel_inputs(model: schema.ModelT, graph: schema.SubGraphT) -> set[int]:
    """The inputs of which all that reads them gets 0..255 as about 0..1 or −1..1, by constants that
    they are first multiplied with, divided by, or shifted by.
    """
    readers = readers_of(graph)
    inputs = [] if graph.inputs is None else [int(one) for one in graph.inputs]
    return {one for one in inputs if _takes_pixels(model, graph, readers, one)}


def _takes_pixels(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    readers: dict[int, list[schema.OperatorT]],
    tensor: int,
) -> bool:
    lines: set[Line] = set()  # at what computes with the result
    waiting: list[tuple[int, Line]] = [(tensor, (1.0, 0.0))]
    while waiting:
        at, line = waiting.pop()
        for operator in readers.get(at, ()):
            name = name_of(model, operator)
            if name in SIZES or (name in _MOVES and inputs_of(operator)[0] != at):
                continue  # it reads a size, or this as one: else a tensor would have many ways here
            then = line if name in _MOVES else _after(model, graph, operator, at, line)
            if then is None:
                lines.add(line)
            else:
                waiting += [(output, then) for output in outputs_of(operator)]
    return bool(lines) and all(_is_unit(line) for line in lines)


def _after(
    model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT, tensor: int, at: Line
) -> Line | None:
    """The line after an op with one constant number; None where it does something else."""
    name, reads = name_of(model, operator), inputs_of(operator)
    if name not in ("ADD", "DIV", "MUL", "SUB") or len(reads) != 2:
        return None
    first = reads[0] == tensor
    constant = constant_of(model, graph.tensors[reads[1] if first else reads[0]])
    if constant is None or constant.size == 0 or (constant != constant.flat[0]).any():
        return None
    (a, b), number = at, float(constant.flat[0])
    if name == "ADD":
        return a, b + number
    if name == "MUL":
        return a * number, b * number
    if name == "SUB":
        return (a, b - number) if first else (-a, number - b)
    return (a / number, b / number) if first and number else None


def _is_unit(line: Line) -> bool:
    """Whether it takes 0 to 0 or −1, and 255 to 1."""
    factor, offset = line
    low = min(abs(offset), abs(offset + 1))
    return low <= _NEAR and abs(255 * factor + offset - 1) <= _NEAR
