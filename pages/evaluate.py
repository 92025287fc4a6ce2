"""Did it help, and what did it cost? Base and your model on the same samples."""

import streamlit as st

from pages.ui.entry import ensure_entry

ensure_entry(__file__)

from pages.ui import trouble  # noqa: E402
from pages.ui.desks import open_desk  # noqa: E402
from pages.ui.evaluate.figure import apply_style  # noqa: E402
from pages.ui.evaluate.parts import PARTS, draw  # noqa: E402

with trouble.shown():
    desk = open_desk()
    apply_style()
    part = st.segmented_control(
        "What to look at",
        list(PARTS),
        key="evaluate_part",
        default=next(iter(PARTS)),
        required=True,
        label_visibility="collapsed",
    )
    draw(part, desk)
