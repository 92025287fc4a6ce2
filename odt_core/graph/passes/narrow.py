"""Matrix products with few columns: A·B = (Bᵀ·Aᵀ)ᵀ, and of one column a sum of products.

XNNPACK's kernels compute 16 or more columns at a time, however few there are, but only some 5 rows.
A product of two to eight columns, as in the head of a classifier and its gradient, is quicker with
these as rows.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.one_column import times_column, turned_times_column
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Tensor

# Up to so many columns it was faster at batch 32 and 128: of x·W, and of xᵀ·∂L/∂y.
_FEW, _FEW_OF_A_GRADIENT = 4, 8


def narrow_product(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """The faster form of a narrow BATCH_MATMUL; None for any other op."""
    if name_of(b.model, operator) != "BATCH_MATMUL":
        return None
    left, right = (b.tensor(index) for index in inputs_of(operator))
    y, options = b.tensor(outputs_of(operator)[0]), operator.builtinOptions
    if left.rank != 2 or right.rank != 2 or y.rank != 2 or left.dtype != np.float32:
        return None
    columns = y.shape[1]
    limit = _FEW_OF_A_GRADIENT if options.adjX else _FEW
    if columns is None or not 1 <= columns <= limit:
        return None
    if right.const is not None:
        return None  # packed once, when the model is loaded
    if columns == 1:
        return (turned_times_column if options.adjX else times_column)(b, left, right)
    turned = b.matmul(right, left, transpose_a=not options.adjY, transpose_b=not options.adjX)
    return b.transpose(turned, [1, 0])
