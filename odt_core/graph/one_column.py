"""Matrix products of one column, as where one number is predicted or one channel is drawn.

XNNPACK's kernels compute 16 or more columns at a time, however few there are, so that one is
several times quicker as a sum of products: MUL and SUM. Whoever asks what a model does should see
the product that it is.
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Tensor, shape_of


def times_column(b: Builder, x: Tensor, column: Tensor) -> Tensor | None:
    """x [N, K] times K numbers, [K, 1] or [1, K]: [N, 1]; None where K is open."""
    length = x.shape[1]
    if length is None:
        return None
    return b.sum(b.mul(x, b.reshape(column, (1, length))), [1], keepdims=True)


def turned_times_column(b: Builder, x: Tensor, column: Tensor) -> Tensor:
    """x [N, K] turned, times N numbers, [N, 1] or [1, N]: [K, 1]."""
    total = b.sum(b.mul(x, b.reshape(column, (x.shape[0], 1))), [0])
    return b.reshape(total, (x.shape[1], 1))


def column_products(model: schema.ModelT, graph: schema.SubGraphT) -> dict[int, list[int]]:
    """What `times_column` wrote: by id of each SUM the tensors that it multiplies, x and the
    numbers.
    """
    made_by = {i: one for one in graph.operators or [] for i in outputs_of(one)}
    found = {}
    for operator in graph.operators or []:
        if name_of(model, operator) != "SUM" or not operator.builtinOptions.keepDims:
            continue
        product = made_by.get(inputs_of(operator)[0])
        if product is None or name_of(model, product) != "MUL":
            continue
        x, row = inputs_of(product)
        turned = made_by.get(row)
        if turned is None or name_of(model, turned) != "RESHAPE":
            continue
        column = inputs_of(turned)[0]
        shapes = [shape_of(graph.tensors[index]) for index in (x, row, column)]
        length = shapes[1][-1] if len(shapes[1]) == len(shapes[0]) == 2 else None
        if shapes[1] == (1, length) and shapes[2] in ((length, 1), (1, length)):
            found[id(operator)] = [x, column]
    return found


def turned_products(model: schema.ModelT, graph: schema.SubGraphT) -> dict[int, list[int]]:
    """What `turned_times_column` wrote: by id of each SUM the tensors that it multiplies, x and the
    numbers.
    """
    made_by = {i: one for one in graph.operators or [] for i in outputs_of(one)}
    found = {}
    for operator in graph.operators or []:
        if name_of(model, operator) != "RESHAPE":
            continue
        total = made_by.get(inputs_of(operator)[0])
        if total is None or name_of(model, total) != "SUM" or total.builtinOptions.keepDims:
            continue
        product = made_by.get(inputs_of(total)[0])
        if product is None or name_of(model, product) != "MUL":
            continue
        x, column = inputs_of(product)
        shapes = [shape_of(graph.tensors[index]) for index in (x, column, outputs_of(operator)[0])]
        if shapes[0][1:] == shapes[2][:1] and shapes[1][1:] == shapes[2][1:] == (1,):
            found[id(total)] = [x, column]
    return found
