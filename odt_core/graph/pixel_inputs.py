"""What black and white are to an input: 0 and 255 where a model brings these to 0..1 or −1..1 by
itself, or 0 and 255, or −1 and 1, where that is about what the numbers of a quantised input reach.
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flow import LAYOUT, SIZES
from odt_core.graph.lines import RESIZES, line_of
from odt_core.graph.operators import inputs_of, name_of, outputs_of, readers_of
from odt_core.graph.real_ends import real_range

_MOVES = LAYOUT | RESIZES | {"TRANSPOSE"}
_NEAR = 0.02  # by which an end may be off, as of division by 256

_GREY = 128  # of 255: a model may have been quantised with pictures that have no white in them

Line = tuple[float, float]  # a and b of a·x + b
Range = tuple[float, float]  # of what black is, to what white is
PIXELS, SIGNED = (0.0, 255.0), (-1.0, 1.0)


def pixel_inputs(model: schema.ModelT, graph: schema.SubGraphT) -> dict[int, Range]:
    """Black and white to the inputs of which they are known.

    (0, 255): all that reads the input gets 0..255 as about 0..1 or −1..1, by constants that it is
    first multiplied with, divided by, or shifted by.
    """
    readers = readers_of(graph)
    inputs = [] if graph.inputs is None else [int(one) for one in graph.inputs]
    found = {}
    for one in inputs:
        held = _held(model, graph, readers, one)
        if held is None and _takes_pixels(model, graph, readers, one):
            held = PIXELS
        if held is not None:
            found[one] = held
    return found


def _held(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    readers: dict[int, list[schema.OperatorT]],
    tensor: int,
) -> Range | None:
    """The one of both that a quantised input reaches about; None for any other input."""
    data = [one for one in readers.get(tensor, ()) if name_of(model, one) not in SIZES]
    if [name_of(model, one) for one in data] != ["QUANTIZE"]:
        return None
    reached = real_range(graph.tensors[outputs_of(data[0])[0]])
    if reached is None:
        return None
    low, high = reached
    if abs(low) <= _NEAR * 255 and _GREY <= high <= (1 + _NEAR) * 255:
        return PIXELS
    return SIGNED if abs(low + 1) <= _NEAR and abs(high - 1) <= _NEAR else None


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
    line = line_of(model, graph, operator, tensor)
    if line is None or any((one != one.flat[0]).any() for one in line):
        return None
    (a, b), (factor, offset) = at, (float(one.flat[0]) for one in line)
    return a * factor, b * factor + offset


def _is_unit(line: Line) -> bool:
    """Whether it takes 0 to 0 or −1, and 255 to 1."""
    factor, offset = line
    low = min(abs(offset), abs(offset + 1))
    return low <= _NEAR and abs(255 * factor + offset - 1) <= _NEAR
