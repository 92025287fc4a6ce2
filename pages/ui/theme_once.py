"""The theme that Streamlit sends along with every redraw, read from its options once.

Streamlit 1.67 goes through all of its options six times before each run of the script or of a
fragment, to put the same message together again: a tenth of what the server spends on a stroke when
50 visitors draw at the same moment, all of it on the thread that sends everybody's messages.
"""

from __future__ import annotations

from typing import Any, Protocol

from streamlit import config
from streamlit.runtime import app_session


class _Filler(Protocol):
    def __call__(self, msg: Any, section: str = "theme") -> None: ...


def remember_theme() -> None:
    """From now on a section's message is filled by Streamlit once, and again when options were
    read again from files. Does nothing when it was called before.
    """
    read: _Filler = app_session._populate_theme_msg
    if isinstance(read, _Remembered):
        return
    remembered = _Remembered(read)
    config.on_config_parsed(remembered.forget, force_connect=True)
    app_session._populate_theme_msg = remembered  # type: ignore[assignment]


class _Remembered:
    def __init__(self, read: _Filler) -> None:
        self._read = read
        self._sections: dict[str, Any] = {}

    def __call__(self, msg: Any, section: str = "theme") -> None:
        kept = self._sections.get(section)
        if kept is None:
            kept = type(msg)()
            self._read(kept, section)
            self._sections[section] = kept
        if kept.ByteSize():  # a part that says nothing must not seem to be there
            msg.MergeFrom(kept)

    def forget(self) -> None:
        self._sections.clear()
