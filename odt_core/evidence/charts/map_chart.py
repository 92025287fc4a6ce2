"""A map of samples as base and personalised model see them, side by side on the same axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from odt_core.evaluation import FeatureMap
from odt_core.evidence.charts import look
from odt_core.evidence.charts.canvas import MARGIN, Canvas
from odt_core.evidence.charts.types import Role
from odt_core.evidence.escape import html_text

_LEAST = 480  # px of the panels' height


@dataclass(frozen=True)
class MapChart:
    """names: what each of the N samples is; drawn: these in a picture; large: bool [N], drawn
    larger.
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

    def png(self) -> bytes:
        canvas, top = Canvas.headed(self.title, self.note, _LEAST + 110)
        top += 60
        bottom = canvas.height - 50.0
        wide = (canvas.width - 2 * MARGIN - 50) / 2
        (x0, x1), (y0, y1) = self.seen.limits
        for panel, (role, places) in enumerate(self._panels):
            left, colour = MARGIN + panel * (wide + 50), look.TEXTS[role]
            canvas.text((left, top - 28), look.NAMES[role], 29, colour=colour, weight=600)
            canvas.box((left, top, left + wide, bottom), look.PAPER, look.GRID)
            for (x, y), name, large in zip(places, self.drawn, self.large, strict=True):
                at = (
                    left + (float(x) - x0) / (x1 - x0) * wide,
                    bottom - (float(y) - y0) / (y1 - y0) * (bottom - top),
                )
                size = 32 if large else 22
                canvas.text(at, look.short(name, 6), size, colour=colour, anchor="m", weight=550)
        lacked = list(self.drawn) != list(self.names)
        return canvas.png(look.LACKED if lacked else "")

    def plotly(self) -> dict[str, Any]:
        data = [
            {
                "type": "scatter",
                "mode": "text",
                "name": look.NAMES[role],
                "showlegend": False,
                "x": [float(x) for x, _ in places],
                "y": [float(y) for _, y in places],
                "text": [html_text(look.short(name, 6)) for name in self.names],
                "textfont": {
                    "color": look.TEXTS[role],
                    "size": [20 if large else 14 for large in self.large],
                },
                "hovertemplate": "%{text}<extra></extra>",
                "xaxis": f"x{suffix}",
                "yaxis": f"y{suffix}",
            }
            for (role, places), suffix in zip(self._panels, ("", "2"), strict=True)
        ]
        layout: dict[str, Any] = {}
        x, y = self.seen.limits
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
