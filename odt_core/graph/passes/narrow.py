"""Matrix products with few columns, turned over: A·B = (Bᵀ·Aᵀ)ᵀ.

XNNPACK's kernels compute 16 or more columns at a time, however few there are, but only some 5 rows.
A product of two to eight columns, as in the head of a classifier and its gradient, is quicker with
these as rows.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.builder import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Tensor

# Up to so many columns it was faster at batch 1, 32 and 128: of x·W, and of xᵀ·∂L/∂y.
_FEW, _FEW_OF_A_GRADIENT = 4, 8
_LONG = 256  # shorter sums are too quick for it to matter


def narrow_product(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """The turned product of a narrow BATCH_MATMUL; None for any other op."""
    if name_of(b.model, operator) != "BATCH_MATMUL":
        return None
    left, right = (b.tensor(index) for index in inputs_of(operator))
    y, options = b.tensor(outputs_of(operator)[0]), operator.builtinOptions
    if left.rank != 2 or right.rank != 2 or y.rank != 2 or left.dtype != np.float32:
        return None
    columns = y.shape[1]
    longest = max((size for size in left.shape if size is not None), default=0)
    limit = _FEW_OF_A_GRADIENT if options.adjX else _FEW
    if columns is None or not 2 <= columns <= limit or longest < _LONG:
        return None
    if right.const is not None:
        return None  # packed once, when the model is loaded
    turned = b.matmul(right, left, transpose_a=not options.adjY, transpose_b=not options.adjX)
    return b.transpose(turned, [1, 0])
