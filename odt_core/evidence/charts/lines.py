"""Curves and points over two axes: training, calibration, predictions against targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from odt_core.evidence.charts import look
from odt_core.evidence.charts.canvas import MARGIN, WIDTH, Canvas
from odt_core.evidence.charts.ticks import label, span, ticks
from odt_core.evidence.charts.types import Role
from odt_core.evidence.charts.whiskers import whiskers
from odt_core.evidence.escape import html_text

_FEW = 40  # points that get a mark each
_LEAST = 420  # px of the plot's height


@dataclass(frozen=True)
class Line:
    """One curve, or points without a line. x and y are of one length; nan leaves a gap."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    role: Role
    dash: bool = False
    faint: bool = False
    joined: bool = True
    square: bool = False  # marks, instead of round ones
    said: Sequence[str] = ()  # a text a point, shown on hover
    sizes: Sequence[float] = ()  # of the marks, 1 is usual
    ends: Sequence[tuple[float, float]] = ()  # of an interval of y about each point

    @property
    def colour(self) -> str:
        """As it is drawn."""
        return look.mixed(look.COLOURS[self.role], 0.45 if self.faint else 1)


@dataclass(frozen=True)
class Lines:
    """A chart of lines. y_range, x_range: None finds them."""

    name: str
    title: str
    note: str
    x_title: str
    y_title: str
    lines: tuple[Line, ...]
    percent: bool = False  # y
    x_percent: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    empty: str = "Nothing was measured."

    @property
    def ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Of x and of y."""
        x = self.x_range or span([v for line in self.lines for v in line.x], zero=True)
        y = self.y_range or span([v for line in self.lines for v in line.y], zero=True)
        return x, y

    @property
    def drawn(self) -> tuple[Line, ...]:
        """Lines with a point."""
        return tuple(line for line in self.lines if len(line.x))

    def png(self) -> bytes:
        legend = _legend(self.drawn)
        above = 106 + max((y for _, _, y in legend), default=0.0)
        canvas, top = Canvas.headed(self.title, self.note, above + _LEAST + 120)
        if not self.drawn:
            canvas.says(self.empty, max(520, top + 60))
            return canvas.png()
        for line, x, y in legend:
            _entry(canvas, line, (x, top + 18 + y))
        top += above
        left, right, bottom = MARGIN + 110, canvas.width - MARGIN, canvas.height - 120
        (x0, x1), (y0, y1) = self.ranges

        def place(x: float, y: float) -> tuple[float, float]:
            return (
                left + (x - x0) / (x1 - x0) * (right - left),
                bottom - (y - y0) / (y1 - y0) * (bottom - top),
            )

        for value in ticks(y0, y1):
            y = place(x0, value)[1]
            canvas.line([(left, y), (right, y)], look.GRID, 2)
            text = label(value, self.percent)
            canvas.text((left - 16, y), text, 25, colour=look.MUTED, anchor="r")
        for value in ticks(x0, x1, 8):
            x = place(value, y0)[0]
            text = label(value, self.x_percent)
            canvas.text((x, bottom + 30), text, 25, colour=look.MUTED, anchor="m")
        canvas.line([(left, bottom), (right, bottom)], look.EDGE, 2)
        canvas.text(((left + right) / 2, bottom + 78), self.x_title, 27, anchor="m")
        canvas.text((left - 100, top - 30), self.y_title, 25, colour=look.MUTED)
        for line in sorted(self.drawn, key=lambda line: (line.dash, not line.faint)):
            _draw(canvas, line, place)
        return canvas.png()

    def plotly(self) -> dict[str, Any]:
        data = [
            {
                "type": "scatter",
                "cliponaxis": False,
                "mode": _mode(line),
                "name": html_text(line.name),
                "showlegend": bool(line.name),
                "x": [float(v) for v in line.x],
                "y": [float(v) if math.isfinite(v) else None for v in line.y],
                "text": [html_text(text) for text in line.said] or None,
                "line": {
                    "color": line.colour,
                    "width": 1.5 if line.faint or line.role is Role.GUIDE else 3,
                    "dash": "dash" if line.dash else "solid",
                },
                "marker": {
                    "color": line.colour,
                    "opacity": 1,
                    "size": [8 * size for size in line.sizes] or 8,
                    "symbol": "square" if line.square else "circle",
                },
                **({"error_y": whiskers(line.y, line.ends, line.colour, 1.5)} if line.ends else {}),
            }
            for line in self.drawn
        ]
        x, y = self.ranges
        layout: dict[str, Any] = {
            "xaxis": {"title": {"text": html_text(self.x_title)}, "range": list(x)},
            "yaxis": {"title": {"text": html_text(self.y_title)}, "range": list(y)},
        }
        for axis, percent in (("xaxis", self.x_percent), ("yaxis", self.percent)):
            if percent:
                layout[axis]["tickformat"] = ".0%"
        return {"data": data, "layout": layout}


def _mode(line: Line) -> str:
    if not line.joined:
        return "markers"
    return (
        "lines" if len(line.x) > _FEW or line.role is Role.GUIDE or line.dash else "lines+markers"
    )


def _draw(canvas: Canvas, line: Line, place: Any) -> None:
    for x, (low, high) in zip(line.x, line.ends, strict=False):
        ends = [place(x, low), place(x, high)]
        canvas.line(ends, line.colour, 2.5)
        for at, y in ends:
            canvas.line([(at - 7, y), (at + 7, y)], line.colour, 2.5)
    stretch: list[tuple[float, float]] = []
    stretches = [stretch]
    for x, y in zip(line.x, line.y, strict=True):
        if math.isfinite(y):
            stretch.append(place(x, y))
        elif stretch:
            stretch = []
            stretches.append(stretch)
    thick = 2.5 if line.faint or line.role is Role.GUIDE else 5
    for points in stretches:
        if line.joined:
            canvas.line(points, line.colour, thick, 14 if line.dash else 0)
        marks = "markers" in _mode(line) or len(points) == 1
        for at, point in enumerate(points if marks else ()):
            size = (line.sizes[at] if line.sizes else 1) * (6 if line.faint else 8)
            canvas.dot(point, size, line.colour, square=line.square)


def _legend(lines: Sequence[Line]) -> list[tuple[Line, float, float]]:
    """Each line with a name, and where that stands: x, and y below the first row's."""
    places, x, y = [], float(MARGIN), 0.0
    for line in (line for line in lines if line.name):
        wide = 62 + Canvas.measure(line.name, 27) + 44
        if x > MARGIN and x + wide > WIDTH - MARGIN:
            x, y = float(MARGIN), y + 42
        places.append((line, x, y))
        x += wide
    return places


def _entry(canvas: Canvas, line: Line, at: tuple[float, float]) -> None:
    x, y = at
    if line.joined:
        thick = 2.5 if line.faint or line.role is Role.GUIDE else 5
        canvas.line([(x, y), (x + 46, y)], line.colour, thick, 10 if line.dash else 0)
    if "markers" in _mode(line):
        canvas.dot((x + 23, y), 8, line.colour, square=line.square)
    canvas.text((x + 60, y), line.name, 27)
