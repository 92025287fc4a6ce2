"""The first page: samples, training and trying it out, side by side."""

import streamlit as st

from pages.ui.entry import ensure_entry

ensure_entry(__file__)

from pages.ui import trouble  # noqa: E402
from pages.ui.desks import open_desk  # noqa: E402
from pages.ui.samples_card import samples_card  # noqa: E402
from pages.ui.top_line import top_line  # noqa: E402
from pages.ui.train_card import train_card  # noqa: E402
from pages.ui.try_card import try_card  # noqa: E402

with trouble.shown():
    desk = open_desk()
    desk.warm_up()
    top_line(desk)
    samples, train, trial = st.columns([1.08, 1, 1], gap="small")
    with samples:
        samples_card(desk)
    with train:
        train_card(desk)
    with trial:
        try_card(desk)
