"""What was done beside a fragment is seen in its run: the page is drawn then."""

from types import SimpleNamespace
from unittest import mock

import pytest
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest

from pages.ui.elsewhere import acted_elsewhere


def script() -> None:
    import streamlit as st

    from pages.ui.elsewhere import acted_elsewhere

    @st.fragment
    def part() -> None:
        st.button("inside", key="inside")
        if acted_elsewhere():
            st.session_state["elsewhere"] = True

    part()
    st.button("outside", key="outside")


def run_of(fragment: str, *changed: str, disabled: bool = False) -> SimpleNamespace:
    """A run of a fragment, with widgets inside and outside, some of which have changed."""
    state = SessionState()
    for name, where in (("inside", "settings"), ("outside", None), ("other", "live")):
        about = WidgetMetadata(
            name,
            lambda value: value,
            lambda value: value,
            "int_value",
            fragment_id=where,
            disabled=disabled,
        )
        state._new_widget_state.set_widget_metadata(about)
        state._new_widget_state.set_from_value(name, 1)
        state._old_state[name] = 0 if name in changed else 1
    return SimpleNamespace(
        fragment_ids_this_run=[fragment], session_state=SimpleNamespace(_state=state)
    )


class TestActedElsewhere:
    @pytest.mark.parametrize(
        ("changed", "elsewhere"),
        [
            ((), False),
            (("inside",), False),
            (("outside",), True),
            (("inside", "outside"), True),
            (("other",), True),
        ],
    )
    def test_act_is_one_elsewhere_where_a_widget_outside_has_changed(self, changed, elsewhere):
        context = run_of("settings", *changed)
        with mock.patch("pages.ui.elsewhere.get_script_run_ctx", return_value=context):
            assert acted_elsewhere() is elsewhere

    def test_act_on_what_is_locked_is_none(self):
        context = run_of("settings", "outside", disabled=True)
        with mock.patch("pages.ui.elsewhere.get_script_run_ctx", return_value=context):
            assert not acted_elsewhere()

    def test_act_when_the_whole_page_is_drawn_needs_no_more(self):
        app = AppTest.from_function(script).run()
        app.button(key="outside").click().run()
        assert "elsewhere" not in app.session_state

    def test_act_when_no_page_is_drawn_is_none(self):
        assert not acted_elsewhere()
