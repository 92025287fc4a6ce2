"""A run that lost on the person's test samples is not kept silently: accept it, or go back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from odt_core.training.history import Score
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.numbers import figure
from pages.ui.say import percent

_ANSWERED = "lost_answered"  # just now


def lost_run(desk: Desk, place: str) -> None:
    """Draw the question while it is open. place: makes the keys of its buttons its own."""
    if st.session_state.pop(_ANSWERED, False):
        st.rerun()  # the whole page: what "your model" is stands in its first line
    trouble.show_said(f"lost_{place}")
    lost = desk.lost_run()
    if lost is None:
        return
    with st.container(key=f"lost_{place}", border=True, gap="small"):
        said = f"{_said(lost.before)} before, {_said(lost.after)} after"
        pieces.checks([(None, f"This run lost on your test samples: {said}. Keep it?")])
        with st.container(horizontal=True):
            st.button(
                "Go back to what it was",
                key=f"go_back_{place}",
                type="primary",
                on_click=_answered,
                args=(place, partial(desk.take_back, lost)),
            )
            st.button(
                "Keep it",
                key=f"accept_{place}",
                on_click=_answered,
                args=(place, partial(desk.accept_run, lost.id)),
            )
        pieces.note("Either way both stay in the Checkpoints timeline.")


def _answered(place: str, do: Callable[[], None]) -> None:
    with trouble.caught(f"lost_{place}"):
        do()
    st.session_state[_ANSWERED] = True


def _said(score: Score) -> str:
    if score.places_right is not None:
        return f"{percent(score.places_right)} right, n = {score.n:,},"
    if score.correct is None:
        return f"squared error {figure(score.mean_squared_error)}, n = {score.n:,},"
    return f"{score.correct:,} of {score.n:,} right"
