"""Putting another form of an op in its place: the new tensor is read wherever the old one was."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.operators import outputs_of
from odt_core.graph.tensor import Shape, Tensor, declare_shape, shape_of

# What to put in an op's place; None: the op itself.
Form = Callable[[Builder, schema.OperatorT], Tensor | None]
# Old tensors' numbers and the new ones'.
Replaced = dict[int, int]


def keep_or_reform(
    builder: Builder, operator: schema.OperatorT, form: Form, replaced: Replaced
) -> None:
    """Append a builtin op in its other form, or as it is where it has none."""
    start = len(builder.operators)
    try:
        new = form(builder, operator)
        if new is not None:
            (old,) = outputs_of(operator)
            refine(builder.graph.tensors[new.index], builder.tensor(old))
    except LoweringError:  # no such form for these shapes; the op itself works
        del builder.operators[start:]
        new = None
    if new is None:
        builder.keep(operator)
        return
    replaced[old] = new.index


def refine(raw: schema.TensorT, old: Tensor) -> None:
    """Keep what the file knew of a shape when its op's replacement knows less.

    Raises LoweringError when the replacement holds another count of numbers.
    """
    shape = shape_of(raw)
    if _contradict(shape, old.shape):
        raise LoweringError(f"its output should be of shape {old.shape}, not {shape}.")
    if len(shape) != old.rank or None not in shape:
        return
    sizes = tuple(o if n is None else n for n, o in zip(shape, old.shape, strict=True))
    declare_shape(raw, sizes)


def _contradict(new: Shape, old: Shape) -> bool:
    """Whether shapes that are open along the same axes hold different counts of numbers.

    The same numbers may lie in another order (rules/blocks.py), and the converter declares outputs
    that nobody reads as empty.
    """
    if [size is None for size in new] != [size is None for size in old] or 0 in old:
        return False
    count, wanted = (math.prod(n for n in shape if n is not None) for shape in (new, old))
    return count != wanted


def moved(values: object, replaced: Replaced) -> np.ndarray:
    """Tensor numbers, int32, after replacement; none for None."""
    indices = [] if values is None else values
    return np.array([replaced.get(int(i), int(i)) for i in indices], np.int32)  # type: ignore[attr-defined]


def finish(model: schema.ModelT, builder: Builder, replaced: Replaced) -> None:
    """Give the subgraph the builder's ops, and its outputs the new tensors."""
    graph = builder.graph
    graph.operators = builder.operators
    graph.outputs = moved(graph.outputs, replaced)
    for signature in model.signatureDefs or []:
        if model.subgraphs[signature.subgraphIndex] is graph:
            for entry in signature.outputs or []:
                entry.tensorIndex = replaced.get(entry.tensorIndex, entry.tensorIndex)


def rewrite(model: schema.ModelT, graph: schema.SubGraphT, form: Form) -> None:
    """Replaces each op of a subgraph by what `form` makes of it, where it makes something."""
    builder, replaced = Builder(model, graph), Replaced()
    for operator in list(graph.operators):
        operator.inputs = moved(operator.inputs, replaced)
        keep_or_reform(builder, operator, form, replaced)
    finish(model, builder, replaced)
