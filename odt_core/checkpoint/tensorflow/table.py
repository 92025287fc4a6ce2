"""Sorted string tables: LevelDB's file format (leveldb/doc/table_format.md)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from odt_core.checkpoint.tensorflow.crc32c import masked_crc32c
from odt_core.checkpoint.tensorflow.proto import damaged, read_varint, varint
from odt_core.checkpoint.tensorflow.snappy import uncompress

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_FOOTER = 48  # two block handles, padded to 40 bytes, and the magic number
_BLOCK_BYTES = 256 * 1024  # a block is closed when it holds more
_RESTART_EVERY = 16  # entries whose keys share prefixes
_PLAIN, _SNAPPY = 0, 1
# What compressed blocks, shared beginnings of keys and Python's objects may add to a file's bytes.
_GROWTH = 64 * 2**20
_ENTRY = 128  # bytes that Python takes for one entry, about


@dataclass(frozen=True)
class _Handle:
    """Where a block is."""

    offset: int
    size: int

    def encode(self) -> bytes:
        return varint(self.offset) + varint(self.size)


class _Room:
    """How many bytes the rest of a table may still unpack to."""

    def __init__(self, size: int) -> None:
        self.left = size

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise damaged()


def is_table(data: bytes) -> bool:
    """Whether `data` ends as a table does."""
    return len(data) >= _FOOTER and data[-8:] == MAGIC


def write_table(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A table of (key, value) in ascending order of keys."""
    out = bytearray()
    index: list[tuple[bytes, bytes]] = []
    block: list[tuple[bytes, bytes]] = []
    size = 0
    for key, value in entries:
        block.append((key, value))
        size += len(key) + len(value)
        if size >= _BLOCK_BYTES:
            index.append((key, _append(out, block).encode()))
            block, size = [], 0
    if block:
        index.append((block[-1][0], _append(out, block).encode()))
    meta_handle = _append(out, [])
    index_handle = _append(out, index, restart_every=1)
    handles = meta_handle.encode() + index_handle.encode()
    out += handles.ljust(_FOOTER - 8, b"\0") + MAGIC
    return bytes(out)


def read_table(data: bytes) -> list[tuple[bytes, bytes]]:
    """All (key, value) of a table. CheckpointError when it is not one, a checksum is wrong, or it
    unpacks to 64 MB more than `data`.
    """
    if not is_table(data):
        raise damaged()
    footer = data[-_FOOTER:-8]
    _, at = _handle(footer, 0)
    index, _ = _handle(footer, at)
    room = _Room(len(data) + _GROWTH)
    entries: list[tuple[bytes, bytes]] = []
    for _, value in _block(data, index, room):
        handle, _ = _handle(value, 0)
        entries += _block(data, handle, room)
    return entries


def _append(
    out: bytearray, entries: list[tuple[bytes, bytes]], restart_every: int = _RESTART_EVERY
) -> _Handle:
    body = bytearray()
    restarts = []
    last = b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % restart_every == 0:
            restarts.append(len(body))
        else:
            most = min(len(last), len(key))
            while shared < most and last[shared] == key[shared]:
                shared += 1
        body += varint(shared) + varint(len(key) - shared) + varint(len(value))
        body += key[shared:] + value
        last = key
    restarts = restarts or [0]
    body += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
    handle = _Handle(len(out), len(body))
    body.append(_PLAIN)
    out += body + struct.pack("<I", masked_crc32c(bytes(body)))
    return handle


def _block(data: bytes, handle: _Handle, room: _Room) -> list[tuple[bytes, bytes]]:
    end = handle.offset + handle.size
    if end + 5 > len(data):
        raise damaged()
    room.take(handle.size)
    kind = data[end]
    (crc,) = struct.unpack_from("<I", data, end + 1)
    if masked_crc32c(data[handle.offset : end + 1]) != crc:
        raise damaged()
    body = data[handle.offset : end]
    if kind == _SNAPPY:
        body = uncompress(body, room.left)
        room.take(len(body))
    elif kind != _PLAIN:
        raise damaged()
    if len(body) < 4:
        raise damaged()
    (restarts,) = struct.unpack_from("<I", body, len(body) - 4)
    stop = len(body) - 4 * (restarts + 1)
    if stop < 0:
        raise damaged()
    entries: list[tuple[bytes, bytes]] = []
    at, key = 0, b""
    while at < stop:
        shared, at = read_varint(body, at)
        own, at = read_varint(body, at)
        size, at = read_varint(body, at)
        if shared > len(key) or at + own + size > stop:
            raise damaged()
        room.take(shared + _ENTRY)
        key = key[:shared] + body[at : at + own]
        entries.append((key, body[at + own : at + own + size]))
        at += own + size
    return entries


def _handle(data: bytes, at: int) -> tuple[_Handle, int]:
    offset, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return _Handle(offset, size), at
