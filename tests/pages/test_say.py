"""Names that people typed, beside figures."""

from __future__ import annotations

import pytest

from pages.ui.say import isolated


class TestIsolated:
    @pytest.mark.parametrize("name", ["תשע", "جدًا 4", "a תשע"])
    def test_name_when_written_from_right_to_left_is_set_apart(self, name):
        assert isolated(name) == f"\u2068{name}\u2069"

    @pytest.mark.parametrize("name", ["", "7", "écureuil", "Ζωή", "四"])
    def test_name_when_written_from_left_to_right_is_as_it_was(self, name):
        assert isolated(name) == name
