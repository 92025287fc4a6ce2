"""Pictures as people draw them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw


def scribble(rng: np.random.Generator) -> np.ndarray:
    """A thick line to and fro that is no digit, uint8 [280, 280]."""
    sheet = Image.new("L", (280, 280), 255)
    points = [tuple(map(float, point)) for point in rng.uniform(28, 252, (9, 2))]
    ImageDraw.Draw(sheet).line(points, fill=0, width=20, joint="curve")
    return np.asarray(sheet)
