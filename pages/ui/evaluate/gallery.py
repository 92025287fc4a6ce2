"""Pictures of many samples, a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from pages.ui.evaluate.large import Face, faces
from pages.ui.say import count

_STEP = 24  # divides by 2, 3, 4, 6 and 8, so that rows are full on most screens
Item = TypeVar("Item")


def gallery(key: str, items: Sequence[Item], face: Callable[[Item], Face]) -> None:
    """The first of them, and a button for more; `face` is asked only for what is shown."""
    some(key, items, lambda shown: faces(face(item) for item in shown))


def some(
    key: str, items: Sequence[Item], draw: Callable[[Sequence[Item]], None], step: int = _STEP
) -> None:
    """`draw` the first `step` of them, and a button for more."""
    place = f"gallery_{key}"
    shown = min(len(items), st.session_state.get(place, step))
    draw(items[:shown])
    left = len(items) - shown
    if left > 0:
        st.button(
            f"Show {min(left, 4 * step):,} more of {count(len(items), 'sample')}",
            key=f"{place}_more",
            on_click=_more,
            args=(place, shown + 4 * step),
        )


def _more(place: str, shown: int) -> None:
    st.session_state[place] = shown
