"""What is repeated over an image or a batch before it meets an array of that size.

LiteRT's BROADCAST_TO takes 8 ns a number, a hundred times as long as the op that reads it, and
gradients of means are full of it: of normalisation, of global pooling. Ops on two arrays broadcast
by themselves, and ops on one can come before. What is left adds to zeros.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.building.broadcast import broadcast
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.passes.prune import remove_dead_ops
from odt_core.graph.tensor import Tensor

# of two arrays that XNNPACK takes
ON_TWO = frozenset({"ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "SQUARED_DIFFERENCE", "SUB"})
_MOST_AXES = 6  # of arrays that LiteRT's kernels broadcast
_ON_ONE = frozenset(
    {"ABS", "EXP", "LOG", "LOGISTIC", "NEG", "RELU", "RELU6", "RSQRT", "SQRT", "SQUARE", "TANH"}
)


def without_broadcasts(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Takes BROADCAST_TO out of a subgraph."""
    for form in (_absorbed, _written):
        if any(name_of(model, operator) == "BROADCAST_TO" for operator in graph.operators):
            rewrite(model, graph, form)
            remove_dead_ops(model, graph)


def _absorbed(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """An op that reads what was broadcast, on what it was broadcast from."""
    name = name_of(b.model, operator)
    if name not in ON_TWO | _ON_ONE:
        return None
    inputs = [b.tensor(index) for index in inputs_of(operator)]
    makers = {t.index: maker for t in inputs if (maker := _broadcasting(b, t)) is not None}
    repeated = [tensor for tensor in inputs if tensor.index in makers]
    others = [tensor for tensor in inputs if tensor.index not in makers]
    y = b.tensor(outputs_of(operator)[0])
    if not repeated or y.rank > _MOST_AXES or any(t.rank != y.rank for t in repeated):
        return None
    sources = [b.tensor(inputs_of(makers[t.index])[0]) if t.index in makers else t for t in inputs]
    if others and _is_same_size(b, *repeated, *others):
        return b.again(operator, sources, y.shape)
    if not _is_same_size(b, *repeated) or not all(set(t.shape) <= {1} for t in others):
        return None
    try:
        shape = broadcast(sources[0].shape, sources[-1].shape)
    except LoweringError:
        return None
    small = b.again(operator, sources, shape)
    return b.broadcast_to(small, b.tensor(inputs_of(makers[repeated[0].index])[1]), y.shape)


def _broadcasting(b: Builder, tensor: Tensor) -> schema.OperatorT | None:
    operator = b.producer(tensor)
    if operator is None or name_of(b.model, operator) != "BROADCAST_TO":
        return None
    return operator if tensor.dtype == np.float32 else None


def _is_same_size(b: Builder, first: Tensor, *others: Tensor) -> bool:
    """Whether shapes are bound to be the same at run time too."""
    batch = b.batch_source(first)
    if None in first.shape and batch is None and others:
        return False
    return all(t.shape == first.shape and b.batch_source(t) == batch for t in others)


def _written(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """BROADCAST_TO as an addition to zeros."""
    if name_of(b.model, operator) != "BROADCAST_TO":
        return None
    x, shape = (b.tensor(index) for index in inputs_of(operator))
    y = b.tensor(outputs_of(operator)[0])
    if x.dtype != np.float32 or not 0 < y.rank <= _MOST_AXES:
        return None
    return b.add(b.fill(shape, 0.0, y.shape, np.float32), x)
