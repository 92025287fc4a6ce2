"""Keep your model as it stands, bring a checkpoint from elsewhere, take the last step back."""

from __future__ import annotations

import streamlit as st

from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.undo import step_button
from pages.ui.uploads import contents

_TURN = "checkpoint_upload_turn"


def save_and_upload(desk: Desk) -> None:
    """Draw the card's content."""
    pieces.heading("Save, upload, undo")
    trained = desk.workspace.manifest.head is not None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Note", key="save_note", max_chars=500, placeholder="what is good about it")
        st.button(
            "Save your model",
            key="save",
            disabled=not trained or desk.busy,
            on_click=_save,
            args=(desk,),
        )
    turn = st.session_state.setdefault(_TURN, 0)
    foreign = desk.tf_versions("restore")
    what = "a file of its own 'save', or a .zip of its two files" if foreign else ""
    st.file_uploader(
        f"Upload a checkpoint of this model (.safetensors{', or ' + what if what else ''})",
        type=None if foreign else ["safetensors"],
        key=f"checkpoint_{turn}",
        on_change=_upload,
        args=(desk, f"checkpoint_{turn}"),
    )
    trouble.show_said("upload")
    step_button(desk, "undo_here", "upload")
    pieces.note(
        "Automatic checkpoints are made at the start, the end and the best of a run, every few "
        "seconds in between, and before anything that would lose your model. The oldest "
        "automatic ones make room for new ones; those you saved stay."
    )


def _save(desk: Desk) -> None:
    with trouble.caught("upload"):
        desk.save_checkpoint(st.session_state.get("save_note", ""))
        st.session_state["save_note"] = ""


def _upload(desk: Desk, key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state[_TURN] += 1
    with trouble.caught("upload"):
        name, data = contents(file)
        if name.lower().endswith(".safetensors") or not desk.tf_versions("restore"):
            desk.add_uploaded_checkpoint(data, name)
        else:
            desk.add_tf_checkpoint(data, name)
        trouble.say("upload", f"{name} is in the timeline. Restore makes it your model.", "info")
