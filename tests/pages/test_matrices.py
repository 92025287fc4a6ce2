"""Confusion matrices: what is counted, and what can be read on their cells."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from odt_core.evaluation.evaluation import score
from odt_core.evidence.charts.matrices import Matrices
from odt_core.evidence.charts.types import Role
from odt_core.samples import Labels, Samples
from pages.ui.evaluate import matrices as module
from pages.ui.evaluate.judged import Judged


def judged(truth: np.ndarray, answer: np.ndarray, labels: int) -> Judged:
    """Both models give the same answers."""
    one = score(np.eye(labels, dtype=np.float32)[answer], truth)
    names = Labels(tuple(f"label {k}" for k in range(labels)))
    samples = Samples(np.zeros((len(truth), 1), np.float32), truth, names)
    return Judged("These", samples, (), one, one, names, "these")


@pytest.fixture
def drawn(monkeypatch) -> dict:
    """What `figure` was given, by key."""
    given: dict = {}
    monkeypatch.setattr(
        module, "figure", lambda key, traces, **more: given.update({key: {"data": traces, **more}})
    )
    monkeypatch.setattr(module, "_cell", lambda *_: None)
    return given


def test_cells_are_as_strong_as_in_a_bundle(drawn):
    truth, answer = np.repeat([0, 1, 1, 2], [40, 9, 1, 5]), np.repeat([0, 1, 2, 2], [40, 9, 1, 5])
    one = judged(truth, answer, 3)
    module.matrices(SimpleNamespace(same_as_base=False), one)
    names = ("a", "b", "c")
    bundled = Matrices("m", "", "", ((Role.OWN, one.own.confusion),), names, names).plotly()["data"]
    parts = [np.array(trace["z"], float) for trace in bundled]
    page = np.array(drawn["chart_matrix_own"]["data"][0]["z"])
    assert np.array_equal(page, np.nansum(parts, axis=0))
    assert page[1, 2] < 0 < page[1, 1] < page[0, 0] == 1


def test_title_when_not_all_labels_are_drawn_counts_all_answers(drawn):
    truth = np.arange(30)
    answer = np.roll(truth, 1)
    answer[7] = 7
    module.matrices(SimpleNamespace(same_as_base=False), judged(truth, answer, 30))
    for key in ("chart_matrix_base", "chart_matrix_own"):
        assert drawn[key]["layout"]["title"]["text"].endswith("29 wrong of 30")
        assert drawn[key]["label"].endswith("1 right, 29 wrong of 30")
