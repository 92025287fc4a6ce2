"""The files that samples come in, made in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from PIL import Image


def npz(**arrays: object) -> bytes:
    """Arrays with names."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def png(pixels: np.ndarray | Image.Image, **options: object) -> bytes:
    """A picture; options: of its format."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def zipped(files: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """They all in a zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()
