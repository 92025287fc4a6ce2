"""A scalar that multiplies a product, moved to the smaller factor: s·(xᵀ·d) = xᵀ·(s·d).

A learning rate scales the gradient of a weight matrix, one pass over as many numbers as the layer
has weights; scaled before the product it is one over the layer's outputs.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.tensor import Tensor

_BATCH = 64  # samples a step, at most, for which the move should pay


def scale_smaller_factor(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Has every scalar that multiplies a product xᵀ·d alone multiply d, where d is smaller."""
    readers = Counter(index for operator in graph.operators for index in inputs_of(operator))
    readers.update(int(index) for index in graph.outputs)

    def form(b: Builder, operator: schema.OperatorT) -> Tensor | None:
        return _scaled(b, operator, readers)

    rewrite(model, graph, form)


def _scaled(b: Builder, operator: schema.OperatorT, readers: Counter[int]) -> Tensor | None:
    if name_of(b.model, operator) != "MUL" or operator.builtinOptions.fusedActivationFunction:
        return None
    parts = [b.tensor(index) for index in inputs_of(operator)]
    scalars = [part for part in parts if part.rank == 0 and part.dtype == np.float32]
    products = [part for part in parts if part.rank == 2]
    if len(scalars) != 1 or len(products) != 1 or readers[products[0].index] != 1:
        return None
    producer = b.producer(products[0])
    if producer is None or name_of(b.model, producer) != "BATCH_MATMUL":
        return None
    left, right = (b.tensor(index) for index in inputs_of(producer))
    options = producer.builtinOptions
    if not options.adjX or options.adjY or left.rank != 2 or right.rank != 2:
        return None
    batch, height = b.batch_source(right), products[0].shape[0]
    rows = right.shape[0] or (batch[1] * _BATCH if batch else None)
    if rows is None or height is None or rows >= height:
        return None
    return b.matmul(left, b.mul(right, scalars[0]), transpose_a=True)
