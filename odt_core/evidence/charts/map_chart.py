"""A map of samples as base and personalised model see them, side by side on the same axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from odt_core.evaluation import FeatureMap
from odt_core.evaluation.map_names import apart, can_name, label_middles, names_each
from odt_core.evidence.charts import look
from odt_core.evidence.charts.canvas import MARGIN, Canvas
from odt_core.evidence.charts.types import Role
from odt_core.evidence.escape import html_text

_LEAST = 480  # px of the panels' height
_FEW = 60  # dots that are drawn larger
_LONGEST = 14  # letters of a name amid its dots
_SIZE = 26  # px, of such names in a picture
_PANEL = (743.0, 560.0)  # px, of which names in the browser take as much as in the picture


@dataclass(frozen=True)
class MapChart:
    """names: what each of the N samples is, or none at all; drawn: these in a picture; large: bool
    [N], drawn larger.
    """

    name: str
    title: str
    note: str
    seen: FeatureMap
    names: Sequence[str]
    drawn: Sequence[str]
    large: np.ndarray

    @property
    def _panels(self) -> tuple[tuple[Role, np.ndarray], ...]:
        return ((Role.BASE, self.seen.base), (Role.OWN, self.seen.own))

    def _dot(self, k: int) -> int:
        """Its width, so that few can be read afar."""
        test, other = (18, 12) if self.seen.n <= _FEW else (14, 8)
        return test if self.large[k] else other

    def _amid(
        self, places: np.ndarray, names: Sequence[str], panel: tuple[float, float]
    ) -> list[tuple[str, float, float]]:
        """Names that stand amid their dots, with their middles in a panel of that width and height,
        from left and from above: none lies on another.
        """
        if not can_name(names) or names_each(names) or np.allclose(places, 0):
            return []
        each, middles = label_middles(places, names)
        short = [look.short(name, _LONGEST) for name in each]
        (x0, x1), (y0, y1) = self.seen.limits
        at = (middles - (x0, y1)) / (x1 - x0, y0 - y1) * panel
        widths = np.array([Canvas.measure(name, _SIZE, 600) for name in short])
        return list(zip(short, *apart(at, widths, 1.3 * _SIZE, panel).T.tolist(), strict=True))

    def png(self) -> bytes:
        canvas, top = Canvas.headed(self.title, self.note, _LEAST + 110)
        top += 60
        each = names_each(self.drawn)
        bottom = canvas.height - 50.0
        wide = (canvas.width - 2 * MARGIN - 50) / 2
        (x0, x1), (y0, y1) = self.seen.limits
        for panel, (role, places) in enumerate(self._panels):
            left, colour = MARGIN + panel * (wide + 50), look.TEXTS[role]
            canvas.text((left, top - 28), look.NAMES[role], 29, colour=colour, weight=600)
            canvas.box((left, top, left + wide, bottom), look.PAPER, look.GRID)
            for k, (x, y) in enumerate(places.tolist()):
                at = (
                    left + (x - x0) / (x1 - x0) * wide,
                    bottom - (y - y0) / (y1 - y0) * (bottom - top),
                )
                if each:
                    size = 32 if self.large[k] else 22
                    canvas.text(at, self.drawn[k], size, colour=colour, anchor="m", weight=550)
                else:
                    canvas.dot(at, 0.75 * self._dot(k), look.COLOURS[role])
            for name, x, y in self._amid(places, self.drawn, (wide, bottom - top)):
                canvas.text((left + x, top + y), name, _SIZE, weight=600, anchor="m", halo=4)
        lacked = can_name(self.drawn) and list(self.drawn) != list(self.names)
        return canvas.png(look.LACKED if lacked else "")

    def plotly(self) -> dict[str, Any]:
        each = names_each(self.names)
        data: list[dict[str, Any]] = [
            {
                "type": "scatter",
                "mode": "text" if each else "markers",
                "name": look.NAMES[role],
                "showlegend": False,
                "x": [float(x) for x, _ in places],
                "y": [float(y) for _, y in places],
                "text": [html_text(name) for name in self.names],
                "textfont": {
                    "color": look.TEXTS[role],
                    "size": [20 if large else 14 for large in self.large],
                },
                "marker": {
                    "color": look.COLOURS[role],
                    "size": [self._dot(k) for k in range(self.seen.n)],
                    "opacity": 0.6,  # where many lie upon each other it is darker
                },
                "hovertemplate": "\u2068%{text}\u2069<extra></extra>",
                "hoverinfo": "all" if self.names else "skip",
                "xaxis": f"x{suffix}",
                "yaxis": f"y{suffix}",
            }
            for (role, places), suffix in zip(self._panels, ("", "2"), strict=True)
        ]
        layout: dict[str, Any] = {}
        x, y = self.seen.limits
        for (_, places), suffix in zip(self._panels, ("", "2"), strict=True):
            amid = self._amid(places, self.names, _PANEL)
            data.append(
                {
                    "type": "scatter",
                    "mode": "text",
                    "showlegend": False,
                    "x": [x[0] + at / _PANEL[0] * (x[1] - x[0]) for _, at, _ in amid],
                    "y": [y[1] - at / _PANEL[1] * (y[1] - y[0]) for _, _, at in amid],
                    "text": [html_text(name) for name, _, _ in amid],
                    "textfont": {"color": look.INK, "size": 15, "shadow": "auto"},
                    "hoverinfo": "skip",
                    "xaxis": f"x{suffix}",
                    "yaxis": f"y{suffix}",
                }
            )
        for at, suffix in enumerate(("", "2")):
            bare = {
                "showticklabels": False,
                "showline": True,
                "mirror": True,
                "linecolor": look.GRID,
            }
            layout[f"xaxis{suffix}"] = {
                **bare,
                "range": list(x),
                "domain": [at * 0.52, at * 0.52 + 0.48],
                "anchor": f"y{suffix}",
                "title": {"text": look.NAMES[self._panels[at][0]]},
            }
            layout[f"yaxis{suffix}"] = {**bare, "range": list(y), "anchor": f"x{suffix}"}
        return {"data": data, "layout": layout}
