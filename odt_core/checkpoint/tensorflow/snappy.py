"""Reads Snappy-compressed blocks (google/snappy, format_description.txt)."""

from __future__ import annotations

from odt_core.checkpoint.tensorflow.proto import damaged, read_varint

MAX_BLOCK = 2**30  # bytes; a block that claims more is not believed


def uncompress(data: bytes) -> bytes:
    """The original bytes; CheckpointError when `data` makes no sense."""
    size, at = read_varint(data, 0)
    if size > MAX_BLOCK:
        raise damaged()
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        kind = tag & 3
        if kind == 0:  # literal
            length = tag >> 2
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(data[at : at + extra], "little")
                at += extra
            length += 1
            if at + length > len(data) or len(out) + length > size:
                raise damaged()
            out += data[at : at + length]
            at += length
            continue
        if kind == 1:
            length, width = (tag >> 2 & 7) + 4, 1
        else:
            length, width = (tag >> 2) + 1, 2 if kind == 2 else 4
        offset = int.from_bytes(data[at : at + width], "little")
        if kind == 1:
            offset |= (tag >> 5) << 8
        at += width
        if not 0 < offset <= len(out) or len(out) + length > size:
            raise damaged()
        while length > 0:  # the copy may overlap what it makes
            piece = out[-offset:][:length]
            out += piece
            length -= len(piece)
    if len(out) != size:
        raise damaged()
    return bytes(out)
