"""The Gain part where some labels have many more test samples than others."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from odt_core.evaluation import compare, score
from pages.ui.desk import Scores
from pages.ui.evaluate import gain as module

RARE = np.array([0] * 93 + [1] * 7)


def said(predictions: list[int]):
    return score(np.eye(2, dtype=np.float32)[predictions], RARE)


@pytest.fixture
def shown(monkeypatch) -> dict:
    """The verdict and the notes that `_both` draws."""
    given: dict = {"notes": []}
    monkeypatch.setattr(
        module, "verdict", lambda lead, text, good=True: given.update(lead=lead, good=good)
    )
    monkeypatch.setattr(module, "numbers", lambda *_: None)
    monkeypatch.setattr(module.pieces, "note", given["notes"].append)
    return given


def test_test_is_named_only_where_its_result_is_told(shown):
    def noted(truth: list[int]) -> bool:
        y = np.array(truth)
        base, own = (score(np.eye(2, dtype=np.float32)[one], y) for one in (1 - y, y))
        shown["notes"].clear()
        desk = SimpleNamespace(same_as_base=False, trained=True)
        module._both(desk, Scores(base, own, None), compare(base, own))
        return any("McNemar" in note for note in shown["notes"])

    assert noted([0, 1] * 4)
    assert not noted([0, 1])  # too few to tell


def test_gain_of_a_constant_answer_has_no_colour_and_tells_balanced_accuracy(shown):
    base, own = said([0] * 39 + [1] * 60 + [0]), said([0] * 100)
    desk = SimpleNamespace(same_as_base=False, trained=True)
    module._both(desk, Scores(base, own, None), compare(base, own))
    assert (shown["lead"], shown["good"]) == ("+48.0 points.", None)
    balanced = "Balanced accuracy (the mean over labels): 63.8 % → 50.0 %."
    assert shown["notes"][0].replace("\u00a0", " ") == balanced
