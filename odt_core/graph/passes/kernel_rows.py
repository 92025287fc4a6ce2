"""A convolution by strips (rules/strips.py) as one CONV_2D, once its weights are constants.

Its strips times the weights are a CONV_2D of one kernel row by then, whose outputs are those of all
kernel rows, side by side; a slice of each is added up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.movement import Patches, fits
from odt_core.graph.rules.windows import Window
from odt_core.graph.tensor import Tensor


@dataclass(frozen=True)
class _Slice:
    """What is taken of a tensor [N, H, W, C], all images and columns of it, from where on."""

    source: Tensor
    row: int
    channel: int


class _NoSumError(Exception):
    """The ops add up something else."""


def sum_of_kernel_rows(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """The CONV_2D of all kernel rows whose last sum an ADD is; None for any other ADD."""
    y = b.tensor(outputs_of(operator)[0])
    if y.rank != 4 or None in y.shape[1:] or y.dtype != np.float32:
        return None
    try:
        parts = list(_added(b, operator, y, set()))
    except _NoSumError:
        return None
    source, outputs = parts[0].source, y.dim(3)
    channels = sorted(part.channel for part in parts)
    if any(part.source.index != source.index for part in parts) or channels != list(
        range(0, source.dim(3), outputs)
    ):
        return None  # or some of the kernel rows only: the sum goes on
    convolution = _one_row(b, source)
    if convolution is None:
        return None
    x, weights = (b.tensor(index) for index in inputs_of(convolution)[:2])
    assert weights.const is not None
    first = min(part.row for part in parts)
    dilation = math.gcd(*(part.row - first for part in parts)) or 1
    kernel = (max(part.row for part in parts) - first) // dilation + 1
    filters = np.zeros((outputs, kernel, *weights.const.shape[2:]), np.float32)
    for part in parts:
        block = weights.const[part.channel : part.channel + outputs, 0]
        filters[:, (part.row - first) // dilation] += block
    options = convolution.builtinOptions
    padding = "SAME" if options.padding == schema.Padding.SAME else "VALID"
    rows = Window(x.dim(1), kernel, 1, dilation, -first, y.dim(1))
    columns = Window.of(
        x.dim(2), weights.dim(2), int(options.strideW), int(options.dilationWFactor), padding
    )
    image, rows, columns = _unpadded(b, x, rows, columns)
    if not (fits(rows) and fits(columns)):
        return None  # or only some of the rows are added up
    return Patches(image, rows, columns, ()).convolved(b, filters)


def _added(b: Builder, operator: schema.OperatorT, y: Tensor, seen: set[int]) -> Iterator[_Slice]:
    """What an ADD and those before it add up, where it is slices of the shape of y, each once."""
    if operator.builtinOptions.fusedActivationFunction:
        raise _NoSumError
    for part in (b.tensor(index) for index in inputs_of(operator)):
        producer = b.producer(part)
        if producer is None or part.shape != y.shape or part.index in seen:
            raise _NoSumError
        seen.add(part.index)
        if name_of(b.model, producer) == "ADD":
            yield from _added(b, producer, y, seen)
        else:
            yield _slice(b, producer, y)


def _slice(b: Builder, operator: schema.OperatorT, y: Tensor) -> _Slice:
    name, options = name_of(b.model, operator), operator.builtinOptions
    if name not in ("SLICE", "STRIDED_SLICE"):
        raise _NoSumError
    source, begin, *rest = (b.tensor(index) for index in inputs_of(operator))
    if source.rank != 4 or begin.const is None or source.shape[2] != y.shape[2]:
        raise _NoSumError
    start = begin.const.tolist()
    if name == "STRIDED_SLICE":
        steps = rest[1].const
        if steps is None or (steps != 1).any() or options.ellipsisMask or options.newAxisMask:
            raise _NoSumError
        start = [0 if options.beginMask >> axis & 1 else at for axis, at in enumerate(start)]
    if start[0] or start[2] or min(start) < 0 or source.shape[0] != y.shape[0]:
        raise _NoSumError
    return _Slice(source, start[1], start[3])


def _one_row(b: Builder, product: Tensor) -> schema.OperatorT | None:
    """The CONV_2D of one kernel row and constant weights that gives a product, nothing else."""
    operator = b.producer(product)
    while operator is not None and name_of(b.model, operator) == "RESHAPE":
        source = b.tensor(inputs_of(operator)[0])
        if source.shape != product.shape:
            return None
        operator = b.producer(source)
    if operator is None or name_of(b.model, operator) != "CONV_2D":
        return None
    _, weights, *bias = (b.tensor(index) for index in inputs_of(operator))
    options = operator.builtinOptions
    if weights.const is None or weights.shape[1] != 1 or options.strideH != 1:
        return None
    if options.fusedActivationFunction or any(v.const is None or v.const.any() for v in bias):
        return None
    return operator


def _unpadded(
    b: Builder, x: Tensor, rows: Window, columns: Window
) -> tuple[Tensor, Window, Window]:
    """The windows over the image that x pads with zeros, where it does."""
    operator = b.producer(x)
    if operator is None or name_of(b.model, operator) != "PAD":
        return x, rows, columns
    image, paddings = (b.tensor(index) for index in inputs_of(operator))
    if paddings.const is None or paddings.const[[0, 3]].any():
        return x, rows, columns
    (top, _), (left, _) = paddings.const[1:3].tolist()
    return (
        image,
        replace(rows, size=image.dim(1), before=rows.before + top),
        replace(columns, size=image.dim(2), before=columns.before + left),
    )
