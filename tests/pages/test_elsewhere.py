"""What was done beside a fragment is seen in its run: the page is drawn then."""

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


class TestActedElsewhere:
    def test_act_when_the_whole_page_is_drawn_needs_no_more(self):
        app = AppTest.from_function(script).run()
        app.button(key="outside").click().run()
        assert "elsewhere" not in app.session_state

    def test_act_when_no_page_is_drawn_is_none(self):
        assert not acted_elsewhere()
