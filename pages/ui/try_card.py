"""Card 3: one input, two answers, at once and also while training runs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from odt_core.samples import decode_image
from pages.ui import pieces, trouble
from pages.ui.answers import answers, no_answers
from pages.ui.canvas import sketch
from pages.ui.desk import Desk
from pages.ui.train_card import TICK

_WAYS = ("Draw", "Upload", "Camera")


def try_card(desk: Desk) -> None:
    """Draw the card. A fragment: a stroke here redraws nothing else on the page."""
    with st.container(key="card_try", border=True, gap="small"):
        pieces.step(3, "Try it", "base model and yours, side by side")
        st.fragment(_try, run_every=TICK if desk.busy else None)(desk)


def _try(desk: Desk) -> None:
    way = st.segmented_control(
        "How to give an input",
        _WAYS,
        key="try_way",
        default="Draw",
        required=True,
        label_visibility="collapsed",
    )
    with trouble.shown():
        item = _ways[way or "Draw"]()
        if item is None:
            no_answers("answers", _empty[way or "Draw"])
            return
        base, own = desk.answers(item)
        answers("answers", desk.labels.names, base, own, trained=desk.trained)


def _drawn() -> np.ndarray | None:
    return sketch("sketch", size=280)


def _uploaded() -> np.ndarray | None:
    file = st.file_uploader("A picture", key="try_file", label_visibility="collapsed")
    if file is None:
        return None
    picture = decode_image(file.getvalue(), file.name)
    st.image(picture, width=160)
    return picture


def _photographed() -> np.ndarray | None:
    photo = st.camera_input("A photo", key="try_photo", label_visibility="collapsed")
    return None if photo is None else decode_image(photo.getvalue(), "The photo")


_ways = {"Draw": _drawn, "Upload": _uploaded, "Camera": _photographed}
_empty = {
    "Draw": "Draw something above: both models answer at every stroke.",
    "Upload": "Upload a picture: both models answer at once.",
    "Camera": "Take a photo: both models answer at once.",
}
