"""Long work in the background, as a page looks at it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.desk.jobs import Job
from pages.ui.evaluate.study import _doing


@pytest.mark.parametrize(("share", "left"), [(0.0, None), (0.05, None), (0.25, 30.0), (1.0, 0.0)])
def test_time_left_is_judged_by_the_way_that_is_behind(share, left):
    job = Job(None)
    job.progressed(share, "training")
    assert replace(job.look(), seconds=10.0).seconds_left == left


def test_time_left_is_said_until_the_job_is_asked_to_stop():
    job = Job(None)
    job.progressed(0.25, "training")
    assert _doing(replace(job.look(), seconds=10.0)) == "training · about 30 s left"
    job.stop()
    assert _doing(job.look()) == "stopping"


def test_page_of_a_study_that_another_tab_deleted_is_drawn_again():
    def card():
        from types import SimpleNamespace

        import streamlit as st

        from pages.ui.evaluate.study import _watch

        ran = not st.session_state.setdefault("drawn", 0)
        st.session_state["drawn"] += 1
        _watch(SimpleNamespace(job=lambda name: None), "a study", None, None, None, ran)

    app = AppTest.from_function(card).run()
    assert not app.exception
    assert app.session_state["drawn"] == 2
