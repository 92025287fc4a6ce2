"""A model that did not answer is asked again by a click: that it did not is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from odt_core.errors import WorkerError
from pages.ui.desk import Desk
from pages.ui.say import plain


@contextmanager
def or_ask_again(desk: Desk) -> Iterator[None]:
    """Where no answer comes inside, why is shown, with a button that asks once more."""
    try:
        yield
    except WorkerError as error:
        st.error(plain(str(error)))
        st.button("Start it again", key="try_again", on_click=desk.ask_again)
