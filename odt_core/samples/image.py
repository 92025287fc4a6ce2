"""Decode an uploaded picture, or refuse it in one sentence: nothing here trusts the bytes."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from odt_core.errors import SampleError

MAX_IMAGE_BYTES = 20_000_000
MAX_IMAGE_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")


def decode_image(data: bytes, name: str) -> np.ndarray:
    """The picture in `data` as uint8 [H, W] (grey), [H, W, 3] (RGB) or [H, W, 4] (RGBA).

    Photographs are turned upright (EXIF). Raises SampleError, with `name` in the message, for
    anything that is not a still picture in one of FORMATS within the limits of bytes and pixels.
    """
    if not data:
        raise SampleError(f"'{name}' is empty. Choose a picture (PNG, JPEG, WebP).")
    if len(data) > MAX_IMAGE_BYTES:
        raise SampleError(
            f"'{name}' has {len(data) / 1e6:.0f} MB; at most {MAX_IMAGE_BYTES // 10**6} MB are "
            "read. Save it smaller."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return _pixels(image, name)
    except UnidentifiedImageError:
        raise SampleError(
            f"'{name}' is not a picture that can be read. Use PNG, JPEG, WebP, BMP, GIF or TIFF."
        ) from None
    except Image.DecompressionBombError:
        raise SampleError(f"'{name}' is far too large. {_SMALLER}") from None
    except (OSError, ValueError, SyntaxError, MemoryError, OverflowError, EOFError) as error:
        raise SampleError(
            f"'{name}' is damaged and cannot be read ({error}). Save it again as PNG."
        ) from error


_SMALLER = f"At most {MAX_IMAGE_PIXELS // 10**6} million pixels are read; save it smaller."


def _pixels(image: Image.Image, name: str) -> np.ndarray:
    width, height = image.size
    if width * height > MAX_IMAGE_PIXELS:
        raise SampleError(f"'{name}' has {width}×{height} pixels. {_SMALLER}")
    if getattr(image, "n_frames", 1) > 1:
        raise SampleError(
            f"'{name}' is an animation or has several pages. Save one still picture of it."
        )
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        values = np.asarray(upright, np.float32)
        low, high = float(values.min()), float(values.max())
        if high > 255 or low < 0:
            values = (values - low) * (255 / max(high - low, 1e-6))
        return values.round().astype(np.uint8)
    if upright.mode in ("1", "L"):
        return np.array(upright.convert("L"))
    transparent = upright.mode in ("LA", "PA", "RGBA", "La", "RGBa")
    if transparent or "transparency" in upright.info:
        return np.array(upright.convert("RGBA"))
    return np.array(upright.convert("RGB"))
