"""Protocol buffers on the wire (protobuf.dev/programming-guides/encoding), what is needed here."""

from __future__ import annotations

import struct
from collections import defaultdict

from odt_core.errors import CheckpointError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
Value = int | bytes


def varint(value: int) -> bytes:
    """A whole number; negative ones as 64-bit two's complement."""
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: int | bytes | str) -> bytes:
    """A varint field for a number, else a length-delimited one."""
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | BYTES) + varint(len(data)) + data


def fixed32(number: int, value: int) -> bytes:
    """A fixed32 field."""
    return varint(number << 3 | FIXED32) + struct.pack("<I", value)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, position after it)."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise damaged()
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7


def fields(data: bytes) -> dict[int, list[Value]]:
    """Field number -> its values in order; unpacked by wire type alone."""
    found: dict[int, list[Value]] = defaultdict(list)
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            number_value, at = read_varint(data, at)
            found[number].append(number_value)
            continue
        if kind == BYTES:
            size, at = read_varint(data, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise damaged()
        if size > len(data) - at:
            raise damaged()
        piece = data[at : at + size]
        found[number].append(int.from_bytes(piece, "little") if kind != BYTES else piece)
        at += size
    return found


def number_of(message: dict[int, list[Value]], key: int, default: int = 0) -> int:
    """The last number of a field, as a signed 64-bit value."""
    values = message.get(key)
    if not values:
        return default
    value = values[-1]
    if not isinstance(value, int):
        raise damaged()
    return value - 2**64 if value >= 2**63 else value


def bytes_of(message: dict[int, list[Value]], key: int) -> bytes:
    """The last byte string of a field; empty when there is none."""
    values = message.get(key)
    if not values:
        return b""
    value = values[-1]
    if not isinstance(value, bytes):
        raise damaged()
    return value


def all_bytes(message: dict[int, list[Value]], key: int) -> list[bytes]:
    """All byte strings of a field."""
    values = message.get(key, [])
    if not all(isinstance(value, bytes) for value in values):
        raise damaged()
    return [value for value in values if isinstance(value, bytes)]


def damaged() -> CheckpointError:
    """What every reader here raises on bytes that make no sense."""
    return CheckpointError(
        "The TensorFlow checkpoint is damaged or cut short. Choose another one or copy it again."
    )
