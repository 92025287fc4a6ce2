"""A training whose end could not be saved is not lost: save it again, or take it along."""

from __future__ import annotations

import streamlit as st

from odt_core.checkpoint.checkpoint import save_checkpoint
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.downloads import download, file_name
from pages.ui.say import count


def unsaved_end(desk: Desk) -> bool:
    """Draw the offer, where there is something to save; returns whether there is."""
    end = None if desk.busy else desk.unsaved_end
    if end is None:
        return False
    with st.container(key="unsaved_end", border=True, gap="small"):
        pieces.note(
            f"What was learnt in {count(end.steps, 'step')} is in the server's memory alone, until "
            "you train again, delete everything or leave. Save it as soon as there is room, or "
            "take it along."
        )
        with st.container(horizontal=True):
            st.button("Save again", key="save_end", type="primary", on_click=_save, args=(desk,))
            download(
                "Download it (.safetensors)",
                lambda: save_checkpoint(end.checkpoint),
                file_name(desk.model.name, f"step{end.steps}.safetensors"),
                "download_end",
                width="content",
            )
    return True


def _save(desk: Desk) -> None:
    with trouble.caught("train"):
        desk.save_end()
