"""The pages as a strip of links, where Streamlit would fold its own into a menu: on phones."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from streamlit.navigation.page import StreamlitPage


def page_links(pages: Iterable[StreamlitPage]) -> None:
    """Draw it; look.css shows it in place of that menu, and where there is none, not at all. Its
    height is that before look.css has come.
    """
    with st.container(key="pages", horizontal=True, gap=None, height=1, border=False):
        for page in pages:
            st.page_link(page, label=page.title)
