"""Accuracy, intervals and the paired test, against literal values and scipy."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from odt_core.errors import NoAnswerError, SampleError, SettingsError
from odt_core.evaluation import FEWEST_CHANGES, compare, mcnemar, score, wilson
from odt_core.evaluation.comparison import Verdict
from odt_core.evaluation.evaluation import measure
from odt_core.evaluation.paired import gain_interval


def answers(right: list[bool]):
    """An evaluation of two labels in turn in which exactly the given samples are right."""
    y = np.arange(len(right)) % 2
    said = np.where(right, y, 1 - y)
    return score(np.where(np.eye(2)[said] > 0, 0.9, 0.1), y)


class TestScore:
    def test_known_probabilities(self):
        got = score(
            np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]]), np.array([0, 2, 1])
        )
        assert (got.n, got.correct) == (3, 2)
        assert got.accuracy == pytest.approx(2 / 3)
        assert got.cross_entropy == pytest.approx(-np.log([0.5, 0.7, 0.3]).mean())
        np.testing.assert_array_equal(got.confusion, [[1, 0, 0], [1, 0, 0], [0, 0, 1]])
        np.testing.assert_array_equal(got.predictions, [0, 2, 0])
        np.testing.assert_allclose(got.confidences, [0.5, 0.7, 0.6], rtol=1e-6)

    def test_certainty_of_the_wrong_label_stays_finite(self):
        assert score(np.array([[1.0, 0.0]]), np.array([1])).cross_entropy == pytest.approx(
            87.337, 1e-4
        )

    def test_measure_is_the_same_in_short(self):
        rng = np.random.default_rng(0)
        probabilities, y = rng.dirichlet(np.ones(5), 40), rng.integers(0, 5, 40)
        whole = score(probabilities, y)
        assert measure(probabilities, y) == pytest.approx((whole.cross_entropy, whole.accuracy))

    def test_no_samples_have_no_accuracy(self):
        got = score(np.zeros((0, 4)), np.zeros(0, np.int64))
        assert np.isnan(got.accuracy)
        assert got.interval == (0.0, 1.0)

    @pytest.mark.parametrize("y", [[0], [0, 2], [-1, 0]])
    def test_labels_that_do_not_fit_are_refused(self, y):
        with pytest.raises(SampleError):
            score(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array(y))

    def test_one_output_is_no_classification(self):
        with pytest.raises(SampleError, match="two or more"):
            score(np.zeros((2, 1)), np.zeros(2, np.int64))

    @pytest.mark.parametrize("answer", [np.nan, np.inf])
    def test_answers_that_are_no_numbers_are_neither_right_nor_wrong(self, answer):
        for right in ([0, 1], np.zeros((2, 2), np.float32)):
            with pytest.raises(NoAnswerError, match="sample 2 of 2 is not a finite number"):
                score(np.array([[0.5, 0.5], [answer, 0.5]]), np.array(right))


def far(distances: list[float]):
    """An evaluation of a model of values: how far each of its answers is from the target, which
    the mean of all targets is no near answer to.
    """
    away = np.array(distances, np.float32)[:, None]
    targets = np.where(np.arange(len(away)) % 2, 4, -4).astype(np.float32)[:, None]
    return score(targets + away, targets)


class TestValues:
    def test_known_errors(self):
        got = score(
            np.array([[1.0, 2.0], [3.0, 4.0]], np.float32),
            np.array([[1.0, 0.0], [0.0, 4.0]], np.float32),
        )
        assert got.mean_squared_error == (4 + 9) / 4
        assert got.mean_absolute_error == (2 + 3) / 4
        assert (got.accuracy, got.correct, got.cross_entropy, got.interval) == (None,) * 4

    def test_error_of_each_sample_is_worked_out_once(self):
        got = score(np.array([[1.0], [5.0]], np.float32), np.array([[3.0], [2.0]], np.float32))
        assert got.squared_errors.tolist() == [4, 9]
        assert got.squared_errors is got.squared_errors

    def test_answers_of_another_size_are_refused(self):
        with pytest.raises(SampleError, match="cannot be compared"):
            score(np.zeros((2, 3), np.float32), np.zeros((2, 2), np.float32))

    def test_closer_answers_are_better(self):
        got = compare(far([3.0] * 10), far([1.0] * 9 + [4.0]))
        assert got.fixed.tolist() == list(range(9))
        assert got.broken.tolist() == [9]
        assert got.gain == pytest.approx(9 - 2.5)
        assert got.p_value == pytest.approx(stats.binomtest(1, 10).pvalue)
        assert got.verdict is Verdict.BETTER
        assert got.sentence == (
            "9 closer to their targets, 1 farther of 10 samples: not chance, p = 0.021. Your model "
            "is better."
        )

    def test_closer_answers_are_not_better_when_the_mean_error_grew(self):
        got = compare(far([0.1] * 21), far([0.05] * 20 + [100.0]))
        assert got.p_value < 0.001
        assert got.verdict is Verdict.UNCLEAR
        assert got.sentence == (
            "20 closer to their targets, 1 farther of 21 samples: not chance, p < 0.001. But the "
            "mean squared error rose from 0.01 to 476.2: there is no telling which model is better."
        )
        assert compare(far([0.05] * 20 + [100.0]), far([0.1] * 21)).verdict is Verdict.UNCLEAR

    def test_mean_gain_has_the_paired_t_interval_and_its_sentence(self):
        base, own = [3.0, 2.0, 4.0, 3.0, 2.5, 3.5, 5.0], [1.0, 1.5, 0.5, 1.0, 2.0, 3.0, 1.0]
        got = compare(far(base), far(own))
        reference = stats.ttest_rel(np.square(base), np.square(own)).confidence_interval()
        assert got.interval == pytest.approx(tuple(reference))
        assert got.gain_sentence == (
            "The mean squared error is 9 smaller, 95 % interval 1.41 to 16.6 smaller "
            "(paired t, n = 7)."
        )
        back = compare(far(own), far(base))
        assert back.interval == pytest.approx((-got.interval[1], -got.interval[0]))
        assert back.gain_sentence.startswith("The mean squared error is 9 larger, 95 % interval")

    def test_mean_gain_that_may_be_chance_has_an_interval_that_holds_none(self):
        """The sign test does not reject it: 5 of 6 are closer."""
        base, own = [3.0, 3.1, 2.9, 3.0, 3.05, 1.0], [1.0, 1.1, 0.9, 1.0, 1.05, 1.1]
        low, _ = stats.ttest_rel(np.square(base), np.square(own)).confidence_interval()
        got = compare(far(base), far(own))
        assert (got.verdict, got.interval[0] <= 0 < low) == (Verdict.UNCLEAR, True)

    def test_most_samples_closer_are_no_smaller_mean_for_sure(self):
        got = compare(far([1.0] * 11 + [10.0]), far([0.9] * 11 + [10.1]))
        assert got.verdict is Verdict.BETTER
        assert got.gain_sentence.endswith(
            "95 % interval 0.397 larger to 0.41 smaller (paired t, n = 12). That holds no "
            "change: rare large errors may outweigh what most samples show."
        )

    def test_few_values_have_no_interval(self):
        got = compare(far([3.0] * 5), far([1.0] * 5))
        assert got.interval is None
        assert got.gain_sentence == (
            "The mean squared error is 8 smaller; 5 samples are too few for an interval."
        )

    def test_no_values_are_too_few(self):
        assert "no test samples" in compare(far([]), far([])).sentence

    def test_rounding_is_no_change(self):
        answers = np.full((8, 1), 3.0, np.float32)
        target = np.ones((8, 1), np.float32)
        base, own = score(answers, target), score(np.nextafter(answers, np.float32(0)), target)
        assert own.mean_squared_error < base.mean_squared_error
        assert compare(base, own).verdict is Verdict.SAME
        assert compare(base, score(answers - np.float32(1e-4), target)).gained

    def test_same_answers_are_the_same(self):
        got = compare(far([1.0, 2.0] * 3), far([1.0, -2.0] * 3))
        assert got.verdict is Verdict.SAME
        assert "equally far" in got.sentence


class TestWilson:
    @pytest.mark.parametrize("n", [1, 7, 50, 1000])
    @pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
    def test_equals_scipy(self, n, level):
        for correct in {0, 1, n // 3, n}:
            expected = stats.binomtest(correct, n).proportion_ci(level, method="wilson")
            assert wilson(correct, n, level) == pytest.approx((expected.low, expected.high))

    def test_known_value(self):
        low, high = wilson(81, 263)
        assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)

    @pytest.mark.parametrize(
        "arguments", [(-1, 5), (6, 5), (1, 5, 0.0), (1, 5, 1.0), (1, 5, "0.9")]
    )
    def test_impossible_counts_are_refused(self, arguments):
        with pytest.raises(SettingsError, match="wilson needs"):
            wilson(*arguments)

    def test_half_a_count_is_refused(self):
        with pytest.raises(SettingsError, match="'correct' counts answers: give a whole number"):
            wilson(1.5, 3)


class TestMcNemar:
    def test_equals_scipys_binomial_test(self):
        for fixed in range(0, 25, 3):
            for broken in range(0, 25, 4):
                n = fixed + broken
                expected = stats.binomtest(fixed, n).pvalue if n else 1.0
                assert mcnemar(fixed, broken) == pytest.approx(expected)

    def test_known_values(self):
        assert mcnemar(5, 0) == 0.0625
        assert mcnemar(10, 1) == pytest.approx(24 / 2048)
        assert mcnemar(0, 0) == 1.0
        assert mcnemar(3000, 2000) < 1e-40

    @pytest.mark.parametrize(
        ("n", "relative"), [(60, 0), (2_000, 0), (2_001, 1e-12), (2_501, 1e-12)]
    )
    def test_equals_exact_fractions(self, n, relative):
        for away in (0, 1, 20, 100, 300):
            few = max(n // 2 - away, 0)
            tail = sum(math.comb(n, k) for k in range(few + 1))
            expected = float(min(Fraction(2 * tail, 2**n), 1))
            assert mcnemar(few, n - few) == pytest.approx(expected, rel=relative, abs=0)

    @pytest.mark.parametrize("n", [50_000, 10**6, 10**8, 10**8 + 2, 10**9])
    def test_many_answers_take_no_time_and_equal_scipys_tail(self, n):
        began = time.perf_counter()
        for deviations in (0.01, 1, 2, 5, 20):
            few = n // 2 - round(deviations * math.sqrt(n) / 2)
            expected = 2 * stats.binom.cdf(few, n, 0.5)
            assert mcnemar(few, n - few) == pytest.approx(expected, rel=1e-9, abs=0)
        assert mcnemar(n, 0) == 0
        assert mcnemar(n, n) == 1
        assert time.perf_counter() - began < 5  # in whole numbers it was days

    @pytest.mark.parametrize("counts", [(-1, 2), (2, -1), (1.5, 2), (None, 2)])
    def test_impossible_counts_are_refused(self, counts):
        with pytest.raises(SettingsError, match="counts answers"):
            mcnemar(*counts)

    @pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
    def test_numpys_counts_give_what_pythons_do(self, kind):
        for fixed, broken in [(70, 0), (63, 0), (100, 100), (3, 9)]:
            counts = kind(fixed), kind(broken)
            assert mcnemar(*counts) == mcnemar(fixed, broken)
            assert wilson(counts[0], kind(200)) == wilson(fixed, 200)
            assert gain_interval(*counts, kind(200)) == gain_interval(fixed, broken, 200)


class TestCompare:
    def test_fixed_and_broken_are_told_by_index(self):
        got = compare(answers([True, False, False, True]), answers([True, True, False, False]))
        np.testing.assert_array_equal(got.fixed, [1])
        np.testing.assert_array_equal(got.broken, [3])
        assert (got.gain, got.verdict) == (0.0, Verdict.UNCLEAR)

    def test_many_fixed_is_better_and_many_broken_is_worse(self):
        bad, good = answers([False] * 8), answers([True] * 8)
        better, worse = compare(bad, good), compare(good, bad)
        assert (better.verdict, worse.verdict) == (Verdict.BETTER, Verdict.WORSE)
        assert (better.gain, worse.gain) == (1.0, -1.0)
        assert better.sentence == (
            "8 fixed, 0 broken of 8 samples: not chance, p = 0.008. Your model is better."
        )
        assert worse.sentence.endswith("p = 0.008. Your model is worse.")

    def test_no_change_and_no_samples_have_their_own_sentences(self):
        one = answers([True, False] * 3)
        assert compare(one, one).verdict is Verdict.SAME
        assert "the same samples right and wrong (n = 6)" in compare(one, one).sentence
        none = answers([True])
        empty = score(np.zeros((0, 2)), np.zeros(0, np.int64))
        assert "no test samples" in compare(empty, empty).sentence
        with pytest.raises(SampleError, match="different samples"):
            compare(one, none)


def changed(fixed: int, broken: int, n: int):
    """A comparison of n samples in which so many answers changed."""
    same = [True] * (n - fixed - broken)
    base = [False] * fixed + [True] * broken + same
    return compare(answers(base), answers([True] * fixed + [False] * broken + same))


class TestSentences:
    @pytest.mark.parametrize(
        ("fixed", "broken", "n", "sentence"),
        [
            (12, 1, 40, "12 fixed, 1 broken of 40 samples: not chance, p = 0.003."),
            (6, 0, 6, "6 fixed, 0 broken of 6 samples: not chance, p = 0.031."),
            (20, 0, 20, "20 fixed, 0 broken of 20 samples: not chance, p < 0.001."),
            (7, 3, 30, "7 fixed, 3 broken of 30 samples: may be chance, p = 0.34."),
            (5, 5, 30, "5 fixed, 5 broken of 30 samples: may be chance, p = 1."),
            (5, 0, 5, "5 fixed, 0 broken: 5 samples are too few to tell."),
            (1, 0, 1, "1 fixed, 0 broken: 1 sample is too few to tell."),
            (0, 0, 5, "No answer changed, and 5 samples are too few to tell."),
            (
                4,
                1,
                30,
                "4 fixed, 1 broken of 30 samples: 5 changed answers are too few to tell, p = 0.38.",
            ),
            (
                1,
                0,
                30,
                "1 fixed, 0 broken of 30 samples: 1 changed answer is too few to tell, p = 1.",
            ),
        ],
    )
    def test_sentence_says_the_counts_and_whether_it_is_chance(self, fixed, broken, n, sentence):
        assert changed(fixed, broken, n).sentence.startswith(sentence)

    @pytest.mark.parametrize(
        ("fixed", "broken", "words"),
        [
            (42, 25, "not chance, p = 0.0498. Your model is better."),
            (47, 29, "may be chance, p = 0.0505."),
        ],
    )
    def test_p_is_read_on_the_side_of_the_level_where_it_is(self, fixed, broken, words):
        assert changed(fixed, broken, 3000).sentence.endswith(words)

    def test_loss_of_a_few_in_very_many_is_not_read_as_none(self):
        got = changed(0, 8, 20_000)
        assert got.verdict is Verdict.WORSE
        assert got.gain_words == "−0.04 points, 95 % interval −0.1 to −0.02"

    def test_means_that_differ_are_read_to_differ(self):
        got = compare(far([1.0] * 20), far([0.99999] * 19 + [1.001]))
        assert "the mean squared error rose from 1 to 1.0001: there" in got.sentence

    def test_fewest_changes_is_where_the_test_can_first_be_significant(self):
        assert mcnemar(FEWEST_CHANGES, 0) < 0.05 < mcnemar(FEWEST_CHANGES - 1, 0)
        for n in range(FEWEST_CHANGES):
            assert min(mcnemar(k, n - k) for k in range(n + 1)) >= 0.05

    def test_verdict_and_words_never_contradict_each_other(self):
        for fixed in range(14):
            for broken in range(14):
                got = changed(fixed, broken, 30)
                assert ("not chance" in got.sentence) is (got.p_value < 0.05)
                assert ("too few" in got.sentence) is (0 < fixed + broken < FEWEST_CHANGES)
