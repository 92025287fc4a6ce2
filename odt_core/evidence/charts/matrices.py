"""Confusion matrices side by side, on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from odt_core.evidence.charts import look
from odt_core.evidence.charts.canvas import MARGIN, Canvas
from odt_core.evidence.charts.types import Role
from odt_core.evidence.escape import html_text

_NUMBERED = 20  # labels up to which cells show their count
_NAMED = 40  # labels up to which rows and columns have names
_LONGEST = 150.0  # pixels of a name
_LEAST = 480  # px for a matrix and the names below it

MOST_LABELS = 120  # beyond which a matrix is a smear


@dataclass(frozen=True)
class Matrices:
    """counts: int [K, K] by role, rows: right label, columns: prediction; labels: K names,
    one or more; drawn: these in a picture.
    """

    name: str
    title: str
    note: str
    counts: tuple[tuple[Role, np.ndarray], ...]
    labels: tuple[str, ...]
    drawn: tuple[str, ...]

    def png(self) -> bytes:
        canvas, top = Canvas.headed(self.title, self.note, _LEAST + 150)
        count = len(self.labels)
        side = min(620.0, canvas.height - top - 150)
        size = max(11, min(25, int(side / count * 0.55)))
        widest, beside, below = 0.0, 0.0, float(size)
        if count <= _NAMED:
            widest = max(canvas.measure(text, size) for text in self.drawn)
            beside = min(_LONGEST, widest) + 16
        half = (canvas.width - 2 * MARGIN) / 2
        side = min(side, half - beside - 40, 110.0 * count)
        turned = widest > side / count - 4  # beside each other the columns' names have no room
        if turned:
            below = min(_LONGEST, widest)
            side = min(side, canvas.height - top - 125 - below)
        cell = side / count
        for place, (role, counts) in enumerate(self.counts):
            left = MARGIN + place * half + beside
            if len(self.counts) == 1:
                left += half / 2
            self._one(canvas, role, counts, (left, top + 66), cell, size, beside, turned)
        note = "columns: predicted, rows: right label; shade: share of the row"
        canvas.text((MARGIN, top + 66 + count * cell + below + 38), note, 24, colour=look.MUTED)
        return canvas.png(look.LACKED if self.drawn != self.labels else "")

    def plotly(self) -> dict[str, Any]:
        whole = [html_text(text) for text in self.labels]
        names = [html_text(look.short(text, 12)) for text in self.labels]
        places = list(range(len(names)))
        data: list[dict[str, Any]] = []
        layout: dict[str, Any] = {"height": 560}
        for index, (role, counts) in enumerate(self.counts):
            suffix = "" if index == 0 else str(index + 1)
            shares = _shares(counts)
            data.append(
                {
                    "type": "heatmap",
                    "z": shares.tolist(),
                    "customdata": counts.tolist(),
                    "text": [[str(v) if v else "" for v in row] for row in counts.tolist()],
                    "texttemplate": "%{text}" if len(names) <= _NUMBERED else "",
                    "x": places,
                    "y": places,
                    "zmin": 0,
                    "zmax": 1,
                    "colorscale": [[0, look.PAPER], [1, look.COLOURS[role]]],
                    "showscale": False,
                    "xaxis": f"x{suffix}",
                    "yaxis": f"y{suffix}",
                    "name": look.NAMES[role],
                    "hovertext": [
                        [f"is \u2068{row}\u2069, predicted \u2068{one}\u2069" for one in whole]
                        for row in whole
                    ],
                    "hovertemplate": "%{hovertext}: %{customdata}<extra></extra>",
                }
            )
            axis = {
                "tickvals": places,
                "ticktext": names,
                "constrain": "domain",
                "automargin": True,
            }
            width = 0.45 if len(self.counts) > 1 else 1.0
            layout[f"xaxis{suffix}"] = {
                **axis,
                "domain": [index * 0.55, index * 0.55 + width],
                "title": {"text": f"predicted, {look.NAMES[role]}"},
                "anchor": f"y{suffix}",
            }
            layout[f"yaxis{suffix}"] = {
                **axis,
                "autorange": "reversed",
                "scaleanchor": f"x{suffix}",
                "title": {"text": "" if index else "right label"},
                "showticklabels": not index,
                "anchor": f"x{suffix}",
            }
        return {"data": data, "layout": layout}

    def _one(
        self,
        canvas: Canvas,
        role: Role,
        counts: np.ndarray,
        corner: tuple[float, float],
        cell: float,
        size: int,
        beside: float,
        turned: bool,
    ) -> None:
        left, top = corner
        colour, count = look.COLOURS[role], len(self.labels)
        right_ones = int(np.trace(counts))
        head = f"{look.NAMES[role]}: {right_ones} of {int(counts.sum())} right"
        canvas.text((left, top - 28), head, 29, colour=look.TEXTS[role], weight=600)
        shares = _shares(counts)
        for row in range(count):
            for column in range(count):
                x, y, share = left + column * cell, top + row * cell, float(shares[row, column])
                fill = look.mixed(colour, share) if share else look.PAPER
                canvas.box((x, y, x + cell, y + cell), fill, look.GRID)
                number = int(counts[row, column])
                if number and count <= _NUMBERED:
                    ink = look.PAPER if share > 0.5 else look.INK
                    middle = (x + cell / 2, y + cell / 2)
                    canvas.text(middle, str(number), size, colour=ink, anchor="m", weight=550)
        if count <= _NAMED:
            for place, text in enumerate(self.drawn):
                at = (place + 0.5) * cell
                canvas.text((left - 10, top + at), text, size, anchor="r", most=beside)
                x, bottom = left + at, top + count * cell + 8
                if turned:
                    canvas.turned_text((x, bottom), text, size, most=_LONGEST)
                else:
                    canvas.text((x, bottom + size / 2), text, size, anchor="m")


def _shares(counts: np.ndarray) -> np.ndarray:
    totals = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.maximum(totals, 1))
