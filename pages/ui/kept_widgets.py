"""Widgets that say the same after another page was open, or another model: Streamlit forgets those
of a page left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


@dataclass
class _Kept:
    """What one place's widgets said: on which page and about what last, and by what they are about
    since when and what.
    """

    at: tuple[str, str] = ("", "")
    said: dict[str, tuple[object, Mapping[str, Any]]] = field(default_factory=dict)


def fill(place: str, about: str, values: Mapping[str, Any], since: object) -> None:
    """Call before the widgets: by their keys, all say `values` when `since` is another than the
    last time that they were about the same, such as a model, else what they said last about it.
    """
    kept: _Kept = st.session_state.setdefault(place, _Kept())
    at = _page(), about
    before, said = kept.said.get(about, (None, {}))
    if about not in kept.said or before != since:
        st.session_state.update(values)
        said = {}
    # On another page the same keys are other widgets, which begin with nothing.
    elsewhere = kept.at != at
    for key, value in said.items():
        if elsewhere or key not in st.session_state:
            st.session_state[key] = value
    kept.at = at
    kept.said[about] = since, said


def keep(place: str, keys: Iterable[str]) -> None:
    """Call after the widgets of these keys, and when one of them changes, as another page may come
    before this one is drawn again: what they say is what `fill` goes back to.
    """
    kept: _Kept = st.session_state[place]
    about = kept.at[1]
    said = {key: st.session_state[key] for key in keys if key in st.session_state}
    kept.said[about] = kept.said[about][0], said


def _page() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.page_script_hash if context else ""
