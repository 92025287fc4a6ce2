"""The first page whole: samples, training and trying it out, side by side."""

from __future__ import annotations

import streamlit as st

from pages.ui import pieces, trouble
from pages.ui.ahead import import_ahead
from pages.ui.desk import Desk
from pages.ui.desks import open_desk
from pages.ui.heard import acts_heard
from pages.ui.samples_card import samples_card
from pages.ui.top_line import top_line
from pages.ui.train_card import train_card
from pages.ui.try_card import try_card
from pages.ui.turns import Urgency, fragment

_LOOK = 1.0  # seconds


def personalise() -> None:
    """Draw the page; it answers at the bare address and at its own."""
    with trouble.shown():
        desk = open_desk()
        busy = desk.busy  # once: the run may end while the page is drawn
        pieces.product()
        top_line(desk)
        with st.container(key="cards"):  # look.css says from which width on they are side by side
            samples, train, trial = st.columns([1.08, 1, 1], gap="small")
        with samples:
            samples_card(desk)
        with train:
            train_card(desk, busy)
        with trial:
            try_card(desk)
        acts_heard(desk)
        desk.warm_up()
        if _waits(desk):
            fragment(_look_again, Urgency.TICK, _LOOK)(desk)
        import_ahead()


def _waits(desk: Desk) -> bool:
    """Whether the warm-up is still to find out which samples are kept out of training, or how both
    models do on the test samples.
    """
    return desk.near_test_known() is None or desk.learns_scores()


def _look_again(desk: Desk) -> None:
    """Draw the page anew as soon as all is known that it shows."""
    if not _waits(desk):
        st.rerun()
