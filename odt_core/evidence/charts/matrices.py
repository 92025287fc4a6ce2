"""Confusion matrices side by side, on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from odt_core.evaluation.confusion_shades import cell_shades
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
        note = "columns: predicted, rows: right label; the darker, the more; red: mistakes"
        canvas.text((MARGIN, top + 66 + count * cell + below + 38), note, 24, colour=look.MUTED)
        lacked = count <= _NAMED and self.drawn != self.labels
        return canvas.png(look.LACKED if lacked else "")

    def plotly(self) -> dict[str, Any]:
        names = [html_text(look.short(text, 12)) for text in self.labels]
        places = list(range(len(names)))
        data: list[dict[str, Any]] = []
        layout: dict[str, Any] = {"height": 560, "plot_bgcolor": look.GRID}  # between cells
        for index, (role, counts) in enumerate(self.counts):
            suffix = "" if index == 0 else str(index + 1)
            data += self._heatmaps(role, counts, suffix)
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

    def _heatmaps(self, role: Role, counts: np.ndarray, suffix: str) -> list[dict[str, Any]]:
        """One for each ink of figures, of the cells that it is read on: a heatmap has one, and fits
        its size to the cells.
        """
        names = [html_text(text) for text in self.labels]
        shades = self._shades(counts)
        signed = np.where(np.eye(len(names), dtype=bool), shades, -shades)
        numbered = len(names) <= _NUMBERED
        inks = np.full(counts.shape, look.ink(look.PAPER))
        if numbered:
            inks[:] = [[look.ink(fill) for fill in row] for row in self._fills(role, counts)]
        figures = [[f"{v:,}" if v else "" for v in row] for row in counts.tolist()]
        return [
            {
                "type": "heatmap",
                "z": [
                    [z if one == ink else None for z, one in zip(*row, strict=True)]
                    for row in zip(signed.tolist(), inks.tolist(), strict=True)
                ],
                "customdata": counts.tolist(),
                "text": np.where(inks == ink, figures, "").tolist(),
                "texttemplate": "%{text}" if numbered else "",
                "textfont": {"color": ink},
                "x": list(range(len(names))),
                "y": list(range(len(names))),
                "zmin": -1,
                "zmax": 1,
                "colorscale": [[0, look.MISTAKE], [0.5, look.PAPER], [1, look.COLOURS[role]]],
                "showscale": False,
                "xgap": 2,
                "ygap": 2,
                "xaxis": f"x{suffix}",
                "yaxis": f"y{suffix}",
                "name": look.NAMES[role],
                "hoverongaps": False,
                "hovertext": [
                    [f"is \u2068{row}\u2069, predicted \u2068{one}\u2069" for one in names]
                    for row in names
                ],
                "hovertemplate": "%{hovertext}: %{customdata}<extra></extra>",
            }
            for ink in np.unique(inks).tolist()
        ]

    def _shades(self, counts: np.ndarray) -> np.ndarray:
        return cell_shades(counts, max(int(table.max()) for _, table in self.counts))

    def _fills(self, role: Role, counts: np.ndarray) -> list[list[str]]:
        """Each cell's colour: mistakes have one of their own."""
        return [
            [
                look.mixed(look.COLOURS[role] if row == column else look.MISTAKE, float(shade))
                for column, shade in enumerate(shades)
            ]
            for row, shades in enumerate(self._shades(counts))
        ]

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
        count = len(self.labels)
        right_ones = int(np.trace(counts))
        head = f"{look.NAMES[role]}: {right_ones} of {int(counts.sum())} right"
        canvas.text((left, top - 28), head, 29, colour=look.TEXTS[role], weight=600)
        fills = self._fills(role, counts)
        for row in range(count):
            for column in range(count):
                x, y, fill = left + column * cell, top + row * cell, fills[row][column]
                canvas.box((x, y, x + cell, y + cell), fill, look.GRID)
                number = int(counts[row, column])
                if number and count <= _NUMBERED:
                    middle = (x + cell / 2, y + cell / 2)
                    ink = look.ink(fill)
                    canvas.text(middle, f"{number:,}", size, colour=ink, anchor="m", weight=550)
        if count <= _NAMED:
            for place, text in enumerate(self.drawn):
                at = (place + 0.5) * cell
                canvas.text((left - 10, top + at), text, size, anchor="r", most=beside)
                x, bottom = left + at, top + count * cell + 8
                if turned:
                    canvas.turned_text((x, bottom), text, size, most=_LONGEST)
                else:
                    canvas.text((x, bottom + size / 2), text, size, anchor="m")
