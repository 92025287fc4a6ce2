"""Charts of the Evaluate page: our own element around Plotly, one visual language for all.

Colours are roles that the browser resolves by the theme: "@own" is the accent, "@base" grey,
"@minus" red, "@own:20" the accent at 20 %, "@soft", "@line", "@text"; "@on own/soft:70" is what can
be read on 70 % of the accent over "@soft". Every chart can be saved as a PNG from its corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from typing import Any

import streamlit as st

from pages.ui.element_data import unexamined
from pages.ui.served import ASSETS, PLOTLY, with_plotly

OWN, BASE, MINUS = "@own", "@base", "@minus"
_PARTS = ASSETS / "components"
_mount = st.components.v2.component(
    "odt_figure",
    html=(_PARTS / "figure.html").read_text(encoding="utf-8"),
    css=(_PARTS / "figure.css").read_text(encoding="utf-8"),
    js=with_plotly("drawing.js", "figure.js"),
    isolate_styles=False,  # Plotly puts its own style sheet into the document
)


@dataclass(frozen=True)
class Click:
    """A point of a chart that was clicked. Comes from the browser: it may name nothing."""

    x: str
    y: str


def figure(
    key: str,
    traces: Sequence[dict[str, Any]],
    *,
    height: int,
    label: str,
    layout: dict[str, Any] | None = None,
    clicks: bool = False,
    beside: int | None = None,
) -> Click | None:
    """Draw Plotly `traces`; `label` says the chart in words. The click, in the run after it.

    height: px. beside: of a square, how many px more the whole takes in height than in width; it is
    lower than `height` where it is narrow.
    """
    data = {
        "src": PLOTLY,
        "traces": list(traces),
        "layout": (layout or {},),
        "height": height,
        "label": label,
        "clicks": clicks,
        "beside": beside,
        "file": key.replace("_", "-"),
    }
    value = _mount(
        key=key,
        data=unexamined(data),
        height=height if beside is None else "content",
        on_clicked_change=_nothing,
    ).clicked
    if not hasattr(value, "get"):
        return None
    return Click(*(unescape(str(value.get(axis))[:400]) for axis in ("x", "y")))


def whiskers(
    at: Sequence[float],
    ends: Sequence[tuple[float, float]],
    colour: str,
    thickness: float = 4,
    width: float = 9,
) -> dict[str, Any]:
    """Plotly's error bars from the lower to the upper end of each of `ends` around `at`.

    thickness, width: px, of the line and of the stroke at each end.
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - x for x, (_, high) in zip(at, ends, strict=True)],
        "arrayminus": [x - low for x, (low, _) in zip(at, ends, strict=True)],
        "color": colour,
        "thickness": thickness,
        "width": width,
    }


def letters(text: str) -> str:
    """`text` so that Plotly, which takes some HTML, shows it letter for letter."""
    return escape(text, quote=False)


def shortened(text: str, most: int) -> str:
    """`text`, cut in its middle to so many letters: names may differ at their ends alone."""
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end].rstrip()}…{text[-end:].lstrip()}"


def apply_style() -> None:
    """The page's own style sheet: large type."""
    st.html(_style())


@cache
def _style() -> str:
    return f"<style>{(_PARTS / 'evaluate.css').read_text(encoding='utf-8')}</style>"


def _nothing() -> None:
    """Declares a trigger's name to Streamlit; there is nothing to do when it changes."""
