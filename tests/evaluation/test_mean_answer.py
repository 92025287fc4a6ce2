"""Models of numbers have to be closer than always giving the mean of all targets is."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.evaluation import Evaluation, Verdict, compare, score
from odt_core.evaluation.mean_answer import mean_answer
from odt_core.studies import Point, Quantity
from odt_core.studies.crossed import estimate, outcomes
from odt_core.studies.sample_size import _sentence

TARGETS = np.array([[4.0], [5.0], [6.0], [5.5], [4.5], [4.0], [6.0], [5.0]], np.float32)  # mean 5


def says(answer: float) -> Evaluation:
    """Of a model that gives the same answer to all."""
    return score(np.full_like(TARGETS, answer), TARGETS)


class TestVerdict:
    def test_model_that_only_learnt_the_mean_is_not_called_better(self):
        got = compare(says(0.0), says(5.0))
        assert got.sentence == (
            "8 closer to their targets, 0 farther of 8 samples: not chance, p = 0.008. Closer, but "
            "no closer than always giving the mean of all targets (a mean squared error of 0.5625)."
        )
        assert got.to_json()["verdict"] == "better, but no more than a constant answer"

    def test_model_that_is_closer_than_the_mean_is_better(self):
        own = score(0.9 * (TARGETS - 5) + 5, TARGETS)
        assert compare(says(0.0), own).verdict is Verdict.BETTER

    @pytest.mark.parametrize("answer", [4.9, 5.0, 5.1, 1 / 3, 1e6])
    def test_no_answer_that_is_always_the_same_is_better(self, answer):
        assert not says(answer).beats_constant

    def test_targets_that_are_all_the_same_do_not_tell_a_model_from_a_constant(self):
        target = np.full((8, 1), 0.1, np.float32)
        got = compare(score(target + 1, target), score(target, target))
        assert got.verdict is Verdict.CONSTANT

    def test_few_targets_whose_mean_is_too_near_to_each_give_no_verdict(self):
        for n in range(6):
            few = TARGETS[:n]
            got = compare(score(few + 9, few), score(few, few))
            assert not got.gained


class TestMeanAnswer:
    def test_each_number_has_a_mean_of_its_own(self):
        """As of a model that gives back its input: the mean is a picture too."""
        pictures = np.zeros((4, 2, 3), np.float32)
        pictures[:, 0] = 7.0  # in each of them
        pictures[:2, 1] = 1.0  # in half of them
        got = score(pictures * 0, pictures)
        assert got.to_json()["constant_answer"] == {"mean_squared_error": 0.125, "of": 4}

    def test_no_samples_have_none(self):
        assert mean_answer(TARGETS[:0]) is None


def test_samples_needed_are_not_said_to_help_a_model_no_closer():
    evaluations = says(0.0), says(4.0), says(5.0)
    matrices = [outcomes(one)[None] for one in evaluations]
    points = [
        Point(count, 0, estimate(one, Quantity.ERROR), None)
        for count, one in zip((0, 1, None), matrices, strict=True)
    ]
    assert _sentence(points, matrices, Quantity.ERROR, 1, evaluations[0].constant) == (
        "With all samples the model is no closer than always giving the mean of all targets "
        "(0.562): a mean squared error of 0.562, a mean squared error of 25.6 before (n = 8 test "
        "samples, 1 seed). Look whether the samples show what their targets depend on, or train "
        "longer."
    )
