"""Pictures as people draw and upload them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw


def picture(digit_like: int = 0) -> bytes:
    sheet = np.full((60, 60), 255, np.uint8)
    sheet[10:50, 20 + digit_like : 28 + digit_like] = 0
    out = io.BytesIO()
    Image.fromarray(sheet).save(out, "PNG")
    return out.getvalue()


def scribble(rng: np.random.Generator) -> np.ndarray:
    """A thick line to and fro that is no digit, uint8 [280, 280]."""
    sheet = Image.new("L", (280, 280), 255)
    points = [tuple(map(float, point)) for point in rng.uniform(28, 252, (9, 2))]
    ImageDraw.Draw(sheet).line(points, fill=0, width=20, joint="curve")
    return np.asarray(sheet)


def upload(app, *files):
    """Choose Upload on card 1 and give it files."""
    app.segmented_control(key="samples_way").set_value("Upload").run()
    widget = app.file_uploader[0]
    for name, data in files:
        widget.upload(name, data)
    return app.run()
