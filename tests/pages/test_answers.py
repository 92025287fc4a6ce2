"""What the side by side shows of answers that are no numbers."""

import json

import numpy as np
import pytest

from pages.ui import answers as module

KNOWN = np.array([0.2, 0.8], np.float32)


@pytest.fixture
def shown(monkeypatch):
    given = {}
    monkeypatch.setattr(module, "_mount", lambda key, data: given.update(data))
    return given


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_labels_when_scores_are_no_numbers_then_nothing_is_said(shown, broken):
    module.answers("k", ("a", "b"), KNOWN, np.full(2, broken, np.float32), trained=True)
    base, own = shown["sides"]
    assert (base["answer"], own["answer"]) == ("b", "–")
    json.dumps(shown, allow_nan=False)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_values_when_they_are_no_numbers_then_the_page_can_be_drawn(shown, broken):
    module.value_answers("k", KNOWN, np.array([0.1, broken]), None, trained=True)
    json.dumps(shown, allow_nan=False)
    assert [bar[1] for bar in shown["sides"][0]["bars"]] == pytest.approx([0.25, 1.0])
