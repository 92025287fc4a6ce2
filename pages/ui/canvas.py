"""The drawing canvas: our own components-v2 element (assets/components/canvas.js)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from odt_core.errors import SampleError
from pages.ui import acts
from pages.ui.element_data import unexamined
from pages.ui.sent_picture import sent_picture
from pages.ui.served import ASSETS, scripts

UNITS = 280  # side of the reported PNG in pixels; canvas.js draws in the same units
_MAX_URL = 400_000  # characters; a full page of scribble is about 60,000
_PARTS = ASSETS / "components"
_mount = st.components.v2.component(
    "odt_canvas",
    html=(_PARTS / "canvas.html").read_text(encoding="utf-8"),
    css=(_PARTS / "canvas.css").read_text(encoding="utf-8"),
    js=acts.JS + scripts("letters.js", "canvas.js"),
)
_PEN = 20  # of UNITS
_PAD = "pad"  # key of the canvas that samples are drawn on
_LABEL = "Drawing area. Ctrl+Z takes the last stroke back. You can upload an image instead."


def sketch(key: str, *, size: int, epoch: int = 0) -> np.ndarray | None:
    """A canvas that reports at the end of each stroke; what is on it, uint8 [280, 280], or None.

    `epoch` is any number; another one than last time blanks the sheet. Raises SampleError when
    what came back is not a drawing of ours.
    """
    data = {
        "sheet": key,
        "size": size,
        "pen": _PEN,
        "epoch": epoch,
        "reports": True,
        "label": _LABEL,
    }
    result = _mount(
        key=key, data=unexamined(data), default={"drawing": None}, on_drawing_change=_nothing
    )
    drawing = _dict(result.drawing)
    if drawing.get("epoch") != epoch or not drawing.get("png"):
        return None
    return decode_drawing(drawing["png"])


def sample_pad(
    label: str,
    on_added: Callable[[str, Any], bool],
    *,
    wrong: str,
) -> None:
    """A canvas with an Add button; `on_added` gets (label, what `decode_drawing` takes) as a
    callback, before the page is drawn again, and says whether the drawing was taken: one that was
    refused comes back on the pad. The label is the one that was on the pad when it was drawn, even
    if another one was picked since. wrong: why a drawing cannot be added just now: it stays on the
    pad until it can; "" when it can be.
    """

    def added() -> None:
        for sent in acts.new_acts(_PAD):
            what = sent.get("what")
            if not on_added(what if isinstance(what, str) else label, sent.get("png")):
                acts.refuse(_PAD, sent)

    data = {
        "sheet": _PAD,
        "size": 176,
        "pen": _PEN,
        "epoch": 0,
        "label": _LABEL,
        "prompt": "Draw a",
        "what": label,
        "hint": wrong or "Enter adds it.",
        "locked": bool(wrong),
        "add": "Add sample",
        "done": acts.acts_done(_PAD),
        "refused": acts.acts_refused(_PAD),
    }
    _mount(key=_PAD, data=unexamined(data), on_acts_change=added)


def decode_drawing(url: Any) -> np.ndarray:
    """uint8 [280, 280] from the data URL that canvas.js reports; nothing in it is trusted."""
    with sent_picture(
        url,
        "PNG",
        _MAX_URL,
        absent="What the canvas sent is not a picture. Clear it and draw again.",
        broken="The drawing arrived incomplete. Clear the canvas and draw again.",
    ) as image:
        if image.size != (UNITS, UNITS):
            raise SampleError(
                f"The drawing is {image.size[0]}×{image.size[1]} pixels instead of "
                f"{UNITS}×{UNITS}. Reload the page and draw again."
            )
        return np.asarray(image.convert("L"))


def _dict(value: Any) -> dict[str, Any]:
    """Component values come from the browser: anything that is no mapping counts as nothing."""
    return dict(value) if isinstance(value, dict) or hasattr(value, "keys") else {}


def _nothing() -> None:
    """Declares a state or trigger name to Streamlit; there is nothing to do when it changes."""
