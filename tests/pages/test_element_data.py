"""What our own elements send: nothing that makes Streamlit import pandas, and little of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pages.ui.curves import _columns
from pages.ui.element_data import unexamined
from tests.pages.conftest import ROOT

PAGES = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60).run()
app.button(key="example").click().run()
app.button(key="train").click().run()
from pages.ui.desks import all_desks, close_all_desks
desk = all_desks().open(app.session_state["odt_workspace"])
assert desk.run.wait(60)
for page in ("personalise", "evaluate", "checkpoints", "model"):
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
close_all_desks()
print([name for name in ("pandas", "pyarrow", "tensorflow") if name in sys.modules])
"""


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


def test_pages_when_all_were_drawn_have_imported_no_pandas(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PAGES],
        cwd=ROOT,
        env={"ODT_WORKSPACES": str(tmp_path), "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout.strip() == "[]", done.stderr[-2000:]


def test_curve_is_sent_with_five_digits():
    assert _columns([(1, 2.302585124969482), (2, 0.000123456789)]) == (
        [1, 2],
        [2.3026, 0.00012346],
    )
