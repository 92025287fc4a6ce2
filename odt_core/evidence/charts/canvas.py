"""A drawing surface: Pillow at twice the size, scaled down for smooth edges."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from PIL import Image, ImageDraw

from odt_core.evidence.charts import look

WIDTH, HEIGHT, MARGIN = 1600, 900, 64
_FINE = 2
Point = tuple[float, float]


class Canvas:
    """Coordinates and sizes are pixels of the finished picture."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * _FINE, height * _FINE), look.PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def png(self, foot: str = "") -> bytes:
        """The picture as a PNG file, with a line below it or none."""
        if foot:
            longer = Canvas(self.width, self.height + 52)
            longer._image.paste(self._image, (0, 0))
            longer.text((MARGIN, self.height + 14), foot, 24, colour=look.MUTED)
            return longer.png()
        stream = io.BytesIO()
        self._image.reduce(_FINE).save(stream, "PNG", optimize=False, compress_level=6)
        return stream.getvalue()

    @classmethod
    def headed(
        cls, title: str, note: str, room: float, least: int = HEIGHT
    ) -> tuple[Canvas, float]:
        """A canvas with title and note, and where the rest may begin. It is `least` high, or as
        high as it takes for `room` pixels below the note.
        """
        lines = cls.wrapped(note, 27, WIDTH - 2 * MARGIN)
        top = 122.0 + 38 * len(lines)
        canvas = cls(height=max(least, math.ceil(top + room)))
        canvas.text((MARGIN, 66), title, 44, weight=650, most=WIDTH - 2 * MARGIN)
        for at, line in enumerate(lines):
            canvas.text((MARGIN, 122 + 38 * at), line, 27, colour=look.MUTED)
        return canvas, top

    def says(self, text: str, y: float) -> None:
        """What stands in the middle of a chart that has nothing to draw."""
        self.text((self.width / 2, y), text, 32, colour=look.MUTED, anchor="m")

    def line(self, points: Sequence[Point], colour: str, width: float, dash: float = 0) -> None:
        """A line through the points; dash: length of a dash, 0 for none."""
        scaled = [(x * _FINE, y * _FINE) for x, y in points]
        thick = max(1, round(width * _FINE))
        if dash:
            for piece in _dashes(scaled, dash * _FINE):
                self._draw.line(piece, colour, thick)
        elif len(scaled) > 1:
            self._draw.line(scaled, colour, thick, joint="curve")

    def dot(self, at: Point, radius: float, colour: str, *, square: bool = False) -> None:
        """A filled mark with a white rim."""
        shape = self._draw.rectangle if square else self._draw.ellipse
        for size, fill in ((radius + 2, look.PAPER), (radius, colour)):
            x, y, r = at[0] * _FINE, at[1] * _FINE, size * _FINE
            shape((x - r, y - r, x + r, y + r), fill)

    def box(self, corners: tuple[float, float, float, float], fill: str, edge: str = "") -> None:
        """A rectangle (left, top, right, bottom)."""
        scaled = tuple(round(v * _FINE) for v in corners)
        self._draw.rectangle(scaled, fill or None, edge or None, 2 * _FINE if edge else 0)

    def text(
        self,
        at: Point,
        text: str,
        size: int,
        *,
        colour: str = look.INK,
        weight: int = 450,
        anchor: Literal["l", "m", "r"] = "l",
        most: float = math.inf,
        halo: int = 0,
    ) -> float:
        """One line, its middle at `at` vertically; cut to `most` pixels, with a halo of paper that
        wide. Returns its width.
        """
        text = self.cut(text, size, most, weight)
        wide = self.measure(text, size, weight)
        x = at[0] - {"l": 0.0, "m": wide / 2, "r": wide}[anchor]
        for piece, extended in look.runs(text):
            face = look.font(size * _FINE, weight, extended)
            self._draw.text(
                (x * _FINE, at[1] * _FINE),
                piece,
                colour,
                face,
                anchor="lm",
                stroke_width=halo * _FINE,
                stroke_fill=look.PAPER,
            )
            x += face.getlength(piece) / _FINE
        return wide

    def turned_text(self, at: Point, text: str, size: int, *, most: float = math.inf) -> None:
        """One line that reads upwards and ends at `at`, its middle there; cut to `most` pixels."""
        text = self.cut(text, size, most)
        tall = round(1.5 * size)
        line = Canvas(math.ceil(self.measure(text, size)), tall)
        line.text((line.width, tall / 2), text, size, anchor="r")
        picture = line._image.transpose(Image.Transpose.ROTATE_90)
        self._image.paste(picture, (round((at[0] - tall / 2) * _FINE), round(at[1] * _FINE)))

    @staticmethod
    def measure(text: str, size: int, weight: int = 450) -> float:
        """How wide a line is."""
        return look.width(text, size * _FINE, weight) / _FINE

    @staticmethod
    def cut(text: str, size: int, most: float, weight: int = 450) -> str:
        """The text, with an ellipsis at its end where it is wider than `most`."""
        if Canvas.measure(text, size, weight) <= most:
            return text
        while text and Canvas.measure(text + "…", size, weight) > most:
            text = text[:-1]
        return text.rstrip() + "…"

    @staticmethod
    def wrapped(text: str, size: int, most: float) -> list[str]:
        """The text in lines of at most `most` pixels."""
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and Canvas.measure(longer, size) <= most:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def paste(self, picture: Image.Image, corners: tuple[float, float, float, float]) -> None:
        """A small picture, enlarged so that its pixels stay visible."""
        left, top, right, bottom = (round(v * _FINE) for v in corners)
        size = (right - left, bottom - top)
        self._image.paste(picture.resize(size, Image.Resampling.NEAREST), (left, top))


def _dashes(points: Sequence[Point], length: float) -> list[list[Point]]:
    """The line cut into dashes with gaps as long."""
    pieces, drawn, left = [], True, length
    for (x0, y0), (x1, y1) in pairwise(points):
        far, at = math.hypot(x1 - x0, y1 - y0), 0.0
        while at < far:
            to = min(at + left, far)
            if drawn:
                ends = [(x0 + (x1 - x0) * s / far, y0 + (y1 - y0) * s / far) for s in (at, to)]
                pieces.append(ends)
            left -= to - at
            at = to
            if left <= 1e-9:
                drawn, left = not drawn, length
    return pieces
