"""What our own elements send: nothing that makes Streamlit import pandas, and little of it."""

from __future__ import annotations

import pytest

from pages.ui.curves import _columns
from pages.ui.element_data import unexamined


class TestUnexamined:
    def test_list_becomes_a_tuple_and_the_rest_stays(self):
        assert unexamined({"a": [{"b": [1]}], "c": "d", "e": None}) == {
            "a": ({"b": [1]},),
            "c": "d",
            "e": None,
        }

    def test_dict_is_refused(self):
        with pytest.raises(TypeError, match="'layout' is a dict"):
            unexamined({"layout": {}})


def test_curve_is_sent_with_five_digits():
    assert _columns([(1, 2.302585124969482), (2, 0.000123456789)]) == (
        [1, 2],
        [2.3026, 0.00012346],
    )
