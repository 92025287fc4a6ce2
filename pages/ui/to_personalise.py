"""An empty state: what is missing, and the way to the page where it is made."""

from __future__ import annotations

import streamlit as st

from pages.ui import pieces


def to_personalise(missing: str) -> None:
    """One line; once on a page."""
    with st.container(key="to_personalise", horizontal=True, vertical_alignment="center"):
        pieces.note(missing)
        st.page_link("pages/personalise.py", label="Go to Personalise")
