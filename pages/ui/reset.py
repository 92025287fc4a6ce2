"""Reset: back to the base model, or everything deleted for good."""

from __future__ import annotations

import streamlit as st

from odt_core.workspace import Source
from pages.ui import pieces, trouble
from pages.ui.adding import choose_label
from pages.ui.desk import Desk
from pages.ui.say import count
from pages.ui.turns import Urgency, in_turn

_ASKED = "reset_asked"
_TURN = "reset_turn"  # changes when the menu is to close: it would lie over what comes of it


def reset_menu(desk: Desk) -> None:
    """The menu in the top line."""
    turn = st.session_state.setdefault(_TURN, 0)
    with (
        st.container(key="reset_menu", width="content"),  # stays, for the keyboard to come back to
        st.popover("Reset", key=f"reset_menu_{turn}", disabled=desk.busy),
    ):
        st.button(
            "Reset to base",
            key="reset",
            disabled=desk.workspace.manifest.head is None or desk.busy,
            on_click=_to_base,
            args=(desk,),
            width="stretch",
        )
        pieces.note(
            "Your model becomes the base model again. Samples stay; the trained weights stay as a "
            "checkpoint. Undo takes it back."
        )
        st.button(
            "Delete everything …",
            key="erase",
            disabled=desk.busy,
            on_click=_ask,
            width="stretch",
        )
        pieces.note(
            "Samples, camera pictures among them, labels, checkpoints, what studies found and undo "
            "steps leave the disk at once. Nothing brings them back."
        )
    if st.session_state.pop(_ASKED, False):
        _confirm(desk)


@st.dialog("Delete everything?")
@in_turn(Urgency.CLICK)
def _confirm(desk: Desk) -> None:
    with trouble.shown():
        manifest = desk.workspace.manifest
        photos = sum(sample.source is Source.CAMERA for sample in manifest.samples)
        taken = f", {count(photos, 'camera picture')} among them" if photos else ""
        st.markdown(
            f"**{count(len(manifest.samples), 'sample')}**{taken}, your labels, "
            f"{count(len(desk.other_checkpoints()), 'checkpoint')} and "
            f"{count(len(desk.workspace.steps_done()), 'undo step')} are deleted from this "
            "workspace's disk now. Undo does **not** bring them back. The model file stays"
            + (", models that you uploaded before it do not." if manifest.models else ".")
        )
        if desk.unsaved_end is not None:
            st.markdown("What your last training learnt is not saved yet: it is lost, too.")
        pieces.note("What you have downloaded yourself stays where you saved it.")
        with st.container(horizontal=True):
            if st.button("Keep it", key="keep_everything"):
                st.rerun()
            if st.button("Delete everything for good", key="really_erase"):
                desk.erase()
                choose_label(desk, "")
                trouble.say("top", "Everything was deleted from the disk.", "info")
                st.rerun()


def _ask() -> None:
    _close()
    st.session_state[_ASKED] = True


def _to_base(desk: Desk) -> None:
    _close()
    with trouble.caught("top"):
        desk.reset_to_base()


def _close() -> None:
    st.session_state[_TURN] += 1
