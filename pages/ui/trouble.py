"""What goes wrong is said in place, in plain words; no traceback reaches the screen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from odt_core.errors import OdtError
from pages.ui.say import plain
from pages.ui.turns import Urgency, turn

_log = logging.getLogger("odt.pages")
_SAID = "odt_said"
_LAST = "odt_last_toast"
_TOASTED = "odt_toasted"
_UNEXPECTED = (
    "Something unexpected went wrong. Try again, or reload the page; if that does not help, the "
    "server's log says more."
)


@contextmanager
def caught(place: str) -> Iterator[None]:
    """Errors inside are remembered for `place`: callbacks run before the page is drawn, and before
    it has its turn.
    """
    try:
        with turn(Urgency.CLICK):
            yield
    except OdtError as error:
        say(place, str(error))
    except Exception:
        _log.exception("unexpected error in %s", place)
        say(place, _UNEXPECTED)


@contextmanager
def shown() -> Iterator[None]:
    """Errors inside are shown where the code stands, and the page goes on below."""
    try:
        yield
    except OdtError as error:
        st.error(plain(str(error)))
    except Exception:
        _log.exception("unexpected error while drawing")
        st.error(_UNEXPECTED)


def say(place: str, message: str, kind: str = "error") -> None:
    """Have `message` shown the next time that `place` is drawn: as an error, or what was done
    ("info"), which goes by itself, or what is to be known of it ("stays"), until `unsay`.
    """
    st.session_state.setdefault(_SAID, {})[place] = (kind, message)


def unsay(place: str) -> None:
    """Forget what is remembered for `place`."""
    st.session_state.get(_SAID, {}).pop(place, None)


def toasted() -> str:
    """What a toast said since this was asked last, "" for nothing: no screen reader hears it."""
    return st.session_state.pop(_TOASTED, "")


def show_said(place: str) -> None:
    """Show what is remembered for `place`: once, but for what stays."""
    kind, message = st.session_state.get(_SAID, {}).get(place, (None, ""))
    if kind != "stays":
        unsay(place)
    if kind == "info":
        # The browser shows no toast that is equal to the last one: a mark that nobody sees tells
        # them apart.
        text = plain(message)
        shown = text + "\u200b" * (text == st.session_state.get(_LAST))
        st.session_state[_LAST] = shown
        st.session_state[_TOASTED] = message
        st.toast(shown)
    elif kind == "stays":
        st.info(plain(message))
    elif kind:
        st.error(plain(message))
