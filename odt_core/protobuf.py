"""Reading protocol buffers on the wire (protobuf.dev/programming-guides/encoding)."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED32: 4, FIXED64: 8}
_LONGEST = 63  # bits of a varint before its last byte


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, position after it). Raises ValueError where there is none."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > _LONGEST:
            raise ValueError("a varint is cut short or too long")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7


def read_fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """(field number, wire type, value) of a message, in order: integers for varints, bytes for the
    rest. Raises ValueError where the bytes make no sense.
    """
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = read_varint(data, at)
            yield number, wire, value
            continue
        if wire == BYTES:
            size, at = read_varint(data, at)
        elif wire in _SIZES:
            size = _SIZES[wire]
        else:
            raise ValueError(f"wire type {wire} is unknown")
        if size > len(data) - at:
            raise ValueError("a field is cut short")
        yield number, wire, data[at : at + size]
        at += size
