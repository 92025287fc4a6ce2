"""Did it help, and what did it cost? Base and your model on the same samples."""

import streamlit as st

from pages.ui.entry import ensure_entry

ensure_entry(__file__)

from pages.ui import trouble  # noqa: E402
from pages.ui.desks import open_desk  # noqa: E402
from pages.ui.evaluation import base_task, own_samples  # noqa: E402

with trouble.shown():
    desk = open_desk()
    left, right = st.columns(2, gap="small")
    with left, st.container(key="card_gain", border=True, gap="small"):
        own_samples(desk)
    with right, st.container(key="card_forgetting", border=True, gap="small"):
        base_task(desk)
