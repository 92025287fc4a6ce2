"""Values with their intervals, base above personalised: the gain, the price, label by label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from odt_core.evidence.charts import look
from odt_core.evidence.charts.canvas import MARGIN, Canvas
from odt_core.evidence.charts.ticks import label, span, ticks
from odt_core.evidence.charts.types import Role
from odt_core.evidence.charts.whiskers import whiskers
from odt_core.evidence.escape import html_text

_LEGEND, _AXIS = 66, 122  # px in height, with the room about them


@dataclass(frozen=True)
class Value:
    """One mark. low, high: its interval, None for none."""

    role: Role
    value: float
    said: str  # beside it, with n
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """Of its interval; the value itself for an end that is not there."""
        low, high = (self.value if end is None else end for end in (self.low, self.high))
        return low, high


@dataclass(frozen=True)
class Group:
    """What is measured, and its values. drawn: its name in a picture, where that is another."""

    name: str
    values: tuple[Value, ...]
    drawn: str = ""


@dataclass(frozen=True)
class Intervals:
    """A chart of groups, top to bottom."""

    name: str
    title: str
    note: str
    groups: tuple[Group, ...]
    x_title: str
    percent: bool = True
    legend: bool = True
    empty: str = "No test samples were judged."

    @property
    def range(self) -> tuple[float, float]:
        """Of the values, with their intervals."""
        ends = [
            end
            for group in self.groups
            for value in group.values
            for end in (value.value, value.low, value.high)
            if end is not None
        ]
        if not self.percent:
            return span(ends, zero=True)
        low = min(ends, default=0.0)
        return (0.0 if low < 0.5 else int(low * 10) / 10), 1.0

    def png(self) -> bytes:
        rows = max((len(group.values) for group in self.groups), default=1)
        step: float = max(58, min(120, 300 // max(rows, 1) if len(self.groups) < 3 else 58))
        if len(self.groups) > 6:
            step = 40
        tall = 62 if step > 40 else 14
        used = len(self.groups) * (rows * step + tall)
        above = _LEGEND if self.legend else 30
        canvas, top = Canvas.headed(self.title, self.note, above + used + _AXIS)
        if not self.groups:
            canvas.says(self.empty, max(520, top + 60))
            return canvas.png()
        if self.legend:
            self._legend(canvas, top + 18)
        top += above
        narrow = step <= 40  # the group's name stands left of its rows instead of above them
        left = float(MARGIN + (250 if narrow else 0))
        right = canvas.width - MARGIN - (240 if narrow else 590)
        if not narrow:
            spare = canvas.height - _AXIS - top - used
            step = min(120, step + max(0, spare // (len(self.groups) * rows)))
        low, high = self.range

        def place(value: float) -> float:
            return left + (value - low) / ((high - low) or 1) * (right - left)

        y = top
        bottom = top + sum(tall + len(group.values) * step for group in self.groups) + 12
        for tick in ticks(low, high):
            colour = look.EDGE if tick == 0 and low < 0 else look.GRID
            canvas.line([(place(tick), top), (place(tick), bottom)], colour, 2)
            text = label(tick, self.percent)
            canvas.text((place(tick), bottom + 28), text, 25, colour=look.MUTED, anchor="m")
        canvas.text(((left + right) / 2, bottom + 72), self.x_title, 27, anchor="m")
        for group in self.groups:
            name = group.drawn or group.name
            if narrow:
                middle = y + tall / 2 + len(group.values) * step / 2
                canvas.text((left - 20, middle), name, 27, anchor="r", most=230, weight=550)
                y += tall
            else:
                canvas.text((left, y + 34), name, 32, weight=600, most=right + 480 - left)
                y += tall
            for value in group.values:
                self._row(canvas, value, y + step / 2, place, right + 28, narrow)
                y += step
        lacked = any(group.drawn not in ("", group.name) for group in self.groups)
        return canvas.png(look.LACKED if lacked else "")

    def plotly(self) -> dict[str, Any]:
        roles = dict.fromkeys(value.role for group in self.groups for value in group.values)
        data = []
        apart = 0.16 if any(len(group.values) > 1 for group in self.groups) else 0.0
        for role in roles:
            pairs = [
                (place + (apart if role is Role.OWN else -apart), value)
                for place, group in enumerate(self.groups)
                for value in group.values
                if value.role is role
            ]
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "cliponaxis": False,
                    "name": look.NAMES[role],
                    "showlegend": self.legend,
                    "x": [value.value for _, value in pairs],
                    "y": [place for place, _ in pairs],
                    "text": [html_text(value.said) for _, value in pairs],
                    "hovertemplate": "%{text}<extra></extra>",
                    "marker": {"color": look.COLOURS[role], "size": 14},
                    "error_x": whiskers(
                        [value.value for _, value in pairs],
                        [value.ends for _, value in pairs],
                        look.COLOURS[role],
                        3,
                    ),
                }
            )
        names = [
            html_text(look.short(group.name, 28)).replace(" (n", "<br>(n") for group in self.groups
        ]
        room = 0.02 * (self.range[1] - self.range[0])  # so that no mark lies on a name
        axis: dict[str, Any] = {
            "title": {"text": self.x_title.split(",")[0]},
            "range": [self.range[0] - room, self.range[1]],
            "zeroline": self.range[0] < 0,
            "zerolinecolor": look.EDGE,
        }
        if self.percent:
            axis |= {"tickformat": ".0%", "range": [self.range[0] - 0.01, 1.01]}
        y_axis = {
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "automargin": True,
            "showgrid": False,
            "range": [len(names) - 0.4, -0.6],
        }
        return {
            "data": data,
            "layout": {
                "xaxis": axis,
                "yaxis": y_axis,
                "height": max(360, 160 + 48 * len(names)),
            },
        }

    def _row(
        self, canvas: Canvas, value: Value, y: float, place: Any, beside: float, narrow: bool
    ) -> None:
        colour = look.COLOURS[value.role]
        if value.low is not None and value.high is not None:
            x0, x1, end = place(value.low), place(value.high), 8 if narrow else 14
            canvas.line([(x0, y), (x1, y)], colour, 4 if narrow else 6)
            for x in (x0, x1):
                canvas.line([(x, y - end), (x, y + end)], colour, 4)
        canvas.dot((place(value.value), y), 9 if narrow else 15, colour)
        size, ink = 23 if narrow else 28, look.TEXTS[value.role]
        most = canvas.width - MARGIN / 2 - beside
        canvas.text((beside, y), value.said, size, colour=ink, weight=600, most=most)

    def _legend(self, canvas: Canvas, y: float) -> None:
        x = float(MARGIN)
        for role in dict.fromkeys(v.role for group in self.groups for v in group.values):
            canvas.dot((x + 12, y), 10, look.COLOURS[role])
            x += 62 + canvas.text((x + 32, y), look.NAMES[role], 27)
