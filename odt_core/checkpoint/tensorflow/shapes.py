"""Shapes as TensorShapeProto: field 2 repeats dimensions, whose field 1 is the size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from odt_core.checkpoint.tensorflow.proto import all_bytes, damaged, field, fields, number_of

MAX_ELEMENTS = 2**31
MAX_AXES = 64  # numpy's
# Name, dtype and shape of a tensor -> whether to read it at all.
Accept = Callable[[str, np.dtype[Any], tuple[int, ...]], bool]


def encode_shape(shape: tuple[int, ...]) -> bytes:
    """A TensorShapeProto."""
    return b"".join(field(2, field(1, size)) for size in shape)


def decode_shape(data: bytes) -> tuple[int, ...]:
    """The shape of a TensorShapeProto; CheckpointError when it is unknown or absurd."""
    sizes = tuple(number_of(fields(row), 1) for row in all_bytes(fields(data), 2))
    if any(size < 0 for size in sizes) or len(sizes) > MAX_AXES:
        raise damaged()
    if math.prod(filter(None, sizes)) > MAX_ELEMENTS:  # numpy counts all but a 0
        raise damaged()
    return sizes
