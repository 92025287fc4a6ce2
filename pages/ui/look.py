"""The style sheet of the dashboard, one for all pages."""

from __future__ import annotations

from functools import cache

import streamlit as st

from pages.ui.served import ASSETS, FONTS


@cache
def _style() -> str:
    css = (ASSETS / "components" / "look.css").read_text(encoding="utf-8")
    return f"<style>{css.replace('FONTS', FONTS)}</style>"


def apply_look() -> None:
    """Fonts and spacing; colours stay in .streamlit/config.toml."""
    st.html(_style())
