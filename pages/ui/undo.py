"""Taking the last step back, and doing it again."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from pages.ui import trouble
from pages.ui.desk import Desk
from pages.ui.say import plain

Way = Literal["undo", "redo"]


def step_button(
    desk: Desk, key: str, place: str, way: Way = "undo", *, short: bool = False
) -> None:
    """Draw a button that takes the last step back, or does it again. What that is, it may be a
    training, is its label, or its help where it is short. place: where what is wrong is said.
    """
    workspace, word = desk.workspace, way.capitalize()
    step = workspace.undo_step if way == "undo" else workspace.redo_step
    said = f"{word}: {plain(step)}" if step else None
    st.button(
        word if short else said or f"Nothing to {way}",
        key=key,
        disabled=not step or desk.busy,
        help=said if short else None,
        on_click=take_step,
        args=(desk, place, way),
    )


def take_step(desk: Desk, place: str, way: Way = "undo") -> None:
    """For a callback."""
    with trouble.caught(place), desk.changing(way) as workspace:
        if way == "undo":
            workspace.undo()
        else:
            workspace.redo()
