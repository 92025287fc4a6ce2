"""The number of samples as an input of its own: what a mean over a batch divides by."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.building.batch import dynamic_axis
from odt_core.graph.building.known_shapes import OpenSize, contents
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.tensor import Tensor


def take_count(model: schema.ModelT, graph: schema.SubGraphT) -> int:
    """Has a subgraph divide by a new float32 input [] where it divides by the size of its batch.

    The size of what it is fed stays what shapes are made of. Returns the new input's tensor.
    """
    count = Builder(model, graph).new((), np.float32, "count")

    def form(b: Builder, operator: schema.OperatorT) -> Tensor | None:
        name = name_of(b.model, operator)
        if name == "CAST":
            return _size_as_number(b, operator, count)
        return _mean(b, operator, count) if name == "MEAN" else None

    rewrite(model, graph, form)
    graph.inputs = np.append(graph.inputs, count.index).astype(np.int32)
    return count.index


def _size_as_number(b: Builder, operator: schema.OperatorT, count: Tensor) -> Tensor | None:
    size, output = b.tensor(inputs_of(operator)[0]), b.tensor(outputs_of(operator)[0])
    if size.dtype.kind not in "iu" or output.dtype != np.float32:
        return None
    found = contents(b, size)
    if found is None or found.size != 1:
        return None
    known = found.item()
    if isinstance(known, OpenSize):
        return b.mul(count, np.full(found.shape, known.times, np.float32))
    return None if known is None else b.constant(np.full(found.shape, known, np.float32))


def _mean(b: Builder, operator: schema.OperatorT, count: Tensor) -> Tensor | None:
    x, axes = (b.tensor(index) for index in inputs_of(operator))
    axis = dynamic_axis(x)
    if axis is None or axes.const is None:
        return None
    over = [int(one) % x.rank for one in axes.const.reshape(-1)]
    if axis not in over:
        return None
    source = b.batch_source(x)
    if source is None or x.dtype != np.float32:
        return None
    entries = source[1] * int(np.prod([x.dim(one) for one in over if one != axis]))
    keep = bool(getattr(operator.builtinOptions, "keepDims", False))
    return b.div(b.sum(x, over, keep), b.mul(count, float(entries)))
