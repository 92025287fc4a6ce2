"""What the growing chart gets to draw."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from odt_core.training.history import EvaluationRecord, Score
from pages.ui import curves
from pages.ui import live_chart as module
from pages.ui.live_chart import Curve
from pages.ui.run import Phase, Snapshot


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


class TestAxis:
    @pytest.mark.parametrize(
        ("phase", "step", "end"),
        [(Phase.RUNNING, 491, 15_000), (Phase.STOPPED, 491, 491), (Phase.STOPPED, 0, 15_000)],
    )
    def test_axis_when_the_run_is_over_ends_at_its_last_step(self, monkeypatch, phase, step, end):
        given = {}
        monkeypatch.setattr(curves, "live_chart", lambda key, drawn, **more: given.update(more))
        snapshot = Snapshot("1", phase, False, step, 15_000, 80, 0.0, (), (), "")
        desk = SimpleNamespace(tells_labels=True, why_unscored="", reports_loss=True)
        curves.loss_chart("loss", desk, snapshot, 200)
        assert given["x_max"] == end


class TestLoss:
    @pytest.mark.parametrize(
        ("reports", "unscored", "names"),
        [
            (True, "", ["loss reported by the model", "cross-entropy"]),
            (False, "", ["cross-entropy"]),
            (True, "It has no answers.", ["loss reported by the model"]),
            (False, "It has no answers.", None),
        ],
    )
    def test_chart_names_what_the_model_has_alone(self, monkeypatch, reports, unscored, names):
        given = []
        monkeypatch.setattr(curves, "live_chart", lambda key, drawn, **more: given.append(drawn))
        snapshot = Snapshot("1", Phase.RUNNING, False, 0, 100, 80, 0.0, (), (), "")
        desk = SimpleNamespace(tells_labels=True, why_unscored=unscored, reports_loss=reports)
        curves.loss_chart("loss", desk, snapshot, 200)
        assert [[curve.name for curve in one] for one in given] == ([names] if names else [])


class TestWords:
    def test_shares_are_spoken_in_percent_as_they_stand_on_the_page(self, monkeypatch):
        given = {}
        monkeypatch.setattr(curves, "live_chart", lambda key, drawn, **more: given.update(more))
        scored = EvaluationRecord(8, Score(60, 60, None), Score(1000, 987, None), 1.0)
        snapshot = Snapshot("1", Phase.FINISHED, False, 8, 8, 80, 0.0, (), (scored,), "")
        desk = SimpleNamespace(
            tells_labels=True,
            card=SimpleNamespace(base_test=None, load_base_test=None),
            test_name=lambda: "mine",
            base_level=lambda name, n: None,
        )
        curves.score_chart("accuracy", desk, snapshot, 200)
        assert given["label"] == "Accuracy: your test samples 100.0 %, base test set 98.7 %"

    @pytest.mark.parametrize(
        ("evaluations", "said"),
        [
            ((), "Accuracy: there were no test samples to measure it on."),
            (
                (EvaluationRecord(0, None, None, 0.0),),  # as Judge scores such answers
                "Accuracy: the model's answers were no finite numbers.",
            ),
        ],
    )
    def test_empty_chart_says_whether_there_was_nothing_to_ask_or_no_answer(
        self, monkeypatch, evaluations, said
    ):
        given = {}
        monkeypatch.setattr(curves, "live_chart", lambda key, drawn, **more: given.update(more))
        snapshot = Snapshot("1", Phase.DIVERGED, False, 0, 20, 80, 0.0, (), evaluations, "")
        desk = SimpleNamespace(
            tells_labels=True,
            card=SimpleNamespace(base_test=None, load_base_test=None),
            test_name=lambda: "mine",
        )
        curves.score_chart("accuracy", desk, snapshot, 200)
        assert given["wait"] == said
