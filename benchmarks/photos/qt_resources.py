"""Reads the files out of a Qt resource file (.rcc), as Debian's package of GCompris holds them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_COMPRESSED, _FOLDER, _ZSTD = 1, 2, 4


def files_of(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every file in it. ValueError when it is none, or packed with Zstandard.

    The layout is that of Qt's own rcc: a header with the places of three tables (the tree, the
    contents, the names), big-endian; a node of the tree is 14 bytes, from version 2 on 22.
    """
    if data[:4] != b"qres":
        raise ValueError("it does not begin as a Qt resource file does")
    version, tree, contents, names = struct.unpack_from(">4I", data, 4)
    size = 14 if version < 2 else 22

    def name_at(place: int) -> str:
        (length,) = struct.unpack_from(">H", data, names + place)
        start = names + place + 6  # the length, and a hash
        return data[start : start + 2 * length].decode("utf-16-be")

    def walk(node: int, folder: str) -> Iterator[tuple[str, bytes]]:
        at = tree + node * size
        place, flags = struct.unpack_from(">IH", data, at)
        path = f"{folder}/{name_at(place)}" if node else ""
        if flags & _FOLDER:
            count, first = struct.unpack_from(">II", data, at + 6)
            for child in range(first, first + count):
                yield from walk(child, path)
            return
        if flags & _ZSTD:
            raise ValueError(f"{path} is packed with Zstandard")
        (start,) = struct.unpack_from(">I", data, at + 10)
        (length,) = struct.unpack_from(">I", data, contents + start)
        begin = contents + start + 4
        content = data[begin : begin + length]
        # A compressed file begins with its unpacked size.
        yield path, zlib.decompress(content[4:]) if flags & _COMPRESSED else content

    yield from walk(0, "")
