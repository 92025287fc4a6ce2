"""Pictures that the browser sends: drawings of the canvas, photos of the camera."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from odt_core.errors import SampleError
from pages.ui.canvas import UNITS, decode_drawing


def png(width: int, height: int, rows: bytes = b"") -> str:
    """A grey PNG that claims a size, with so much of its rows, as a data URL."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


class TestDrawing:
    def test_drawing_that_is_whole_comes_back(self):
        row = b"\0" + bytes([7]) * UNITS
        got = decode_drawing(png(UNITS, UNITS, row * UNITS))
        assert got.shape == (UNITS, UNITS)
        assert (got == 7).all()

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            (None, "canvas sent is not a picture"),
            ("data:image/jpeg;base64,AAAA", "canvas sent is not a picture"),
            ("data:image/png;base64," + "A" * 400_000, "canvas sent is not a picture"),
            ("data:image/png;base64,!", "arrived incomplete"),
            (png(UNITS, UNITS, b"\0"), "arrived incomplete"),
            (png(65_500, 65_500), "arrived incomplete"),  # Pillow refuses before it unpacks
            (png(UNITS, UNITS + 1), "pixels instead of"),
        ],
    )
    def test_anything_else_is_refused_in_words(self, url, said):
        with pytest.raises(SampleError, match=said):
            decode_drawing(url)
