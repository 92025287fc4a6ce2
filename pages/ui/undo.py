"""Taking the last step back."""

from __future__ import annotations

import streamlit as st

from pages.ui import trouble
from pages.ui.desk import Desk
from pages.ui.say import plain


def undo_button(desk: Desk, key: str, place: str) -> None:
    """Draw a button that says what it takes back: it may be a training. place: where what is wrong
    is said.
    """
    step = desk.workspace.undo_step
    st.button(
        f"Undo: {plain(step)}" if step else "Nothing to undo",
        key=key,
        disabled=not step or desk.busy,
        on_click=undo,
        args=(desk, place),
    )


def undo(desk: Desk, place: str) -> None:
    """For a callback."""
    with trouble.caught(place), desk.changing("undo") as workspace:
        workspace.undo()
