"""Numbers as a small picture: a curve a channel, bars for a few, digits for one or two."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

INKS = ("#4f46e5", "#0e7490", "#b45309", "#be185d", "#5e6373", "#15803d", "#7c3aed", "#a16207")
_PAPER = "white"
_FEW = 16  # up to so many numbers are bars
_CURVES = 16  # that can be told from a grey picture, some in the same ink
_FINE = 3  # drawn so much larger, then shrunk: smooth lines


def is_series(item: np.ndarray) -> bool:
    """Whether numbers are a row of features or a window of a few channels rather than a picture."""
    squeezed = item.squeeze()
    if squeezed.ndim <= 1:
        return True
    if squeezed.ndim != 2:
        return False
    moments, channels = squeezed.shape
    most = len(INKS) if moments <= 4 * channels else _CURVES
    return channels <= most and channels < moments


def draw_series(item: np.ndarray, side: int, limits: tuple[float, ...] = ()) -> Image.Image:
    """A square picture of features [F] or of a window [time, channels]. limits: the least and the
    largest number that it has room for, so that several can be compared; default its own.
    """
    values = np.atleast_1d(item.squeeze()).astype(np.float64)
    size = side * _FINE
    image = Image.new("RGB", (size, size), _PAPER)
    pen = ImageDraw.Draw(image)
    if values.size <= 2:
        _digits(pen, values, size)
    elif values.ndim == 1 and values.size <= _FEW:
        _bars(pen, values, size, limits)
    else:
        _curves(pen, values.reshape(len(values), -1), size, limits)
    return image.resize((side, side), Image.Resampling.BOX)


def _digits(pen: ImageDraw.ImageDraw, values: np.ndarray, size: int) -> None:
    lines = [f"{value:.3g}" for value in values]
    height = size / (len(lines) + 0.6)
    for k, line in enumerate(lines):
        font = ImageFont.load_default(min(height * 0.75, 1.5 * size / max(3, len(line))))
        middle = (size / 2, size / 2 + (k - (len(lines) - 1) / 2) * height)
        pen.text(middle, line, fill=INKS[0], font=font, anchor="mm")


def _bars(
    pen: ImageDraw.ImageDraw, values: np.ndarray, size: int, limits: tuple[float, ...]
) -> None:
    low, high = min(0.0, float(values.min()), *limits), max(0.0, float(values.max()), *limits)
    span = (high - low) or 1.0
    margin = size * 0.1
    width = (size - 2 * margin) / len(values)

    def at(value: float) -> float:
        return size - margin - (value - low) / span * (size - 2 * margin)

    for k, value in enumerate(values):
        left = margin + k * width
        top, bottom = sorted((at(float(value)), at(0.0)))
        pen.rectangle((left, top, left + width * 0.7, bottom + _FINE), fill=INKS[0])


def _curves(
    pen: ImageDraw.ImageDraw, values: np.ndarray, size: int, limits: tuple[float, ...]
) -> None:
    if len(values) > 2 * size:  # more points than pixels: the least and the largest of each
        starts = np.linspace(0, len(values), size, endpoint=False).astype(int)
        ends = [bound.reduceat(values, starts) for bound in (np.minimum, np.maximum)]
        values = np.stack(ends, axis=1).reshape(2 * size, -1)
    low, high = min([float(values.min()), *limits]), max([float(values.max()), *limits])
    span = (high - low) or 1.0
    margin = size * 0.08
    across = np.linspace(margin, size - margin, len(values))
    for channel in range(values.shape[1]):
        down = size - margin - (values[:, channel] - low) / span * (size - 2 * margin)
        points = list(zip(across.tolist(), down.tolist(), strict=True))
        pen.line(points, fill=INKS[channel % len(INKS)], width=max(2, size // 40), joint="curve")
