"""A chart that grows while training runs: our own element around one Plotly graph.

`st.plotly_chart` hashes its whole figure into the element's identity, so inside a ticking fragment
it is remounted every tick. This element keeps its graph and only appends what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pages.ui.element_data import unexamined
from pages.ui.served import ASSETS, PLOTLY, with_plotly

_PARTS = ASSETS / "components"
_mount = st.components.v2.component(
    "odt_live_chart",
    html=(_PARTS / "live_chart.html").read_text(encoding="utf-8"),
    css=(_PARTS / "live_chart.css").read_text(encoding="utf-8"),
    js=with_plotly("live_chart.js"),
    isolate_styles=False,  # Plotly puts its own style sheet into the document
)


@dataclass(frozen=True)
class Curve:
    """One line; `role` decides the colour: your model has the accent, the base model is grey."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    role: Literal["own", "base"] = "own"
    faint: bool = False
    marks: Literal["", "circle", "square"] = ""
    dash: Literal["solid", "dash", "dot"] = "solid"
    hover: str = "%{y:.3f}"


def level(
    name: str, y: float, x_max: float, *, hover: str, dash: Literal["dash", "dot"] = "dash"
) -> Curve:
    """The base model's value as a broken line across the chart."""
    return Curve(name, (0, x_max), (y, y), "base", dash=dash, hover=hover)


def live_chart(
    key: str,
    curves: Sequence[Curve],
    *,
    run: str,
    x_max: float,
    height: int,
    label: str,
    x_title: str = "step",
    percent: bool = False,
    y_range: tuple[float, float] | None = None,
    wait: str = "",
    large: bool = False,
) -> None:
    """Draw `curves`; another `run` or another set of names starts the graph afresh. height: pixels,
    unless the style sheet says --odt-chart. wait: what is said in place of a graph while there is
    nothing to draw. large: type and lines for the back of a room.
    """
    data = {
        "src": PLOTLY,
        "run": run,
        "series": [] if wait else [vars(curve) for curve in curves],
        "x_max": x_max,
        "x_title": x_title,
        "height": height,
        "percent": percent,
        "y_range": y_range,
        "label": label,
        "large": large,
        "wait": wait,
    }
    _mount(key=key, data=unexamined(data))
