"""Decode an uploaded picture, or refuse it in one sentence: nothing here trusts the bytes."""

from __future__ import annotations

import functools
import io
import struct
import threading
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from odt_core.errors import SampleError
from odt_core.kinds import check_kind
from odt_core.words import too_large

MAX_IMAGE_BYTES = 30_000_000
MAX_IMAGE_PIXELS = 64_000_000  # a phone's 48-megapixel photograph has 48.8 million
WORKING_SIDE = 640  # pixels of the longer side that are kept of a larger picture
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif"
)  # fmt: skip
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_DEEP = ("I;16", "I;16B", "I;16L", "I", "F")  # Pillow's modes of more than 8 bits
WHITES = (255.0, 4_095.0, 65_535.0)  # of 8, 12 and 16 bits
_one_large = threading.Lock()  # so that pictures of 100 MB and more are unpacked one at a time
_LARGE = 12_000_000  # pixels


def decode_mask(
    data: bytes, name: str, side: int | None = WORKING_SIDE, *, classes: bool = False
) -> np.ndarray:
    """A mask as uint8 [H, W] or [H, W, 3]: the numbers of a palette's colours, not the colours.

    A palette of shades alone gives the shades, unless `classes` says that numbers are learnt.
    Transparency counts only where the colour says nothing, being one all over. A larger mask is
    shrunk to `side` without new values in between. Raises SampleError as `decode_image` does.
    """
    mask = decode_image(data, name, side, mask=True, numbers=classes)
    if mask.ndim == 3 and mask.shape[2] == 4:
        alpha, mask = mask[..., 3], mask[..., :3]
        if (mask == mask[:1, :1]).all() and (alpha < 255).any():
            return alpha
    if mask.ndim == 3 and (mask == mask[..., :1]).all():
        return mask[..., 0]  # saved as colours, but grey
    return mask


def decode_image(
    data: bytes,
    name: str,
    side: int | None = WORKING_SIDE,
    *,
    mask: bool = False,
    numbers: bool = False,
) -> np.ndarray:
    """The picture in `data` as uint8 [H, W] (grey), [H, W, 3] (RGB) or [H, W, 4] (RGBA).

    Photographs are turned upright (EXIF). side: a larger picture is shrunk until its longer side
    has so many pixels; None keeps its size. mask, numbers: see `decode_mask`. Raises SampleError,
    with `name` in the message, for anything that is not a still picture in one of FORMATS or HEIC
    within the limits of bytes and pixels.
    """
    wanted = "A picture comes as its file's bytes"
    check_kind(data, (bytes, bytearray, memoryview), wanted, SampleError)
    if side is not None and not (isinstance(side, (int, np.integer)) and side > 0):
        raise SampleError(f"side is at least one pixel, or None for all there are, not {side!r}.")
    if not data:
        raise SampleError(f"'{name}' is empty. Choose a picture (PNG, JPEG, WebP, HEIC).")
    if len(data) > MAX_IMAGE_BYTES:
        raise SampleError(f"{too_large(name, len(data), MAX_IMAGE_BYTES)}. Save it smaller.")
    formats: tuple[str, ...] = FORMATS
    if is_heif(data):
        _learn_heif(name)
        formats = ("HEIF",)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=formats) as image:
                return _pixels(image, name, side, mask, numbers)
    except UnidentifiedImageError:
        raise SampleError(
            f"'{name}' is not a picture that can be read. Use PNG, JPEG, WebP, HEIC, BMP, GIF or "
            "TIFF."
        ) from None
    except Image.DecompressionBombError:
        raise SampleError(f"'{name}' is far too large. {_SMALLER}") from None
    except SampleError:
        raise
    except _DAMAGED as error:
        raise SampleError(
            f"'{name}' is damaged and cannot be read ({error}). Save it again as PNG."
        ) from error


_DAMAGED = (  # what Pillow lets through, of its own and of what it asks
    OSError, ValueError, SyntaxError, MemoryError, ArithmeticError, EOFError, RuntimeError,
    TypeError, LookupError, AttributeError, struct.error
)  # fmt: skip
_SMALLER = f"At most {MAX_IMAGE_PIXELS // 10**6} million pixels are read; save it smaller."


def declared_pixels(data: bytes) -> int:
    """How many pixels a picture says it has, from its first bytes; 0 where they do not tell."""
    if not data or is_heif(data):
        return 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return image.width * image.height
    except (*_DAMAGED, Image.DecompressionBombError):
        return 0


