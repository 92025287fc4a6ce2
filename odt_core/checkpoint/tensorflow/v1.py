"""Version 1 checkpoints: one table of SavedTensorSlices.

Source: tensorflow/core/util/saved_tensor_slice.proto. The key "" holds SavedTensorSliceMeta: name,
shape, type and slices of every tensor. Each further key is an ordered encoding of name and slice
(tensorflow/core/util/saved_tensor_slice_util.cc); its value has the numbers as a TensorProto. Whole
tensors only, as models on devices write them.
"""

from __future__ import annotations

import array as arrays
import math
from collections.abc import Mapping

import numpy as np

from odt_core.checkpoint.names import check_names
from odt_core.checkpoint.tensorflow.dtypes import STRING, dtype_of, number_for
from odt_core.checkpoint.tensorflow.proto import (
    Value,
    all_bytes,
    bytes_of,
    damaged,
    field,
    fields,
    number_of,
    read_varint,
    varint,
)
from odt_core.checkpoint.tensorflow.shapes import Accept, decode_shape, encode_shape
from odt_core.checkpoint.tensorflow.table import read_table, write_table
from odt_core.errors import CheckpointError

_PRODUCER = 1  # TF_CHECKPOINT_VERSION
_GROWTH = 64 * 2**20  # bytes by which the tensors may be more than the file
# TensorProto's field for each dtype (tensorflow/core/framework/tensor.proto). All are packed.
_VALUES = {
    "float32": 5,
    "float64": 6,
    "int32": 7,
    "int16": 7,
    "int8": 7,
    "uint16": 7,
    "uint8": 7,
    "int64": 10,
    "bool": 11,
    "float16": 13,
    "uint32": 16,
    "uint64": 17,
}


def encode_v1(tensors: Mapping[str, np.ndarray]) -> bytes:
    """The file that raw_ops.Restore reads. CheckpointError for a name or type it cannot hold."""
    check_names(tensors)
    rows, entries = [], []
    for name, array in sorted(tensors.items()):
        array = np.asarray(array)
        whole = b"".join(field(1, b"") for _ in array.shape)  # TensorSliceProto of full extents
        number = number_for(array, name)
        rows.append(
            field(1, name)
            + field(2, encode_shape(array.shape))
            + field(3, number)
            + field(4, whole)
        )
        saved = field(1, name) + field(2, whole) + field(3, _encode_values(array))
        entries.append((_key(name, array.ndim), field(2, saved)))
    meta = b"".join(field(1, row) for row in rows) + field(2, field(1, _PRODUCER))
    return write_table([(b"", field(1, meta)), *sorted(entries)])


def decode_v1(data: bytes, accept: Accept | None = None) -> dict[str, np.ndarray]:
    """The tensors of a version 1 file that `accept` takes; strings are left out. CheckpointError
    when damaged.
    """
    entries = read_table(data)
    if not entries or entries[0][0] != b"":
        raise damaged()
    meta = fields(bytes_of(fields(entries[0][1]), 1))
    wanted = {}
    for row in all_bytes(meta, 1):
        tensor = fields(row)
        name, number = bytes_of(tensor, 1).decode("utf-8", "replace"), number_of(tensor, 3)
        if number == STRING:
            continue
        dtype, shape = dtype_of(number, name), decode_shape(bytes_of(tensor, 2))
        if accept is None or accept(name, dtype, shape):
            wanted[name] = dtype, shape
    # A whole number takes a byte of the file or more, and up to eight here.
    if sum(math.prod(s) * d.itemsize for d, s in wanted.values()) > len(data) + _GROWTH:
        raise damaged()
    found: dict[str, np.ndarray] = {}
    for _, value in entries[1:]:
        saved = fields(bytes_of(fields(value), 2))
        name = bytes_of(saved, 1).decode("utf-8", "replace")
        if name not in wanted:
            continue
        for extent in all_bytes(fields(bytes_of(saved, 2)), 1):
            if extent:
                raise CheckpointError(
                    f"The tensor '{name}' of the TensorFlow checkpoint is saved in slices, which "
                    f"is not supported. Save it whole."
                )
        dtype, shape = wanted[name]
        found[name] = _decode_values(fields(bytes_of(saved, 3)), dtype, shape)
    if found.keys() != wanted.keys():
        raise damaged()
    return found


def _encode_values(array: np.ndarray) -> bytes:
    number = _VALUES[array.dtype.name]
    flat = np.ascontiguousarray(array).reshape(-1)
    if number in (5, 6):
        return field(number, flat.astype(flat.dtype.newbyteorder("<")).tobytes())
    if array.dtype == np.float16:
        flat = flat.view(np.uint16)
    return field(number, b"".join(varint(int(value)) for value in flat.tolist()))


def _decode_values(
    tensor: dict[int, list[Value]], dtype: np.dtype, shape: tuple[int, ...]
) -> np.ndarray:
    count, number = math.prod(shape), _VALUES[dtype.name]
    given = tensor.get(number, [])
    if number in (5, 6):
        size = dtype.itemsize
        try:
            raw = b"".join(
                value.to_bytes(size, "little") if isinstance(value, int) else value
                for value in given
            )
        except OverflowError:  # no float is that long
            raise damaged() from None
        if len(raw) != count * size:
            raise damaged()
        return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
    numbers = arrays.array("Q")
    for value in given:
        if isinstance(value, int):  # a field that is not packed
            numbers.append(value)
            continue
        at = 0
        while at < len(value) and len(numbers) <= count:
            one, at = read_varint(value, at)
            numbers.append(one)
    if len(numbers) != count:  # Restore refuses it too: repetitions may not be left out
        raise damaged()
    # Negative numbers come as 64-bit two's complement; the low bytes are the number.
    whole = np.frombuffer(numbers, np.uint64)
    if dtype == np.float16:
        return (whole & 0xFFFF).astype(np.uint16).view(np.float16).reshape(shape)
    return whole.astype(dtype).reshape(shape)


def _key(name: str, rank: int) -> bytes:
    """EncodeTensorNameSlice: 0, the name, the rank, then start 0 and length -1 per dimension.

    Ordered code (tensorflow/core/lib/strings/ordered_code.cc): a number is its length in bytes and
    its bytes, big end first; a string escapes 00 and ff and ends with 00 01; a signed number from
    -64 to 63 is one byte, its sign bit flipped.
    """
    escapes = {0x00: b"\x00\xff", 0xFF: b"\xff\x00"}
    escaped = b"".join(escapes.get(byte, bytes([byte])) for byte in name.encode())
    number = bytes([1, rank]) if rank else b"\x00"
    return b"\x00" + escaped + b"\x00\x01" + number + b"\x80\x7f" * rank
