"""Every page is launched, and found again by its address."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.pages.conftest import APP, ROOT
from tests.pages.page_text import said

PAGES = ["personalise", "evaluate", "checkpoints", "model"]

# In a process of its own: other tests of this one import TensorFlow.
EVERYTHING = f"""
import sys
from streamlit.testing.v1 import AppTest
from pages.ui.desks import all_desks
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
app.button(key="example").click().run()
app.button(key="train").click().run()
desk = all_desks().open(app.session_state["odt_workspace"])
assert desk.run.wait(60)
for page in {PAGES}:
    app.switch_page(f"pages/{{page}}.py").run()
    assert not app.exception
all_desks().close()
print(*sys.modules)
"""


class TestEveryPage:
    @pytest.mark.parametrize("page", PAGES)
    def test_page_when_new_shows_no_error(self, app, page):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        assert not app.error, said(app)

    @pytest.mark.parametrize("page", PAGES)
    def test_page_when_trained_shows_no_error(self, trained, page):
        app, _ = trained
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        assert not app.error, said(app)

    def test_pages_when_everything_was_used_never_import_what_is_large(self, tmp_path):
        run = subprocess.run(
            [sys.executable, "-c", EVERYTHING, APP],
            cwd=ROOT,
            env={**os.environ, "ODT_WORKSPACES": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        loaded = set(run.stdout.split())
        assert "streamlit" in loaded, run.stderr
        assert {"tensorflow", "keras", "pandas", "pyarrow"} & loaded == set()


class TestAddress:
    def test_address_when_opened_again_finds_the_same_samples(self, person):
        from streamlit.testing.v1 import AppTest

        app, _ = person
        again = AppTest.from_file(APP, default_timeout=60)
        again.query_params["w"] = app.session_state["odt_workspace"]
        again.run()
        assert any("set aside for testing" in html.value for html in again.html)

    def test_address_when_unknown_starts_a_new_workspace_and_says_so(self, app):
        from streamlit.testing.v1 import AppTest

        other = AppTest.from_file(APP, default_timeout=60)
        other.query_params["w"] = "nobody-has-this-one-xx"
        other.run()
        assert other.session_state["odt_workspace"] != app.session_state["odt_workspace"]
        assert "no workspace behind this link" in said(other)
        assert said(other).endswith("You are in a new one now.")

    def test_address_when_unknown_leads_back_to_the_visitors_own_workspace(self, app):
        own = app.session_state["odt_workspace"]
        app.query_params["w"] = "nobody-has-this-one-xx"
        app.run()
        assert app.session_state["odt_workspace"] == own
        assert own in app.query_params["w"]
        assert "no workspace behind this link" in said(app)
        assert said(app).endswith("You are back in your own.")
        app.run()
        assert "no workspace behind this link" not in said(app)


class TestEvaluate:
    def test_evaluate_when_trained_gives_n_interval_and_test(self, trained):
        app, _ = trained
        app.switch_page("pages/evaluate.py").run()
        shown = " ".join(html.value for html in app.html)
        assert "of 1,000 right" in shown
        assert "95 % interval" in shown
