"""The line above the three cards: model, state, undo, reset, download."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from odt_core.bundled import bundled_names
from odt_core.workspace import ModelEntry
from pages.ui import pieces, trouble
from pages.ui.adding import choose_label
from pages.ui.desk import Desk
from pages.ui.downloads import download_menu
from pages.ui.drop_model import drop_model
from pages.ui.model_words import of_labels_that_came_along, of_trained_models
from pages.ui.reset import reset_menu
from pages.ui.say import beside, count, plain
from pages.ui.try_card import TRY_WAY
from pages.ui.undo import step_button

_OTHER = "Your own .tflite …"
_MODEL = "top_model"
_ASKED = "top_asked_for_own"


def top_line(desk: Desk) -> None:
    """Draw it, and below it whatever the last action here has to say."""
    workspace = desk.workspace
    with st.container(key="top", horizontal=True, vertical_alignment="center", gap="small"):
        _model_picker(desk)
        pieces.chip(state_in_words(desk), own=desk.trained)
        with st.container(key="top_acts", horizontal=True, gap="small", width="content"):
            step_button(desk, "undo", "top", short=True)
            step_button(desk, "redo", "top", "redo", short=True)
            reset_menu(desk)
            download_menu(desk)
    if st.session_state.get(_ASKED):
        _own_model(desk)
    trouble.show_said("top")
    for problem in workspace.problems:
        st.warning(plain(problem))


def which_model(desk: Desk) -> None:
    """What this line says, on pages that change nothing of it: the model and its state."""
    pieces.chip(beside(desk.model.name, state_in_words(desk)), own=desk.trained)


def state_in_words(desk: Desk) -> str:
    """ "base · 0 steps", "training", "paused", or "personalised · 240 steps · 38 samples"."""
    manifest = desk.workspace.manifest
    if desk.busy:
        return "paused" if desk.paused else "training"
    entry = manifest.head_entry
    if entry is None:
        return "base · 0 steps"
    words = f"personalised · {count(entry.info.steps, 'step')}"
    return words + (f" · {count(entry.info.samples, 'sample')}" if entry.info.samples else "")


def _model_picker(desk: Desk) -> None:
    names = bundled_names()
    model = desk.model
    own = {one.key: one for one in (model, *desk.workspace.manifest.models) if one.sha256}
    wanted = "other" if st.session_state.get(_ASKED) else model.bundled or model.key
    if st.session_state.get(_MODEL) != wanted:
        st.session_state[_MODEL] = wanted
    st.selectbox(
        "Model",
        [*names, *own, "other"],
        key=_MODEL,
        label_visibility="collapsed",
        format_func=lambda key: _called(key, own) or names.get(key, _OTHER),
        disabled=desk.busy,
        help=_about(desk) if model.bundled else None,
        width=250,
        on_change=_picked,
        args=(desk,),
    )


def _called(key: str, own: Mapping[str, ModelEntry]) -> str:
    """An uploaded model's name; with a part of its digest where others are called the same."""
    model = own.get(key)
    if model is None or not model.sha256:
        return ""
    same = sum(one.name == model.name for one in own.values())
    return beside(model.name, model.sha256[:4]) if same > 1 else model.name


def _about(desk: Desk) -> str:
    never = desk.card.never_for
    return desk.card.summary + (f" Not for: {'; '.join(never)}." if never else "")


def _picked(desk: Desk) -> None:
    chosen = st.session_state[_MODEL]
    st.session_state[_ASKED] = chosen == "other"
    if chosen not in ("other", desk.model.bundled, desk.model.key):
        with trouble.caught("top"):
            left = desk.trained
            if chosen.startswith("sha256:"):  # another tab may have removed it
                desk.choose_again(chosen)
            else:
                desk.choose_bundled(chosen)
            said = f"{of_trained_models(desk, left)} {of_labels_that_came_along(desk)}".strip()
            if said:
                trouble.say("top", said, "info")
            # What suits this model best comes first, and so does the first label of the list.
            st.session_state.pop(TRY_WAY, None)
            choose_label(desk, "")


def _own_model(desk: Desk) -> None:
    with st.container(key="card_own_model", border=True):
        pieces.note(
            "Any .tflite with a train signature, Flex ops or not. It is opened in a process of its "
            "own. Your samples stay. The Model page says what it is, and lets you correct that."
        )
        drop_model(desk, "own_model", "top")
        st.button("Cancel", key="own_model_cancel", on_click=_cancelled)


def _cancelled() -> None:
    st.session_state[_ASKED] = False
