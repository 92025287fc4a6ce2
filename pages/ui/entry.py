"""Makes a cold deep link work: with a folder named `pages/`, Streamlit may run a page without app.py."""

from __future__ import annotations

import streamlit as st

_ENTERED = "odt_entered"
_WANTED = "odt_wanted"
_QUERY = "odt_query"


def mark_entered() -> str | None:
    """app.py ran; returns the page file that somebody wanted when app.py had not run yet."""
    st.session_state[_ENTERED] = True
    return st.session_state.pop(_WANTED, None)


def kept_query() -> dict[str, str]:
    """The address's parameters as they were before `ensure_entry` went through app.py."""
    return st.session_state.pop(_QUERY, {})


def ensure_entry(page_file: str) -> None:
    """Go through app.py once when it has not run in this session (a switch drops the query)."""
    if _ENTERED not in st.session_state:
        st.session_state[_WANTED] = page_file
        st.session_state[_QUERY] = st.query_params.to_dict()
        st.switch_page("app.py")
