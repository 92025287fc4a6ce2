"""What all pages share: the style sheet, how the menu behaves on a phone, and the Back button."""

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
        scripts = _read("menu.js") + _read("history.js")
        st.html(f"<script>{scripts}</script>", unsafe_allow_javascript=True)
