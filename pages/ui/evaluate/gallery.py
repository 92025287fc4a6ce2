"""Pictures of many samples, a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import streamlit as st

from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.evaluate.large import Face, faces
from pages.ui.say import count

_STEP = 24  # divides by 2, 3, 4, 6 and 8, so that rows are full on most screens
Item = TypeVar("Item")


def chosen_group(
    desk: Desk, key: str, groups: Mapping[str, np.ndarray], none: Mapping[str, str]
) -> tuple[str, np.ndarray]:
    """Which of several groups of samples to look at, and the samples in it; says why where there
    are none.

    none: by group, of those that may be empty, what that means of a trained model. One that is not
    gives the base model's answers: all groups but the last are of changes.
    """
    first, *_, unchanged = groups
    chosen = st.segmented_control(
        "Gallery",
        list(groups),
        key=key,
        default=first,
        required=True,
        format_func=lambda name: f"{name} · {len(groups[name])}",
        label_visibility="collapsed",
    )
    name = chosen or first
    if not len(groups[name]):
        same = "Not trained yet: both models give the same answers."
        pieces.note(none[name] if desk.trained or name == unchanged else same)
    return name, groups[name]


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
