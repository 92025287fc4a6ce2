"""What the loaded .tflite is, and what it costs on this machine."""

import streamlit as st

from pages.ui.entry import ensure_entry

ensure_entry(__file__)

from pages.ui import trouble  # noqa: E402
from pages.ui.desks import open_desk  # noqa: E402
from pages.ui.model_facts import card_of, contract_of, cost_of, signatures_of, variables_of  # noqa: E402

with trouble.shown():
    desk = open_desk()
    left, right = st.columns(2, gap="small")
    with left:
        for key, part in {"about": card_of, "contract": contract_of, "cost": cost_of}.items():
            with st.container(key=f"card_{key}", border=True, gap="small"), trouble.shown():
                part(desk)
    with right:
        for key, part in {"signatures": signatures_of, "variables": variables_of}.items():
            with st.container(key=f"card_{key}", border=True, gap="small"), trouble.shown():
                part(desk)
