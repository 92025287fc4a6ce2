"""What slides over an image, a builtin or a Flex op, as an op with TensorFlow's attributes."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.builder import Builder
from odt_core.graph.flex import Attribute, FlexOp, Pooled, flex_name, read_flex
from odt_core.graph.operators import outputs_of


def window_op(b: Builder, operator: schema.OperatorT, name: str) -> FlexOp:
    """An op's strides, dilations, padding and, of a pool, window as attributes of the TensorFlow op
    `name`; with the outputs' shapes as the file declares them, and how it goes with its pool.
    """
    shapes = tuple(b.tensor(index).shape for index in outputs_of(operator))
    pooled = b.pooled.get(id(operator), Pooled())
    if flex_name(b.model, operator) is not None:
        op = read_flex(b.model, operator)
        return FlexOp(op.op, op.name, op.attributes, shapes, pooled)
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
    return FlexOp(name, "", attributes, shapes, pooled)
