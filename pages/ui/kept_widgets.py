"""Widgets that say the same after another page was open: Streamlit forgets those of a page left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st


def fill(place: str, values: Mapping[str, Any], since: object) -> None:
    """Call before the widgets: by their keys, all say `values` when `since` is another than the
    last time, else what they said last.
    """
    kept = st.session_state.get(place)  # since, and what they said
    said = kept[1] if kept is not None and kept[0] == since else None
    if said is None:
        said = {}
        for key, value in values.items():
            st.session_state[key] = value
    for key, value in said.items():
        st.session_state.setdefault(key, value)
    st.session_state[place] = since, said


def keep(place: str, keys: Iterable[str]) -> None:
    """Call after the widgets of these keys: what they say is what `fill` goes back to."""
    since, _ = st.session_state[place]
    said = {key: st.session_state[key] for key in keys if key in st.session_state}
    st.session_state[place] = since, said
