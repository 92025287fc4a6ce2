"""What a visitor of the load test brings along: a zip of pictures and drawings of their own."""

from __future__ import annotations

import base64
import io
import zipfile

import numpy as np
from PIL import Image, ImageDraw

from odt_core.bundled import bundled_models, find_card
from odt_core.samples import RawSamples

EACH = 2  # pictures of each label in the zip: 20 samples of ten digits, none set aside for testing
_SIDE, _PEN = 280, 20  # of the page's own canvas


def pictures_of(seed: int) -> RawSamples:
    """EACH pictures of every label, all of one writer of the bundled data."""
    card = find_card(bundled_models()[0])
    assert card is not None
    people = list(card.load_people().values())
    raw = people[seed % len(people)]
    shift = seed // len(people) * EACH  # further visitors take further pictures of a writer
    chosen: list[int] = []
    for label in dict.fromkeys(raw.labels):
        of_label = [k for k, one in enumerate(raw.labels) if one == label]
        chosen += [of_label[(shift + k) % len(of_label)] for k in range(EACH)]
    return RawSamples(
        tuple(raw.items[k] for k in chosen),
        tuple(raw.labels[k] for k in chosen),
        tuple(raw.names[k] for k in chosen),
    )


def as_zip(raw: RawSamples) -> bytes:
    """A zip of one folder per label, as the page takes it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for k, (item, label) in enumerate(zip(raw.items, raw.labels, strict=True)):
            archive.writestr(f"{label}/{k:03d}.png", _png(Image.fromarray(item)))
    return stream.getvalue()


def stroke(rng: np.random.Generator) -> dict:
    """One drawing in the form in which the page's canvas reports it."""
    points = [tuple(float(v) for v in rng.uniform(40, _SIDE - 40, 2)) for _ in range(4)]
    image = Image.new("L", (_SIDE, _SIDE), 0)
    ImageDraw.Draw(image).line(points, fill=255, width=_PEN, joint="curve")
    url = "data:image/png;base64," + base64.b64encode(_png(image)).decode()
    return {"png": url, "strokes": [[list(point) for point in points]]}


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
