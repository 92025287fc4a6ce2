"""What all pages share: the style sheet; scripts for menu, keyboard, Back button, many files."""

from __future__ import annotations

from functools import cache

import streamlit as st

from pages.ui import packed
from pages.ui.served import ASSETS, FONTS

_DAY = 24 * 3600.0  # seconds


@cache
def _read(name: str) -> str:
    return (ASSETS / "components" / name).read_text(encoding="utf-8").replace("FONTS", FONTS)


def apply_look() -> None:
    """Fonts and spacing; colours stay in .streamlit/config.toml."""
    st.html(f"<style>{_read('look.css')}</style>")
    with st.container(key="menu"):  # look.css takes it out of the page's flow
        names = ("menu.js", "focus.js", "undo.js", "history.js")
        scripts = "".join(map(_read, names)) + packed.script()
        st.html(f"<script>{scripts}</script>", unsafe_allow_javascript=True)
        # When a browser finds its server again, Streamlit draws the page anew only where a fragment
        # of it ticks. Without that, after a restart of the server the page would look alive while
        # the new process knows none of its buttons and swallows the first thing that is done.
        st.fragment(_nothing, run_every=_DAY)()


def _nothing() -> None:
    """What the slow tick draws."""
