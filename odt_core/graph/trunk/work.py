"""How much there is to compute for each sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Shape, shape_of

_TOGETHER = 16  # multiplications that take as long as writing one number


def work_of(model: schema.ModelT, graph: schema.SubGraphT) -> int:
    """Numbers that a subgraph writes for each sample, its multiplications in as much time."""
    total = 0
    for operator in graph.operators:
        shapes = [shape_of(graph.tensors[i]) if i >= 0 else () for i in inputs_of(operator)]
        for index in outputs_of(operator):
            shape = shape_of(graph.tensors[index])
            if None in shape:
                numbers = _size(shape)
                total += numbers + numbers * _for_each(model, operator, shapes) // _TOGETHER
    return total


def _for_each(model: schema.ModelT, operator: schema.OperatorT, shapes: Sequence[Shape]) -> int:
    """Multiplications for each number of a result."""
    name = name_of(model, operator)
    if name in ("CONV_2D", "CONV_3D", "TRANSPOSE_CONV"):
        return _size(shapes[1][1:])
    if name == "DEPTHWISE_CONV_2D":
        return _size(shapes[1][1:3])
    if name == "FULLY_CONNECTED":
        return _size(shapes[1][-1:])
    if name == "BATCH_MATMUL":
        adjoint = getattr(operator.builtinOptions, "adjX", False)
        return _size(shapes[0][-2:-1] if adjoint else shapes[0][-1:])
    return 0


def _size(shape: Shape) -> int:
    return math.prod(size for size in shape if size is not None)
