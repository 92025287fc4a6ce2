"""Version 2 checkpoints: a table of BundleEntryProto and a data file
(tensorflow/core/protobuf/tensor_bundle.proto).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping

import numpy as np

from odt_core.checkpoint.names import check_names
from odt_core.checkpoint.tensorflow.crc32c import masked_crc32c
from odt_core.checkpoint.tensorflow.dtypes import STRING, dtype_of, number_for
from odt_core.checkpoint.tensorflow.proto import (
    bytes_of,
    damaged,
    field,
    fields,
    fixed32,
    number_of,
    varint,
)
from odt_core.checkpoint.tensorflow.shapes import Accept, decode_shape, encode_shape
from odt_core.checkpoint.tensorflow.table import read_table, write_table
from odt_core.errors import CheckpointError

_PRODUCER = 1  # kTensorBundleVersion


def encode_v2(
    tensors: Mapping[str, np.ndarray], texts: Mapping[str, bytes] | None = None
) -> tuple[bytes, bytes]:
    """(index file, data file) that raw_ops.RestoreV2 reads; texts: tensors of one text each.
    CheckpointError for names and types that they cannot hold.
    """
    texts = texts or {}
    check_names([*tensors, *texts])
    header = field(1, 1) + field(3, field(1, _PRODUCER))  # one shard, little-endian
    entries, data = [(b"", header)], bytearray()
    for name in sorted([*tensors, *texts], key=str.encode):
        if name in texts:
            kind = field(1, STRING) + field(2, encode_shape(()))
            raw, checked = _text(texts[name])
        else:
            array = np.asarray(tensors[name])
            kind = field(1, number_for(array, name)) + field(2, encode_shape(array.shape))
            raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
            checked = raw
        place = field(4, len(data)) if data else b""
        size = field(5, len(raw)) + fixed32(6, masked_crc32c(checked))
        entries.append((name.encode(), kind + place + size))
        data += raw
    return write_table(entries), bytes(data)


def _text(content: bytes) -> tuple[bytes, bytes]:
    """One text as the data file holds it, and what its check sum is of (WriteStringTensor in
    tensorflow/core/util/tensor_bundle/tensor_bundle.cc).
    """
    length = struct.pack("<I", len(content))
    rest = struct.pack("<I", masked_crc32c(length)) + content
    return varint(len(content)) + rest, length + rest


def decode_v2(index: bytes, data: bytes, accept: Accept | None = None) -> dict[str, np.ndarray]:
    """The tensors of a version 2 checkpoint that `accept` takes; strings are left out.
    CheckpointError when damaged.
    """
    entries = read_table(index)
    if not entries or entries[0][0] != b"":
        raise damaged()
    header = fields(entries[0][1])
    if number_of(header, 1, 1) != 1 or number_of(header, 2) != 0:
        raise CheckpointError(
            "The TensorFlow checkpoint is divided into several data files or big-endian, which is "
            "not supported. Save it again as one."
        )
    found, left = {}, len(data)
    for key, value in entries[1:]:
        entry, name = fields(value), key.decode("utf-8", "replace")
        number = number_of(entry, 1)
        if number == STRING:
            continue
        if 7 in entry:
            raise CheckpointError(
                f"The tensor '{name}' of the TensorFlow checkpoint is saved in slices, which is "
                f"not supported. Save it whole."
            )
        dtype, shape = dtype_of(number, name), decode_shape(bytes_of(entry, 2))
        if accept is not None and not accept(name, dtype, shape):
            continue
        offset, size = number_of(entry, 4), number_of(entry, 5)
        if size != math.prod(shape) * dtype.itemsize or offset < 0 or offset + size > len(data):
            raise damaged()
        left -= size  # no two tensors share bytes
        if left < 0:
            raise damaged()
        raw = data[offset : offset + size]
        if 6 in entry and masked_crc32c(raw) != number_of(entry, 6):
            raise damaged()
        found[name] = np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
    return found
