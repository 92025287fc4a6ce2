"""Files packed with gzip, unpacked as far as they may go."""

from __future__ import annotations

import zlib

from odt_core.errors import SampleError

ENDING = ".gz"
_GZIP = 31  # zlib's number for that wrapping
_MOST_MEMBERS = 1_000  # files that were packed apart and put together


def unpacked(data: bytes, name: str, most: int) -> bytes:
    """What a .gz holds, at most `most` bytes. SampleError where it is more, or damaged."""
    found: list[bytes] = []
    room, left = most + 1, data
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(_GZIP)
        try:
            found.append(member.decompress(left, room))
        except zlib.error as error:
            raise SampleError(f"'{name}' is damaged ({error}). Pack it again.") from error
        room -= len(found[-1])
        if room <= 0:
            raise SampleError(
                f"'{name}' unpacks to more than {most / 1e6:.0f} MB, the most that are read. Give "
                "fewer at a time."
            )
        if not member.eof:
            raise SampleError(f"'{name}' is damaged: it is cut short. Pack it again.")
        left = member.unused_data.lstrip(b"\0")
        if not left:
            return b"".join(found)
    raise SampleError(f"'{name}' was put together of too many parts. Pack it again, as one.")
