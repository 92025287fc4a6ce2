"""Bias, scale and activation after a convolution or matrix product, as part of it.

With constants c and d, and W and a bias per output channel,

    c·(x·W + bias) + d = x·(W·c) + (c·bias + d):

batch normalisation in inference costs nothing any more. XNNPACK applies RELU and RELU6 in the pass
that computes the product.
"""

from __future__ import annotations

from collections import Counter
from copy import copy

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Tensor

_ACTIVATIONS = {
    "RELU": schema.ActivationFunctionType.RELU,
    "RELU6": schema.ActivationFunctionType.RELU6,
    "RELU_N1_TO_1": schema.ActivationFunctionType.RELU_N1_TO_1,
}
# where the output channels stand in the weights
_CHANNELS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
_NONE = schema.ActivationFunctionType.NONE


def fuse(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Draws what follows a product with constant weights into it, wherever nobody else reads it."""
    builder = Builder(model, graph)
    producers = {i: operator for operator in graph.operators for i in outputs_of(operator)}
    readers = Counter(i for operator in graph.operators for i in inputs_of(operator))
    readers.update(int(index) for index in graph.outputs)
    kept = []
    for operator in graph.operators:
        product = _product_before(builder, operator, producers, readers)
        if product is None or not _absorbed(builder, product, operator):
            kept.append(operator)
            continue
        # the product, or the RESHAPE behind it, now gives what this op gave
        (output,) = outputs_of(operator)
        before = producers[_activation_input(builder, operator)]
        before.outputs = np.array([output], np.int32)
        producers[output] = before
    graph.operators = kept


def _activation_input(b: Builder, operator: schema.OperatorT) -> int:
    """The one input that is no constant."""
    return next(i for i in inputs_of(operator) if b.tensor(i).const is None)


def _product_before(
    b: Builder,
    operator: schema.OperatorT,
    producers: dict[int, schema.OperatorT],
    readers: Counter[int],
) -> schema.OperatorT | None:
    """The product that an op follows, at most a RESHAPE that keeps channels between them."""
    if name_of(b.model, operator) not in ("ADD", "SUB", "MUL", "DIV", *_ACTIVATIONS):
        return None
    inputs = [b.tensor(i) for i in inputs_of(operator)]
    varying = [t for t in inputs if t.const is None]
    if len(varying) != 1 or varying[0].dtype != np.float32:
        return None
    index = varying[0].index
    before = producers.get(index)
    if before is None or readers[index] != 1:
        return None
    if name_of(b.model, before) == "RESHAPE":
        source = b.tensor(inputs_of(before)[0])
        if not source.rank or source.shape[-1] is None or readers[source.index] != 1:
            return None
        if source.shape[-1:] != varying[0].shape[-1:]:
            return None
        before = producers.get(source.index)
    if before is None or name_of(b.model, before) not in _CHANNELS:
        return None
    weights = b.tensor(inputs_of(before)[1])
    plain = before.builtinOptions.fusedActivationFunction == _NONE
    if weights.const is None or weights.dtype != np.float32 or not plain:
        return None
    return before


def _absorbed(b: Builder, product: schema.OperatorT, operator: schema.OperatorT) -> bool:
    """Makes an op part of the product it follows, if it can be."""
    name = name_of(b.model, operator)
    if name in _ACTIVATIONS:
        _activate(product, _ACTIVATIONS[name])
        return True
    activation = operator.builtinOptions.fusedActivationFunction
    parts = [b.tensor(i) for i in inputs_of(operator)]
    constant = next((t for t in parts if t.const is not None), None)
    if constant is None or activation not in (_NONE, *_ACTIVATIONS.values()):
        return False
    weights = b.tensor(inputs_of(product)[1])
    axis = _CHANNELS[name_of(b.model, product)]
    channels = weights.dim(axis)
    vector, bias = _per_channel(b, constant, operator, channels), _bias(b, product, channels)
    if vector is None or bias is None or (name in ("SUB", "DIV") and parts[0].const is not None):
        return False
    if name in ("MUL", "DIV"):
        with np.errstate(all="ignore"):
            factor = vector if name == "MUL" else np.float32(1) / vector
        if not np.isfinite(factor).all():
            return False
        spread = factor.reshape([-1 if a == axis else 1 for a in range(weights.rank)])
        scaled = np.asarray(weights.const) * spread
        filters, bias = b.constant(scaled.astype(np.float32)).index, bias * factor
    else:
        filters, bias = weights.index, bias + (vector if name == "ADD" else -vector)
    added = b.constant(bias.astype(np.float32)).index
    product.inputs = np.array([inputs_of(product)[0], filters, added], np.int32)
    _activate(product, activation)
    return True


def _activate(product: schema.OperatorT, activation: int) -> None:
    product.builtinOptions = copy(product.builtinOptions)  # which others may have too
    product.builtinOptions.fusedActivationFunction = activation


def _per_channel(
    b: Builder, constant: Tensor, operator: schema.OperatorT, channels: int
) -> np.ndarray | None:
    """The constant as float32 [channels], when it is one number for each or for all."""
    varying = b.tensor(_activation_input(b, operator))
    if constant.const is None or constant.rank > varying.rank or varying.shape[-1] != channels:
        return None
    values = constant.const
    if values.size == 1:
        return np.full(channels, values.reshape(()), np.float32)
    if values.size == channels == values.shape[-1]:
        return values.reshape(channels).astype(np.float32)
    return None


def _bias(b: Builder, product: schema.OperatorT, channels: int) -> np.ndarray | None:
    """A product's bias, zeros where it has none; None for one that is computed."""
    inputs = inputs_of(product)
    if len(inputs) < 3 or inputs[2] < 0:
        return np.zeros(channels, np.float32)
    return b.tensor(inputs[2]).const
