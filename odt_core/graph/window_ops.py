"""What slides over an image, a builtin or a Flex op, as an op with TensorFlow's attributes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.flex import Attribute, FlexOp, Pooled, flex_name, read_flex
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Shape

ACTIVATIONS: dict[int, str | None] = {
    schema.ActivationFunctionType.NONE: None,
    schema.ActivationFunctionType.RELU: "RELU",
    schema.ActivationFunctionType.RELU6: "RELU6",
}


MAX_POOLS = frozenset({"MAX_POOL_2D", "FlexMaxPool"})


def in_graph(b: Builder, operator: schema.OperatorT, op: FlexOp) -> FlexOp:
    """The op with what its graph says of it: its outputs' shapes, and what others allow."""
    return replace(
        op,
        output_shapes=tuple(b.tensor(index).shape for index in outputs_of(operator)),
        pooled=b.pooled.get(id(operator), Pooled()),
        windows=b.windows.get(id(operator)),
    )


def kernel_of_variables(b: Builder, operator: schema.OperatorT) -> Shape | None:
    """(kh, kw) of a convolution or its transpose that the convolution's rules rewrite: its filter
    is no constant; None for others.
    """
    if flex_name(b.model, operator) is not None:
        return b.tensor(inputs_of(operator)[1]).shape[:2]
    inputs = [b.tensor(index) for index in inputs_of(operator) if index >= 0]
    fused = getattr(operator.builtinOptions, "fusedActivationFunction", None)
    if any(tensor.dtype not in (np.float32, np.int32) for tensor in inputs):
        return None
    weights = inputs[1]
    if weights.const is not None or weights.rank != 4 or fused not in ACTIVATIONS:
        return None
    grouped = name_of(b.model, operator) == "CONV_2D" and weights.shape[3] != inputs[0].shape[3]
    return None if grouped else weights.shape[1:3]


def window_op(b: Builder, operator: schema.OperatorT, name: str) -> FlexOp:
    """An op's strides, dilations, padding and, of a pool, window as attributes of the TensorFlow op
    `name`, with what its graph says of it.
    """
    if flex_name(b.model, operator) is not None:
        return in_graph(b, operator, read_flex(b.model, operator))
    options = operator.builtinOptions
    same = options.padding == schema.Padding.SAME
    attributes: dict[str, Attribute] = {
        "strides": [1, int(options.strideH), int(options.strideW), 1],
        "dilations": [
            1,
            int(getattr(options, "dilationHFactor", 1)),
            int(getattr(options, "dilationWFactor", 1)),
            1,
        ],
        "padding": b"SAME" if same else b"VALID",
    }
    if hasattr(options, "filterHeight"):
        attributes["ksize"] = [1, int(options.filterHeight), int(options.filterWidth), 1]
    return in_graph(b, operator, FlexOp(name, "", attributes))