def is_heif(data: bytes) -> bool:
    """Whether the bytes begin as a HEIC or HEIF file does (ISO/IEC 23008-12, "ftyp" box)."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


def _learn_heif(name: str) -> None:
    """Teach Pillow the format; an import of 0.3 s that only those pay who upload such a picture."""
    if not _heif_opener():
        raise SampleError(
            f"'{name}' is a HEIC picture, and this server has no decoder for it (pi-heif). Save it "
            "as JPEG."
        )


@functools.cache
def _heif_opener() -> bool:
    try:
        import pi_heif
    except ImportError:
        return False
    pi_heif.options.DECODE_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False)
    return True


def _pixels(
    image: Image.Image, name: str, side: int | None, mask: bool, numbers: bool
) -> np.ndarray:
    width, height = image.size
    if width * height > MAX_IMAGE_PIXELS:
        raise SampleError(f"'{name}' has {width}×{height} pixels. {_SMALLER}")
    # A phone's JPEG (MPO) or HEIC may hold a depth map or a second view after the photograph.
    several = image.format not in ("MPO", "HEIF") and getattr(image, "n_frames", 1) > 1
    if several:
        raise SampleError(
            f"'{name}' is an animation or has several pages. Save one still picture of it."
        )
    size = _shrunk(width, height, side)
    drafted = None
    if size != image.size and not mask and image.format in ("JPEG", "MPO"):
        drafted = image.draft(None, size)  # JPEG unpacks at 1/2, 1/4 or 1/8 of the size at once
    box = drafted and drafted[1]  # what the picture fills of it: of 641 columns 640.5
    if image.width * image.height > _LARGE:
        with _one_large:
            return _small_array(image, size, box, mask, numbers)
    return _small_array(image, size, box, mask, numbers)


def _shrunk(width: int, height: int, side: int | None) -> tuple[int, int]:
    """The size of a picture whose longer side has at most so many pixels."""
    part = 1.0 if side is None else min(1.0, side / max(width, height))
    return max(1, round(part * width)), max(1, round(part * height))


def _small_array(
    image: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None,
    mask: bool,
    numbers: bool,
) -> np.ndarray:
    image.load()
    plain = _numbers(image, numbers) if mask and image.mode == "P" else _eight_bits(image, mask)
    if plain.size != size:
        how = Image.Resampling.NEAREST if mask else Image.Resampling.LANCZOS
        plain = plain.resize(size, how, box, reducing_gap=3.0)
    # after shrinking, since turning copies; the tag is still that of the file
    return np.array(_upright(plain, image))


def _numbers(image: Image.Image, always: bool) -> Image.Image:
    """A palette's numbers in mode L; unless `always`, its shades where it has only such, in
    whatever order.
    """
    colours = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    if not always and (colours == colours[:, :1]).all():
        return image.convert("L")
    return Image.fromarray(np.asarray(image))


def _eight_bits(image: Image.Image, mask: bool) -> Image.Image:
    """The same picture in mode L, RGB or RGBA."""
    if image.mode in _DEEP:
        return Image.fromarray(_of_depth(np.asarray(image, np.float32), image.mode == "F", mask))
    transparent = image.mode in ("LA", "PA", "RGBA", "La", "RGBa")
    if transparent or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _of_depth(values: np.ndarray, fractions: bool, mask: bool) -> np.ndarray:
    """A grey picture of more than 8 bits as uint8: white stays white, however the rest looks.

    values: float32 [H, W]. What white is, is said by the largest value: 255 where none is above it,
    else 4,095 (12 bits), else 65,535, else that value itself; 1 for `fractions`. Where there are
    numbers below 0, which have no white, the smallest is black and the largest white. Of a mask
    numbers up to 255 stay as they are, beside white too.
    """
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ValueError("it holds numbers that are not finite")
    white = next((limit for limit in WHITES if high <= limit), high)
    if low < 0:
        values, white = values - low, max(high - low, 1e-6)
    elif fractions and high <= 1:
        white = 1.0
    elif mask and (values[values != WHITES[-1]] <= WHITES[0]).all():
        return np.minimum(values, WHITES[0]).round().astype(np.uint8)
    return (values * (WHITES[0] / white)).round().astype(np.uint8)


def _upright(picture: Image.Image, source: Image.Image) -> Image.Image:
    if source.format == "HEIF":
        return picture  # its decoder has turned it already
    turn = _TURNS.get(source.getexif().get(0x0112, 1))
    return picture if turn is None else picture.transpose(turn)


_TURNS = {  # EXIF 2.32, tag 0x0112: how to turn what was stored
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
