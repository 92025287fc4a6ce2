"""Products with constant weights in the forms that LiteRT runs fastest.

XNNPACK packs constant filters of FULLY_CONNECTED and CONV_2D once, when the model is loaded, and
adds bias and activation in the same pass; a BATCH_MATMUL, which trainable models need for their
variables, packs its weights at every call.
"""

from __future__ import annotations

from copy import copy

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.broadcasts import ON_TWO
from odt_core.graph.passes.kernel_rows import sum_of_kernel_rows
from odt_core.graph.passes.long_rows import shorter_rows
from odt_core.graph.passes.movement import find_patches
from odt_core.graph.rules.windows import Window
from odt_core.graph.tensor import Tensor


def constant_form(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """Emits the fast form of a product with constant weights; None when the op stays as it is."""
    name = name_of(b.model, operator)
    if name == "BATCH_MATMUL":
        return _product(b, operator)
    if name == "DEPTHWISE_CONV_2D":
        return _depthwise(b, operator)
    if name == "RESHAPE":
        return _reshape(b, operator)
    if name == "TRANSPOSE":
        return _turned_product(b, operator)
    if name == "SUM":
        return _column_of_patches(b, operator)
    convolved = sum_of_kernel_rows(b, operator) if name == "ADD" else None
    if convolved is None and name in ON_TWO:
        return shorter_rows(b, operator)
    return convolved


def _product(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """x [..., K] · W [K, O] as CONV_2D where x holds the patches of an image, else as
    FULLY_CONNECTED.
    """
    left, right = inputs_of(operator)
    x, weights = b.tensor(left), b.tensor(right)
    y = b.tensor(outputs_of(operator)[0])
    options = operator.builtinOptions
    if weights.const is None or x.const is not None or options.adjX or x.rank < 2:
        return None
    if weights.dtype != np.float32 or any(size != 1 for size in weights.shape[:-2]):
        return None
    matrix: np.ndarray = weights.const.reshape(weights.const.shape[-2:])
    matrix = matrix if options.adjY else matrix.T  # [O, K]
    if y.rank != x.rank or x.shape[-1] != matrix.shape[-1]:
        return None
    convolved = _convolution(b, x, y, matrix)
    if convolved is not None:
        return b.reshape(convolved, y.shape) if y.shape.count(None) < 2 else None
    rows = _before_reshape(b, x)
    product = fully_connected(b, rows, matrix)
    return product if product.shape == y.shape else b.reshape(product, y.shape)


def _turned_product(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """(Wᵀ [O, K] · xᵀ)ᵀ, as the narrow products of trainable models are written, as x · W."""
    product = b.producer(b.tensor(inputs_of(operator)[0]))
    if product is None or name_of(b.model, product) != "BATCH_MATMUL":
        return None
    weights, x = (b.tensor(index) for index in inputs_of(product))
    options = product.builtinOptions
    if weights.const is None or x.const is not None or not options.adjY:
        return None
    if weights.rank != 2 or x.rank != 2 or weights.dtype != np.float32:
        return None
    matrix = weights.const.T if options.adjX else weights.const
    y = b.tensor(outputs_of(operator)[0])
    if x.shape[-1] != matrix.shape[-1] or y.rank != 2:
        return None
    convolved = _convolution(b, x, y, matrix)
    return fully_connected(b, x, matrix) if convolved is None else b.reshape(convolved, y.shape)


def _column_of_patches(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """Σ x · w [1, K], as products of one column are written, as CONV_2D where x holds the patches
    of an image; nothing is faster for other x.
    """
    y, product = b.tensor(outputs_of(operator)[0]), b.producer(b.tensor(inputs_of(operator)[0]))
    axes = b.tensor(inputs_of(operator)[1]).const
    if product is None or name_of(b.model, product) != "MUL" or y.rank != 2 or y.shape[1] != 1:
        return None
    x, weights = (b.tensor(index) for index in inputs_of(product))
    if weights.const is None or x.const is not None or x.dtype != np.float32:
        return None
    if axes is None or axes.tolist() != [1] or weights.shape != (1, x.shape[-1]):
        return None
    convolved = _convolution(b, x, y, weights.const)
    return None if convolved is None else b.reshape(convolved, y.shape)


def _convolution(b: Builder, x: Tensor, y: Tensor, matrix: np.ndarray) -> Tensor | None:
    grid = _grid(b, y)
    found = find_patches(b, x, grid) if grid else None
    if found is None or len(found.taps) != matrix.shape[1]:
        return None
    channels = found.image.dim(3)
    filters = np.zeros((len(matrix), found.rows.kernel, found.columns.kernel, channels), np.float32)
    for entry, tap in enumerate(found.taps):
        if tap is not None:
            filters[(slice(None), *tap)] += matrix[:, entry]
    return found.convolved(b, filters)


def _grid(b: Builder, y: Tensor) -> tuple[int, int] | None:
    """The height and width of the image that a product is reshaped to, where it is one."""
    shapes = [y.shape]
    for operator in b.graph.operators:
        if name_of(b.model, operator) == "RESHAPE" and inputs_of(operator)[0] == y.index:
            shapes.append(b.tensor(outputs_of(operator)[0]).shape)
    for shape in shapes:
        if len(shape) == 4 and shape[3] == y.shape[-1] and None not in shape[1:]:
            return int(shape[1] or 0), int(shape[2] or 0)
    return None


def fully_connected(b: Builder, x: Tensor, weights: np.ndarray) -> Tensor:
    """x [..., K] by weights [O, K]: [..., O]."""
    options = schema.FullyConnectedOptionsT()
    options.keepNumDims = x.rank > 2
    y = b.new((*x.shape[:-1], len(weights)), np.float32, "fully_connected")
    bias = b.constant(np.zeros(len(weights), np.float32))
    b.emit("FULLY_CONNECTED", [x, b.constant(np.ascontiguousarray(weights)), bias], [y], options)
    return y


def _before_reshape(b: Builder, x: Tensor) -> Tensor:
    """What x was before reshapes that left its rows as they are."""
    while True:
        producer = b.producer(x)
        if producer is None or name_of(b.model, producer) != "RESHAPE":
            return x
        source = b.tensor(inputs_of(producer)[0])
        if source.rank < 2 or source.shape[-1] is None or source.shape[-1] != x.shape[-1]:
            return x
        x = source


def _depthwise(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """DEPTHWISE_CONV_2D of an image padded by other ops: of the image itself, where it can be."""
    x, weights, *bias = (b.tensor(index) for index in inputs_of(operator))
    y, options = b.tensor(outputs_of(operator)[0]), copy(operator.builtinOptions)
    if weights.const is None or options.padding != schema.Padding.VALID:
        return None
    if None in x.shape[1:] or None in y.shape[1:] or b.producer(x) is None:
        return None
    found = find_patches(b, x, (x.dim(1), x.dim(2)))
    if found is None or found.image.index == x.index:
        return None
    channels = found.image.dim(3)
    if found.taps != tuple((0, 0, channel) for channel in range(channels)):
        return None
    if (found.rows.stride, found.columns.stride) != (1, 1):
        return None
    windows = (
        Window(
            size=found.rows.size,
            kernel=weights.dim(1),
            stride=int(options.strideH),
            dilation=int(options.dilationHFactor),
            before=found.rows.before,
            count=y.dim(1),
        ),
        Window(
            size=found.columns.size,
            kernel=weights.dim(2),
            stride=int(options.strideW),
            dilation=int(options.dilationWFactor),
            before=found.columns.before,
            count=y.dim(2),
        ),
    )
    if not all(window.is_same for window in windows):
        return None
    options.padding = schema.Padding.SAME
    out = b.new(y.shape, np.float32, "depthwise")
    b.emit("DEPTHWISE_CONV_2D", [found.image, weights, *bias], [out], options)
    return out


def _reshape(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """A RESHAPE of a RESHAPE as one; none at all where the shape is the same again."""
    x, y = b.tensor(inputs_of(operator)[0]), b.tensor(outputs_of(operator)[0])
    if y.shape.count(None) > 1 or 0 in y.shape:
        return None
    source = x
    while True:
        if source.shape == y.shape:
            return source
        producer = b.producer(source)
        if producer is None or name_of(b.model, producer) != "RESHAPE":
            break
        source = b.tensor(inputs_of(producer)[0])
    return b.reshape(source, y.shape) if source.index != x.index else None
