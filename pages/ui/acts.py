"""What a person did in an element of ours, each thing once (assets/components/outbox.js)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.ui.served import ASSETS

JS = (ASSETS / "components" / "outbox.js").read_text(encoding="utf-8")
_MOST = 100  # refused ones that the browser may not have heard of yet


def new_acts(key: str) -> list[Mapping[str, Any]]:
    """For the callback of the element's trigger "acts": those that did not come before, in order.
    They come from the browser: nothing but their numbers is checked.
    """
    sent = getattr(st.session_state.get(key), "acts", None)
    last, new = acts_done(key), []
    for act in sent if isinstance(sent, list | tuple) else ():
        number = act.get("n") if hasattr(act, "get") else None
        if isinstance(number, int) and number > last:
            last = number
            new.append(act)
    st.session_state[_done(key)] = last
    return new


def acts_done(key: str) -> int:
    """The number of the last one: the element's data say it, so that it sends them no more."""
    return int(st.session_state.get(_done(key), 0))


def refuse(key: str, act: Mapping[str, Any]) -> None:
    """It could not be done: the element's data say so, for it to give back what was sent."""
    st.session_state[_refused(key)] = [*acts_refused(key), act["n"]][-_MOST:]


def acts_refused(key: str) -> list[int]:
    """The numbers of those that were refused last."""
    return list(st.session_state.get(_refused(key), ()))


def _done(key: str) -> str:
    return f"{key}_acts_done"


def _refused(key: str) -> str:
    return f"{key}_acts_refused"
