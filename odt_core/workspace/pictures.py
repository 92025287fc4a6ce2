"""Sample arrays as files and back, and the small pictures of them that a page shows."""

import hashlib
import io

import numpy as np
from PIL import Image

from odt_core.errors import SampleError
from odt_core.workspace.limits import Limits
from odt_core.workspace.recent import Recent
from odt_core.workspace.sparkline import draw_series, is_series

_NPY = "npy"
_PNG = "png"
_JPG = "jpg"
_FORMATS = {_PNG: "PNG", _JPG: "JPEG"}
_PHOTOGRAPH = 128 * 128  # pixels from which a colour picture is kept as JPEG
_THUMBNAIL_QUALITY = 80
_QUALITY = 90  # of 100, colours at full resolution: 640×480 pixels take about 100 kB
THUMBNAILS = Recent[bytes](32 * 1024 * 1024, len)  # of this process


def encode(item: np.ndarray, limits: Limits) -> tuple[bytes, str]:
    """The bytes and the file suffix of a sample.

    A uint8 array of shape [H, W], [H, W, 1], [H, W, 3] or [H, W, 4] becomes a PNG, shrunk when it
    is larger than `limits.sample_side`; one of [H, W, 3] from 128 × 128 pixels on becomes a JPEG,
    a sixth of the PNG's size; a float32 array of any shape becomes an .npy file. Equal
    arrays give equal bytes. Raises SampleError for anything else.
    """
    if item.dtype == np.uint8:
        fitted = _fitted(item, limits.sample_side)
        photograph = (
            fitted.ndim == 3 and fitted.shape[2] == 3 and fitted[..., 0].size >= _PHOTOGRAPH
        )
        data, suffix = (_jpg(fitted), _JPG) if photograph else (_png(fitted), _PNG)
    elif item.dtype == np.float32 and item.size and np.isfinite(item).all():
        data, suffix = _npy(item), _NPY
    else:
        raise SampleError(
            f"A sample of type {item.dtype} and shape {list(item.shape)} cannot be kept. Give a "
            "picture (uint8) or finite features (float32)."
        )
    if len(data) > limits.sample_bytes:
        raise SampleError(
            f"A sample takes {len(data) / 1e6:.1f} MB; at most {limits.sample_bytes / 1e6:.1f} MB "
            "are kept. Use a smaller picture."
        )
    return data, suffix


def encode_numbers(target: np.ndarray, limits: Limits) -> bytes:
    """A target as the bytes of an .npy file. SampleError unless float32, finite and not large."""
    if target.dtype != np.float32 or not target.size or not np.isfinite(target).all():
        raise SampleError(
            f"A target of type {target.dtype} and shape {list(target.shape)} cannot be kept. Give "
            "finite numbers (float32)."
        )
    if target.nbytes > limits.sample_bytes:
        raise SampleError(
            f"A target takes {target.nbytes / 1e6:.1f} MB; at most {limits.sample_bytes / 1e6:.1f} "
            "MB are kept."
        )
    return _npy(target)


def decode(data: bytes, suffix: str) -> np.ndarray:
    """The array that `encode` was given, of a photograph what JPEG has left of it.

    Raises SampleError when the bytes are damaged.
    """
    try:
        if suffix == _NPY:
            return np.load(io.BytesIO(data), allow_pickle=False)
        with Image.open(io.BytesIO(data), formats=[_FORMATS[suffix]]) as image:
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError, EOFError, KeyError) as error:
        raise SampleError("A stored sample is damaged. Delete it and add it again.") from error


def thumbnail(data: bytes, suffix: str, side: int) -> bytes:
    """At most `side` × `side` pixels, of a photograph as JPEG, else as PNG; numbers are drawn as
    curves, bars or grey values.
    """
    if suffix == _JPG:
        return _small_photograph(data, side)
    item = decode(data, suffix)
    if item.dtype != np.uint8 and is_series(item):
        return _png_of(draw_series(item, side))
    image = Image.fromarray(item if item.dtype == np.uint8 else _as_grey(item))
    image.thumbnail((side, side), Image.Resampling.BOX)
    return _png_of(image)


def digest(data: bytes) -> str:
    """The name of a file with this content: its SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _fitted(item: np.ndarray, side: int) -> np.ndarray:
    if item.ndim == 3 and item.shape[2] == 1:
        item = item[:, :, 0]
    if item.ndim not in (2, 3) or not item.size or (item.ndim == 3 and item.shape[2] not in (3, 4)):
        raise SampleError(
            f"A picture of shape {list(item.shape)} cannot be kept. Give [height, width], with 3 "
            "colours or 3 colours and transparency."
        )
    if max(item.shape[:2]) <= side:
        return item
    image = Image.fromarray(np.ascontiguousarray(item))
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(image)


def _npy(item: np.ndarray) -> bytes:
    stream = io.BytesIO()
    # ascontiguousarray makes [1] of a number without a shape
    np.save(stream, np.ascontiguousarray(item).reshape(item.shape), allow_pickle=False)
    return stream.getvalue()


def _small_photograph(data: bytes, side: int) -> bytes:
    """Unpacked at a fraction of its size by the JPEG decoder: a millisecond a picture."""
    try:
        with Image.open(io.BytesIO(data), formats=[_FORMATS[_JPG]]) as image:
            image.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
            return _jpg_of(image, _THUMBNAIL_QUALITY)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise SampleError("A stored sample is damaged. Delete it and add it again.") from error


def _jpg(item: np.ndarray) -> bytes:
    return _jpg_of(Image.fromarray(np.ascontiguousarray(item)), _QUALITY)


def _jpg_of(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, subsampling=0)
    return stream.getvalue()


def _png(item: np.ndarray) -> bytes:
    return _png_of(Image.fromarray(np.ascontiguousarray(item)))


def _png_of(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=4)
    return stream.getvalue()


def _as_grey(item: np.ndarray) -> np.ndarray:
    """Any float array as uint8 [H, W] or [H, W, 3], its smallest value black, its largest white."""
    values = item[..., 0] if item.ndim == 3 and item.shape[2] == 1 else item
    if values.ndim != 2 and not (values.ndim == 3 and values.shape[2] == 3):
        width = int(np.ceil(np.sqrt(values.size)))
        square = np.full(width * width, values.min(), np.float32)
        square[: values.size] = values.ravel()
        values = square.reshape(width, width)
    low, high = float(values.min()), float(values.max())
    return ((values - low) * (255.0 / max(high - low, 1e-12))).astype(np.uint8)
