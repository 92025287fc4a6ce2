"""Where a person drops a .tflite: on the Model page, and behind the model choice on the first."""

from __future__ import annotations

import streamlit as st

from pages.ui import trouble
from pages.ui.adding import choose_label
from pages.ui.desk import Desk
from pages.ui.model_words import of_labels_that_came_along, of_trained_models, what_it_does
from pages.ui.uploads import contents

_TURN = "drop_turn"  # changes with each file that was taken, which empties the widget


def drop_model(desk: Desk, key: str, place: str) -> None:
    """The field for a file; what goes wrong is said at `place`."""
    turn = st.session_state.setdefault(_TURN, 0)
    st.file_uploader(
        "Your own .tflite",
        type=["tflite"],
        key=f"{key}_{turn}",
        label_visibility="collapsed",
        disabled=desk.busy,
        on_change=_dropped,
        args=(desk, f"{key}_{turn}", place),
    )


def _dropped(desk: Desk, key: str, place: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state[_TURN] += 1
    with trouble.caught(place):
        name, data = contents(file)
        left = desk.trained
        desk.choose_uploaded(data, name)
        choose_label(desk, "")
        st.session_state["top_asked_for_own"] = False
        said = (
            what_it_does(desk) or "Cannot be trained or tried out: the Model page says why.",
            of_trained_models(desk, left),
            of_labels_that_came_along(desk),
        )
        trouble.say(place, f"{name}: {' '.join(filter(None, said))}", "info")
