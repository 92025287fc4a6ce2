"""Makes a cold deep link work: Streamlit may run a file of `pages/` without app.py."""

from __future__ import annotations

import streamlit as st

_ENTERED = "odt_entered"
_WANTED = "odt_wanted"


def mark_entered() -> str | None:
    """app.py ran; returns the page file that somebody wanted when app.py had not run yet."""
    st.session_state[_ENTERED] = True
    return st.session_state.pop(_WANTED, None)


def ensure_entry(page_file: str) -> None:
    """Go through app.py once when it has not run in this session, and come back.

    With a folder named `pages/`, Streamlit lists its files as pages of their own until somebody
    has run `st.navigation`: a deep link on a fresh server then runs a page without app.py.
    """
    if _ENTERED not in st.session_state:
        st.session_state[_WANTED] = page_file
        st.switch_page("app.py", query_params=st.query_params.to_dict())
