"""The style sheet of the dashboard, one for all pages, and how its menu behaves on a phone."""

from __future__ import annotations

from functools import cache

import streamlit as st

from pages.ui.served import ASSETS, FONTS


@cache
def _style() -> str:
    css, menu = (
        (ASSETS / "components" / name).read_text(encoding="utf-8")
        for name in ("look.css", "menu.js")
    )
    return f"<style>{css.replace('FONTS', FONTS)}</style><script>{menu}</script>"


def apply_look() -> None:
    """Fonts and spacing; colours stay in .streamlit/config.toml."""
    st.html(_style(), unsafe_allow_javascript=True)
