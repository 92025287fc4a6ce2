"""Kernels of convolutions as float32 where a file has them as float16 but their biases as float32.

LiteRT 1.1.2 to 1.3.0 packs the two for XNNPACK as if both were float16: it refuses a depthwise
convolution, and any other than that of single pixels gives wrong numbers. Odt made such files.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.prune import remove_dead_ops, share_buffers
from odt_core.graph.tensor import Tensor


def widen_kernels(model: schema.ModelT) -> None:
    """Has such convolutions read float32: the same numbers, so the same results."""
    any_changed = False
    for graph in model.subgraphs:
        b = Builder(model, graph)
        narrow = {
            outputs_of(operator)[0]: b.tensor(inputs_of(operator)[0])
            for operator in graph.operators
            if name_of(model, operator) == "DEQUANTIZE"
        }
        changed = [_widened(b, operator, narrow) for operator in graph.operators]
        if any(changed):
            remove_dead_ops(model, graph)
            any_changed = True
    if any_changed:
        share_buffers(model)  # signatures that had one kernel each widened their own


def is_packed_apart(b: Builder, operator: schema.OperatorT) -> bool:
    """Whether an op is a convolution that XNNPACK does not compute as a product of matrices."""
    name, options = name_of(b.model, operator), operator.builtinOptions
    if name != "CONV_2D":
        return name == "DEPTHWISE_CONV_2D"
    pixels = b.tensor(inputs_of(operator)[1]).shape[1:3]  # none of a shape that is not known
    return (*pixels, options.strideH, options.strideW) != (1, 1, 1, 1)


def _widened(b: Builder, operator: schema.OperatorT, narrow: dict[int, Tensor]) -> bool:
    if not is_packed_apart(b, operator):
        return False
    image, kernel, *bias = inputs_of(operator)
    half = narrow.get(kernel)
    if half is None or half.const is None or half.dtype != np.float16:
        return False
    if any(index in narrow for index in bias):
        return False
    wide = b.constant(half.const.astype(np.float32))
    operator.inputs = np.array([image, wide.index, *bias], np.int32)
    return True
