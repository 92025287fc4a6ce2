"""Did it help, and what did it cost? Base and your model on the same samples."""

import streamlit as st

from pages.ui.entry import ensure_entry

ensure_entry(__file__)

from odt_core.workspace import Part  # noqa: E402
from pages.ui import pieces, trouble  # noqa: E402
from pages.ui.desks import open_desk  # noqa: E402
from pages.ui.evaluate.figure import apply_style  # noqa: E402
from pages.ui.evaluate.parts import OF_ONE_MOMENT, PARTS, draw  # noqa: E402
from pages.ui.follow import follow  # noqa: E402
from pages.ui.heard import acts_heard  # noqa: E402
from pages.ui.to_personalise import to_personalise  # noqa: E402
from pages.ui.top_line import which_model  # noqa: E402

with trouble.shown():
    desk = open_desk()
    follow(desk)
    apply_style()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        part = st.segmented_control(
            "What to look at",
            list(PARTS),
            key="evaluate_part",
            default=next(iter(PARTS)),
            required=True,
            label_visibility="collapsed",
            persist_state="session",
        )
        st.space("stretch")
        which_model(desk)
    if not desk.trained:
        to_personalise("Not trained yet: your model is the base model.")
    elif not desk.busy and not desk.usable_samples(Part.TEST):
        to_personalise("There are no test samples yet, which would tell whether it helped.")
    if desk.busy and part in OF_ONE_MOMENT:
        pieces.note(
            f"{desk.training_is}: your model's figures here are of one moment. They are drawn anew "
            "when it ends; Result follows it."
        )
    draw(part, desk)
    acts_heard(desk)
