"""What the loaded .tflite is, how it is used, and what it costs on this machine."""

import streamlit as st

from pages.ui.entry import ensure_entry

ensure_entry(__file__)

from pages.ui import pieces, trouble  # noqa: E402
from pages.ui.desks import open_desk  # noqa: E402
from pages.ui.downloads import model_downloads  # noqa: E402
from pages.ui.drop_model import drop_model  # noqa: E402
from pages.ui.follow import follow  # noqa: E402
from pages.ui.heard import acts_heard  # noqa: E402
from pages.ui.input_card import input_of  # noqa: E402
from pages.ui.mapping import mapping_of  # noqa: E402
from pages.ui.model_facts import about, card_of, cost_of, signatures_of, variables_of  # noqa: E402
from pages.ui.names_card import names_of  # noqa: E402

with trouble.shown():
    desk = open_desk()
    follow(desk)
    with st.container(key="card_drop", border=True, gap="small"):
        pieces.heading("Your own .tflite", "opened in a process of its own; your samples stay")
        drop_model(desk, "drop", "drop")
        trouble.show_said("drop")
    left, right = st.columns(2, gap="small")
    columns = {
        left: {
            "about": about,
            "input": input_of,
            "names": names_of,
            "files": model_downloads,
            "cost": cost_of,
            "card": card_of,
        },
        right: {
            "mapping": mapping_of,
            "signatures": signatures_of,
            "variables": variables_of,
        },
    }
    for column, cards in columns.items():
        with column:
            for key, part in cards.items():
                with trouble.shown():
                    if key == "names" and not desk.tells_labels:
                        continue
                    if key in ("input", "names") and not desk.is_understood:
                        continue
                    with st.container(key=f"card_{key}", border=True, gap="small"), trouble.shown():
                        part(desk)
    acts_heard(desk)
