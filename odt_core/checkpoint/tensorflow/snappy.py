"""Reads Snappy-compressed blocks (google/snappy, format_description.txt)."""

from __future__ import annotations

from odt_core.checkpoint.tensorflow.proto import damaged, read_varint


def uncompress(data: bytes, most: int) -> bytes:
    """The original bytes; CheckpointError when `data` makes no sense or gives more than `most`."""
    size, at = read_varint(data, 0)
    if size > most:
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
        start = len(out) - offset
        piece = out[start : start + length]
        if offset < length:  # the copy overlaps what it makes
            piece = (piece * (length // offset + 1))[:length]
        out += piece
    if len(out) != size:
        raise damaged()
    return bytes(out)
