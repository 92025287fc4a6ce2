"""Sheets of the samples themselves, each with a caption."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from odt_core.evidence.charts import look
from odt_core.evidence.charts.canvas import MARGIN, Canvas
from odt_core.evidence.charts.types import Role

MOST = 60


@dataclass(frozen=True)
class Picture:
    """One sample: pixels uint8 [H, W] or [H, W, 3], and its caption, a line each."""

    pixels: np.ndarray
    caption: tuple[str, ...]
    role: Role = Role.GUIDE


@dataclass(frozen=True)
class Pictures:
    """A sheet of at most MOST pictures. lacked: whether a caption lacks letters of a name."""

    name: str
    title: str
    note: str
    pictures: tuple[Picture, ...]
    lacked: bool = False
    empty: str = "There are none."

    def png(self) -> bytes:
        shown = self.pictures[:MOST]
        lines = max((len(picture.caption) for picture in shown), default=0)
        columns = 10 if len(shown) > 12 else 6
        cell = (1600 - 2 * MARGIN) / columns
        size = 26 if columns == 6 else 21
        tall = cell + lines * (size + 8) + 12
        rows = math.ceil(len(shown) / columns)
        canvas, top = Canvas.headed(self.title, self.note, rows * tall + 90, 420)
        top += 10
        if not shown:
            canvas.says(self.empty, max(280, top + 40))
        for place, picture in enumerate(shown):
            row, column = divmod(place, columns)
            x, y = MARGIN + column * cell, top + row * tall
            side = cell - 20
            image = Image.fromarray(picture.pixels).convert("RGB")
            scale = side / max(image.size)
            corners = (x, y, x + image.width * scale, y + image.height * scale)
            canvas.paste(image, corners)
            edge = look.EDGE if picture.role is Role.GUIDE else look.COLOURS[picture.role]
            canvas.box(corners, "", edge)
            for line, text in enumerate(picture.caption):
                at = (x, y + side + (line + 0.5) * (size + 8))
                canvas.text(at, text, size, most=side, weight=550 if not line else 450)
        return canvas.png(look.LACKED if self.lacked else "")

    def plotly(self) -> dict[str, Any] | None:
        return None


def as_pixels(x: np.ndarray) -> np.ndarray | None:
    """Samples as pictures: uint8 [N, H, W] or [N, H, W, 3], dark on light for ink.

    x: float [N, H, W], [N, H, W, 1] or [N, H, W, 3]; None when they are no pictures. What the model
    sees is stretched so that the set's lowest number is black and its highest white.
    """
    if x.ndim not in (3, 4) or min(x.shape[1:3], default=0) < 6:
        return None
    if x.ndim == 4 and x.shape[3] not in (1, 3):
        return None
    if not len(x):
        return np.zeros((0, *x.shape[1:3]), np.uint8)
    values = np.nan_to_num(x.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    pixels = ((values - low) / ((high - low) or 1) * 255).round().astype(np.uint8)
    return pixels[..., 0] if pixels.ndim == 4 and pixels.shape[3] == 1 else pixels
