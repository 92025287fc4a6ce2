"""Protocol buffers in a checkpoint: messages as dicts, written and read."""

from __future__ import annotations

import struct
from collections import defaultdict

from odt_core import protobuf
from odt_core.errors import CheckpointError
from odt_core.protobuf import BYTES, FIXED32, FIXED64, VARINT

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
    try:
        return protobuf.read_varint(data, at)
    except ValueError:
        raise damaged() from None


def fields(data: bytes) -> dict[int, list[Value]]:
    """Field number -> its values in order; those of a fixed size as numbers."""
    found: dict[int, list[Value]] = defaultdict(list)
    try:
        for number, wire, value in protobuf.read_fields(data):
            if wire in (FIXED32, FIXED64) and isinstance(value, bytes):
                value = int.from_bytes(value, "little")
            found[number].append(value)
    except ValueError:
        raise damaged() from None
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
