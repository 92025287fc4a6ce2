"""Labels of which some have many more samples: what a constant answer gets right is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from odt_core.cli.figures import compared
from odt_core.evaluation import Evaluation, Verdict, claims, compare, evaluate, score
from odt_core.evaluation.comparison import Comparison
from odt_core.studies.controls import _sentence, _vanished
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
        assert values.balanced_accuracy is None


class TestConstantAnswer:
    def test_commonest_label_is_told_by_its_name(self):
        got = said([1] * 7 + [0] * 3, [0] * 10)
        assert got.constant.words == "always saying 'pos'"
        told = {"output": 1, "label": "pos", "correct": 7, "of": 10}
        assert got.to_json()["constant_answer"] == told

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


RARE = [0] * 93 + [1] * 7
# 39 of 93 and 6 of 7 right.
BASE = said(RARE, [0] * 39 + [1] * 60 + [0])
ALWAYS = said(RARE, [0] * 100)


class TestVerdict:
    def test_model_that_only_says_the_commonest_label_is_not_called_better(self):
        got = compare(BASE, ALWAYS)
        assert got.sentence == (
            "54 fixed, 6 broken of 100 samples: not chance, p < 0.001. More right answers, but no "
            "more than always saying 'neg' (93 of 100), and worse at 'pos': 6 → 0 of 7."
        )
        assert got.to_json()["verdict"] == "better, but no more than a constant answer"

    def test_one_more_right_answer_than_always_the_commonest_is_better(self):
        got = compare(BASE, said(RARE, [0] * 93 + [1] + [0] * 6))
        assert got.verdict is Verdict.BETTER

    def test_nothing_else_is_said_of_a_model_that_is_no_better_anyway(self):
        assert compare(ALWAYS, ALWAYS).verdict is Verdict.SAME
        assert compare(said(RARE, RARE), BASE).verdict is Verdict.WORSE
        assert compare(ALWAYS, said(RARE, [0] * 94 + [1] * 6)).verdict is Verdict.BETTER

    def test_labels_that_the_base_knows_are_no_merit_of_a_constant_answer(self):
        got = claims(BASE, ALWAYS, np.array([True, False]), NAMES)
        assert not any("is better" in sentence for sentence in got.sentences)

    def test_samples_of_one_known_label_are_not_held_against_a_model_that_tells_both(self):
        got = claims(BASE, said(RARE, RARE), np.array([True, False]), NAMES)
        assert got.new.comparison.verdict is Verdict.BETTER


def gain(*labels: tuple[int, int, int], called: str = "Your model") -> Comparison:
    """labels: of each (fixed, broken, right in both)."""
    truth, base, own = [], [], []
    for label, (fixed, broken, both) in enumerate(labels):
        right, wrong = label, (label + 1) % len(labels)
        truth += [label] * (fixed + broken + both)
        base += [wrong] * fixed + [right] * (broken + both)
        own += [right] * fixed + [wrong] * broken + [right] * both
    return compare(said(truth, base, len(labels)), said(truth, own, len(labels)), called)


class TestWorseLabels:
    def test_label_with_a_loss_beyond_chance_is_told_beside_a_gain(self):
        got = gain((30, 0, 20), (0, 8, 12))
        assert got.sentence.endswith("Your model is better, but worse at 'pos': 20 → 12 of 20.")
        assert got.to_json()["worse_at"] == [1]

    def test_loss_is_told_where_no_model_is_called_better(self):
        got = gain((30, 0, 20), (0, 8, 12), called="")
        assert got.sentence.endswith("p < 0.001. But worse at 'pos': 20 → 12 of 20.")

    def test_loss_that_may_be_chance_is_not(self):
        assert gain((30, 0, 20), (0, 5, 12)).sentence.endswith("Your model is better.")

    def test_loss_of_one_label_in_many_has_to_be_surer(self):
        """p = 0.031, and five labels that may be chance are looked at."""
        alone, many = (30, 0, 20), ((4, 4, 20),) * 4
        assert gain(alone, (0, 6, 20)).worse_at
        assert not gain(alone, (0, 6, 20), *many).worse_at

    def test_labels_that_hardly_changed_do_not_count_as_looks(self):
        """As in 1,000 labels of which few have samples that changed."""
        assert len(gain((30, 0, 20), (0, 6, 20), *((1, 1, 20),) * 9).worse_at) == 1

    def test_nothing_is_told_of_labels_where_there_is_no_gain(self):
        assert gain((8, 0, 20), (0, 8, 20)).worse_at == ()


class TestWords:
    def test_constant_answer_that_comes_near_is_told_with_balanced_accuracy(self):
        own = said(RARE, [0] * 93 + [1] * 2 + [0] * 5)
        got = claims(BASE, own, np.ones(2, bool), NAMES).sentences[-1]
        assert got == (
            "Always saying 'neg' gets 93 of 100 right; balanced accuracy (the mean over labels): "
            "63.8 % → 64.3 %."
        )

    def test_constant_answer_is_not_told_twice(self):
        assert claims(BASE, ALWAYS, np.ones(2, bool), NAMES).sentences[1:] == (
            "Balanced accuracy (the mean over labels): 63.8 % → 50.0 %.",
        )

    def test_model_without_another_beside_it_is_told_too(self):
        assert compared(ALWAYS, None, None)["sentences"] == [
            "Always saying 'neg' gets 93 of 100 right; balanced accuracy (the mean over labels): "
            "50.0 %."
        ]

    def test_nothing_is_told_of_labels_that_have_as_many_samples(self):
        even = said([0, 1] * 10, [0] * 20)
        assert compare(even, even).uneven == ""

    def test_nothing_is_told_where_a_model_is_right_far_more_often(self):
        one = [0] * 8 + [1] * 4
        assert compare(said(one, [0] * 12), said(one, one)).uneven == ""


class TestControls:
    def sentence(self, *, kept: float) -> str:
        own, over = compare(BASE, ALWAYS), compare(ALWAYS, ALWAYS)
        vanished = _vanished(own, [own] * 3, [over] * 3, kept)
        return _sentence(own, [own] * 3, [over] * 3, None, None, kept=kept, vanished=vanished)

    def test_gain_of_a_constant_answer_is_said_to_be_one(self):
        assert "(n = 100 test samples), but no more right than always saying 'neg'. With" in (
            self.sentence(kept=0.9)
        )

    def test_constant_answer_of_shuffled_labels_is_a_gain_too(self):
        assert "the gain did not vanish" in self.sentence(kept=0.5)
