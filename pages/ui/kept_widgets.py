"""Widgets that say the same after another page was open: Streamlit forgets those of a page left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def fill(place: str, values: Mapping[str, Any], since: object) -> None:
    """Call before the widgets: by their keys, all say `values` when `since` is another than the
    last time, else what they said last.
    """
    kept, page = st.session_state.get(place), _page()
    said: Mapping[str, Any] = {}
    if kept is None or kept[0] != since:
        st.session_state.update(values)
    else:
        said = kept[2]
        # On another page the same keys are other widgets, which begin with nothing.
        elsewhere = kept[1] != page
        for key, value in said.items():
            if elsewhere or key not in st.session_state:
                st.session_state[key] = value
    st.session_state[place] = since, page, said


def keep(place: str, keys: Iterable[str]) -> None:
    """Call after the widgets of these keys, and when one of them changes, as another page may come
    before this one is drawn again: what they say is what `fill` goes back to.
    """
    since, page, _ = st.session_state[place]
    said = {key: st.session_state[key] for key in keys if key in st.session_state}
    st.session_state[place] = since, page, said


def _page() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.page_script_hash if context else ""
