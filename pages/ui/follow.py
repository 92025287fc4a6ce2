"""A page that follows a training: drawn anew when what it shows of it is another."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui.desk import Desk
from pages.ui.pace import tick
from pages.ui.turns import Urgency, fragment


def follow(desk: Desk, shown: Callable[[Desk], object] = lambda desk: None) -> None:
    """Call before the page is drawn. Looks only while a training is active, and draws the page anew
    when that has ended, pauses or goes on, or when `shown` is not equal any more.
    """
    if desk.busy:
        fragment(_look, Urgency.TICK, 2 * tick())(desk, shown, _seen(desk, shown))


def _look(desk: Desk, shown: Callable[[Desk], object], seen: object) -> None:
    if _seen(desk, shown) != seen:
        st.rerun()


def _seen(desk: Desk, shown: Callable[[Desk], object]) -> object:
    return desk.busy, desk.paused, shown(desk)
