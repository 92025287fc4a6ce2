"""Labels of which some have many more samples: what a constant answer gets right is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from odt_core.evaluation import Evaluation, evaluate, score
from tests.evaluation.evaluation_material import digits, person

NAMES = ("neg", "pos")


def said(truth: list[int], predictions: list[int], outputs: int = 2) -> Evaluation:
    """An evaluation with exactly these answers."""
    found = score(np.eye(outputs, dtype=np.float32)[predictions], np.array(truth))
    return replace(found, names=NAMES)


class TestBalancedAccuracy:
    def test_mean_over_labels_worked_by_hand(self):
        """39 of 93 and 6 of 7 right."""
        got = said([0] * 93 + [1] * 7, [0] * 39 + [1] * 60 + [0])
        assert got.balanced_accuracy == (39 / 93 + 6 / 7) / 2
        assert got.to_json()["balanced_accuracy"] == got.balanced_accuracy

    def test_equals_scikit_learns(self):
        truth, answers = np.random.default_rng(0).integers(0, 5, (2, 60))
        assert said(truth, answers, 5).balanced_accuracy == pytest.approx(
            balanced_accuracy_score(truth, answers)
        )

    def test_label_without_samples_is_left_out(self):
        assert said([0, 0, 2], [0, 1, 2], 4).balanced_accuracy == 0.75

    def test_no_samples_have_none_and_values_have_no_labels(self):
        assert np.isnan(score(np.zeros((0, 2)), np.zeros(0, int)).balanced_accuracy)
        values = score(np.zeros((2, 1), np.float32), np.zeros((2, 1), np.float32))
        assert (values.balanced_accuracy, values.constant) == (None, None)


class TestConstantAnswer:
    def test_commonest_label_is_told_by_its_name(self):
        got = said([1] * 7 + [0] * 3, [0] * 10)
        assert got.constant.words == "always saying 'pos'"
        assert got.to_json()["constant_answer"] == {"output": 1, "label": "pos", "correct": 7}

    def test_output_without_a_name_is_told_by_its_number(self):
        got = score(np.eye(3, dtype=np.float32)[[0, 1, 2]], np.array([2, 2, 0]))
        assert got.constant.words == "always saying 'output 2'"

    def test_no_samples_have_none(self):
        empty = score(np.zeros((0, 2)), np.zeros(0, int))
        assert empty.to_json()["constant_answer"] is None

    def test_evaluation_of_a_session_knows_the_names(self):
        model = digits()
        test = person(model, "Writer 1")[1]
        sevens = test.take(np.flatnonzero(test.y == 7))
        assert evaluate(model.session(), sevens).constant.words == "always saying '7'"
