"""The first page under its own address; at the bare address app.py draws the same."""

from pages.ui.entry import ensure_entry

ensure_entry(__file__)

from pages.ui.personalise import personalise  # noqa: E402

personalise()
