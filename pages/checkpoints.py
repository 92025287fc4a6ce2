"""Every state that your model was in: restore, compare, note, download, upload, delete."""

import streamlit as st

from pages.ui.entry import ensure_entry

ensure_entry(__file__)

from pages.ui import pieces, trouble  # noqa: E402
from pages.ui.checkpoint_tools import save_and_upload  # noqa: E402
from pages.ui.compare import compare_two  # noqa: E402
from pages.ui.desks import open_desk  # noqa: E402
from pages.ui.follow import follow  # noqa: E402
from pages.ui.heard import acts_heard  # noqa: E402
from pages.ui.timeline import timeline  # noqa: E402
from pages.ui.top_line import which_model  # noqa: E402

with trouble.shown():
    desk = open_desk()
    follow(desk, lambda desk: desk.workspace.revision)
    desk.warm_up()
    which_model(desk)
    left, right = st.columns([1.35, 1], gap="small")
    with left:
        trouble.show_said("checkpoints")
        if desk.busy:
            pieces.note(f"{desk.training_is}. Its checkpoints appear here; restoring has to wait.")
        timeline(desk)
    with right:
        with st.container(key="card_tools", border=True, gap="small"):
            save_and_upload(desk)
        with st.container(key="card_compare", border=True, gap="small"):
            pieces.heading("Compare any two")
            compare_two(desk)
    acts_heard(desk)
