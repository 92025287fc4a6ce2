"""What the growing chart gets to draw."""

from __future__ import annotations

import pytest

from pages.ui import live_chart as module
from pages.ui.live_chart import Curve


@pytest.fixture
def drawn(monkeypatch):
    given = {}
    monkeypatch.setattr(module, "_mount", lambda key, data: given.update(data))

    def draw(**more):
        curves = [Curve("own", (), ())]
        module.live_chart("k", curves, run="1", x_max=10, height=200, label="Loss", **more)
        return given

    return draw


class TestLiveChart:
    def test_graph_when_words_stand_in_its_place_has_no_axes(self, drawn):
        assert drawn(wait="Accuracy: there were no test samples to measure it on.")["series"] == ()

    def test_graph_when_its_first_point_is_due_has_its_axes(self, drawn):
        (series,) = drawn()["series"]
        assert series["name"] == "own"
