"""The theme that goes along with every redraw: as Streamlit makes it, but made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit import config
from streamlit.proto.NewSession_pb2 import NewSession
from streamlit.runtime import app_session

from pages.ui.theme_once import remember_theme


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Streamlit's own filling of a section in place again; the sections that it has filled."""
    here: Any = app_session._populate_theme_msg
    own: Callable[..., None] = getattr(here, "_read", here)  # when a page of this process ran
    sections: list[str] = []

    def filled(msg: Any, section: str = "theme") -> None:
        sections.append(section)
        own(msg, section)

    monkeypatch.setattr(app_session, "_populate_theme_msg", filled)
    return sections


def message() -> bytes:
    """The theme as AppSession puts it into a message, part by part."""
    theme = NewSession().custom_theme
    fill = app_session._populate_theme_msg
    fill(theme)
    fill(theme.light, "theme.light")
    fill(theme.dark, "theme.dark")
    fill(theme.sidebar, "theme.sidebar")
    fill(theme.light.sidebar, "theme.light.sidebar")
    fill(theme.dark.sidebar, "theme.dark.sidebar")
    return bytes(theme.SerializeToString(deterministic=True))


def test_messages_are_streamlits_own_byte_for_byte(read: list[str]):
    own = message()
    assert b"#4F46E5" in own  # this project's theme, not an empty message
    remember_theme()
    assert [message(), message()] == [own, own]


def test_options_are_read_once_until_files_are_read_again(read: list[str]):
    remember_theme()
    remember_theme()
    message()
    message()
    assert len(read) == 6
    config._on_config_parsed.send()
    message()
    assert len(read) == 12
