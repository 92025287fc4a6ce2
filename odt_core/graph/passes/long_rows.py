"""Numbers a channel, such as a bias, that meet an image of few channels.

XNNPACK goes through such an op position by position, however few channels there are: with 8 it is
seven times as slow as with 64. With the channels of some positions in one row, and the numbers
repeated as often, it is the same op on fewer and longer rows. Where others read the image too, it
has to be copied for that: with 8 channels that pays still, with 16 not any more.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.broadcasts import ON_TWO
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.rules.windows import concat
from odt_core.graph.tensor import Tensor, shape_of

_FEW = 8  # channels
_ROW = 128  # numbers; longer rows gain nothing
_MOST_COPIES = 25  # of the numbers: CONCATENATION takes five at a time


def longer_rows(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Has such ops go through rows of several positions."""
    if any(_gives_few_channels(model, graph, operator) for operator in graph.operators):
        rewrite(model, graph, _on_rows)


def _gives_few_channels(
    model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT
) -> bool:
    if name_of(model, operator) not in ON_TWO:
        return False
    shape = shape_of(graph.tensors[outputs_of(operator)[0]])
    return len(shape) == 4 and shape[3] is not None and shape[3] <= _FEW


def _on_rows(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    if name_of(b.model, operator) not in ON_TWO:
        return None
    tensors = [b.tensor(index) for index in inputs_of(operator)]
    y = b.tensor(outputs_of(operator)[0])
    images = [tensor for tensor in tensors if tensor.rank == 4 and tensor.shape == y.shape]
    copies = _copies(y) if len(images) == 1 and y.dtype == np.float32 else None
    if copies is None or not all(_is_by_channel(t, y) for t in tensors if t is not images[0]):
        return None
    channels = y.dim(3)
    rows = (y.shape[0], y.dim(1) * y.dim(2) // copies, copies * channels)
    inputs = [
        b.reshape(t, rows) if t is images[0] else _repeated(b, t, channels, copies) for t in tensors
    ]
    return b.reshape(b.again(operator, inputs, rows), y.shape)


def shorter_rows(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """The op as it was before `longer_rows` where the numbers are constants now, so that what it
    follows can take it in; None for others.
    """
    tensors = [b.tensor(index) for index in inputs_of(operator)]
    y = b.tensor(outputs_of(operator)[0])
    rows = [tensor for tensor in tensors if tensor.const is None]
    repeated = next((tensor.const for tensor in tensors if tensor.const is not None), None)
    producer = b.producer(rows[0]) if len(rows) == 1 else None
    if producer is None or name_of(b.model, producer) != "RESHAPE":
        return None
    image = b.tensor(inputs_of(producer)[0])
    channels = image.shape[-1] if image.rank == 4 else None
    if not channels or repeated is None or repeated.shape != y.shape[-1:]:
        return None
    numbers = repeated[:channels]
    if len(repeated) % channels or (repeated.reshape(-1, channels) != numbers).any():
        return None
    inputs = [image if t is rows[0] else b.constant(numbers) for t in tensors]
    return b.reshape(b.again(operator, inputs, image.shape), y.shape)


def _repeated(b: Builder, numbers: Tensor, channels: int, copies: int) -> Tensor:
    if numbers.const is not None:
        return b.constant(np.tile(numbers.const.reshape(channels), copies))
    return concat(b, [b.reshape(numbers, (channels,))] * copies, 0)


def _copies(image: Tensor) -> int | None:
    """How many positions make a row; None where the image has too many channels or too few rows."""
    if not all(image.shape[1:]) or image.dim(3) > _FEW:
        return None
    positions, channels = image.dim(1) * image.dim(2), image.dim(3)
    counts = [n for n in range(2, _MOST_COPIES + 1) if positions % n == 0]
    long_enough = [n for n in counts if n * channels >= _ROW]
    if not counts:
        return None
    return min(long_enough) if long_enough else max(counts)


def _is_by_channel(tensor: Tensor, image: Tensor) -> bool:
    is_row = tensor.rank > 0 and set(tensor.shape[:-1]) <= {1}
    return is_row and tensor.shape[-1] == image.shape[-1]
