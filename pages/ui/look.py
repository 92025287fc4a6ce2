"""The style sheet of the dashboard, one for all pages, and how its menu behaves on a phone."""

from __future__ import annotations

from functools import cache

import streamlit as st

from pages.ui.served import ASSETS, FONTS


@cache
def _read(name: str) -> str:
    return (ASSETS / "components" / name).read_text(encoding="utf-8").replace("FONTS", FONTS)


def apply_look() -> None:
    """Fonts and spacing; colours stay in .streamlit/config.toml."""
    st.html(f"<style>{_read('look.css')}</style>")
    with st.container(key="menu"):  # look.css takes it out of the page's flow
        st.html(f"<script>{_read('menu.js')}</script>", unsafe_allow_javascript=True)
