"""Student's t and means over seeds and test samples, against scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.proportion import proportion_confint

from odt_core.errors import SampleError, SettingsError
from odt_core.evaluation import Proportion, Verdict, compare, mcnemar, score, wilson
from odt_core.evaluation.intervals import wilson_share
from odt_core.evaluation.paired import gain_interval, mean_interval, tango_interval
from odt_core.evaluation.student import student_quantile
from odt_core.studies import Quantity
from odt_core.studies.crossed import can_be_told_apart, estimate, outcomes


class TestStudent:
    @pytest.mark.parametrize("freedom", [1, 1.5, 2, 3.7, 10, 99, 12345, 1e6])
    @pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
    def test_equals_scipy(self, level, freedom):
        expected = stats.t.ppf(0.5 + level / 2, freedom)
        assert student_quantile(level, freedom) == pytest.approx(expected, rel=1e-7)

    def test_published_value(self):
        assert round(student_quantile(0.95, 2), 3) == 4.303  # any table of t

    @pytest.mark.parametrize("arguments", [(0.0, 3), (1.0, 3), (0.95, 0)])
    def test_impossible_arguments_are_refused(self, arguments):
        with pytest.raises(SettingsError, match="student_quantile"):
            student_quantile(*arguments)


class TestAgainstStatsmodels:
    def test_wilson(self):
        for correct, n in [(0, 5), (3, 5), (81, 263), (1000, 1000)]:
            expected = proportion_confint(correct, n, method="wilson")
            assert wilson(correct, n) == pytest.approx(expected, abs=1e-12)
            assert Proportion(correct, n).interval == wilson(correct, n)

    def test_mcnemar(self):
        for fixed, broken in [(12, 1), (0, 6), (5, 0), (7, 7)]:
            table = [[10, broken], [fixed, 3]]
            expected = reference_mcnemar(table, exact=True).pvalue
            assert mcnemar(fixed, broken) == pytest.approx(expected)


class TestMeanInterval:
    def test_equals_scipys_paired_t(self):
        base, own = np.random.default_rng(0).gamma(2.0, size=(2, 30))
        got = mean_interval(base - own, np.ones(30), 0.9)
        assert got == pytest.approx(tuple(stats.ttest_rel(base, own).confidence_interval(0.9)))

    def test_of_weighed_samples_equals_statsmodels_with_each_a_cluster(self):
        rng = np.random.default_rng(1)
        gains, weights = rng.normal(size=30), rng.integers(1, 9, 30).astype(float)
        fitted = WLS(gains, np.ones(30), weights).fit(
            cov_type="cluster", cov_kwds={"groups": np.arange(30)}, use_t=True
        )
        assert mean_interval(gains, weights) == pytest.approx(tuple(fitted.conf_int()[0]))


class TestGainInterval:
    def test_published_examples(self):
        # Fagerland, Lydersen & Laake 2014, Stat. Med. 33:2850, airways before and after a
        # transplantation (1, 1, 7, 12); Tango 1998, lens cleaning (43, 0, 1, 0).
        assert np.round(tango_interval(1, 7, 21), 3).tolist() == [-0.517, -0.026]
        assert np.round(tango_interval(0, 1, 44), 4).tolist() == [-0.1181, 0.0594]

    def test_interval_holds_no_gain_exactly_where_mcnemars_exact_test_does_not_reject_it(self):
        for fixed in range(13):
            for broken in range(13):
                for n in {fixed + broken, fixed + broken + 1, 40, 1_000} - {0}:
                    low, high = gain_interval(fixed, broken, n)
                    assert (low <= 0 <= high) == (mcnemar(fixed, broken) >= 0.05)
                    narrow, wide = tango_interval(fixed, broken, n)
                    assert (low, high) == (min(low, narrow), max(high, wide))

    @pytest.mark.parametrize(
        ("fixed", "broken", "n"), [(5, 1, 60), (3, 0, 20), (2, 9, 30), (0, 0, 9)]
    )
    def test_ends_are_where_the_score_test_of_the_constrained_likelihood_is_at_its_limit(
        self, fixed, broken, n
    ):
        for end in tango_interval(fixed, broken, n):
            # The likeliest shares under that gain, searched for instead of solved for.
            def minus_log(share, gain=end):
                parts = np.array([share + gain, share, 1 - 2 * share - gain])
                counts = np.array([fixed, broken, n - fixed - broken])
                return -float((counts * np.log(np.maximum(parts, 1e-300))).sum())

            low, high = max(0.0, -end), (1 - end) / 2
            found = optimize.minimize_scalar(
                minus_log, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
            )
            variance = n * (2 * found.x + end - end**2)
            z = abs(fixed - broken - n * end) / np.sqrt(variance)
            assert z == pytest.approx(stats.norm.ppf(0.975), abs=2e-4)

    def test_level_of_the_test_at_0_is_mcnemars_without_correction(self):
        chi = reference_mcnemar([[10, 3], [11, 4]], exact=False, correction=False)
        level = 1 - chi.pvalue
        assert tango_interval(11, 3, 28, level)[0] == pytest.approx(0, abs=1e-6)

    def test_interval_when_the_sides_change_is_mirrored(self):
        low, high = gain_interval(7, 2, 40)
        assert gain_interval(2, 7, 40) == pytest.approx((-high, -low))

    def test_no_samples_say_nothing_and_impossible_counts_are_refused(self):
        assert gain_interval(0, 0, 0) == (-1, 1)
        assert gain_interval(20, 0, 20)[1] == 1
        for wrong in [(3, 3, 5), (-1, 0, 5), (1, 0, 5, "0.9")]:
            with pytest.raises(SettingsError, match="interval of a gain"):
                gain_interval(*wrong)


class TestEstimate:
    def test_one_seed_has_wilsons_interval_of_its_right_answers(self):
        matrix = np.array([[1, 1, 1, 0, 1, 1, 1, 1, 0, 1]])
        got = estimate(matrix, Quantity.ACCURACY)
        assert (got.mean, got.n, got.per_seed) == (0.8, 10, (0.8,))
        assert got.interval == pytest.approx(wilson(8, 10))

    def test_seeds_that_agree_do_not_count_as_more_samples(self):
        row = np.r_[np.ones(80), np.zeros(20)]
        three = estimate(np.stack([row] * 3), Quantity.ACCURACY)
        pretended = wilson(240, 300)
        honest = estimate(row[None], Quantity.ACCURACY)
        assert three.interval == pytest.approx(honest.interval)
        assert three.interval[1] - three.interval[0] > 1.6 * (pretended[1] - pretended[0])

    def test_seeds_that_differ_widen_the_interval(self):
        rng = np.random.default_rng(0)
        apart = np.stack([rng.random(200) < share for share in (0.5, 0.7, 0.9)])
        alike = np.stack([rng.random(200) < 0.7 for _ in range(3)])
        wide, narrow = (estimate(m, Quantity.ACCURACY).interval for m in (apart, alike))
        assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])

    def test_all_right_is_not_certainty(self):
        assert estimate(np.ones((3, 10)), Quantity.ACCURACY).interval == wilson(10, 10)

    def test_errors_of_one_seed_have_students_interval_upwards_in_logarithms(self):
        errors = np.random.default_rng(1).gamma(2.0, size=30)
        got = estimate(errors[None], Quantity.ERROR)
        low, high = stats.t.interval(0.95, 29, errors.mean(), stats.sem(errors))
        upper = errors.mean() * np.exp((high - errors.mean()) / errors.mean())
        assert got.interval == pytest.approx((low, upper))
        assert upper > high

    def test_interval_of_errors_that_are_all_the_same_is_that_error(self):
        assert estimate(np.zeros((1, 4)), Quantity.ERROR).interval == (0.0, 0.0)

    @pytest.mark.parametrize("share", [0.7, 0.95])
    def test_interval_holds_the_truth_as_often_as_it_says(self, share):
        """200 made-up studies: seeds of different quality on the same test samples."""
        rng, held = np.random.default_rng(3), 0
        ease = np.quantile(stats.logistic.rvs(size=20_000, random_state=4), np.linspace(0, 1, 2001))
        shift = stats.logistic.ppf(share)
        truth = np.mean(stats.logistic.cdf(shift + ease[None] + 0.3 * rng.normal(size=(400, 1))))
        for _ in range(200):
            samples = rng.choice(ease, 60)
            chance = stats.logistic.cdf(shift + samples + 0.3 * rng.normal(size=(3, 1)))
            low, high = estimate(rng.random(chance.shape) < chance, Quantity.ACCURACY).interval
            held += low <= truth <= high
        assert held >= 186  # of 200; 190 would be exactly 95 %

    def test_no_test_samples_are_refused(self):
        with pytest.raises(SampleError, match="no test samples"):
            estimate(np.zeros((3, 0)), Quantity.ACCURACY)

    def test_told_apart_equals_mcnemars_exact_test_for_one_seed(self):
        for fixed in range(9):
            for broken in range(9):
                first = np.r_[np.zeros(fixed), np.ones(broken), np.ones(20)][None]
                second = np.r_[np.ones(fixed), np.zeros(broken), np.ones(20)][None]
                expected = mcnemar(fixed, broken) < 0.05
                assert can_be_told_apart(first, second, Quantity.ACCURACY) is expected

    def test_seeds_are_not_more_samples(self):
        """Three wrong answers of three models each are three, not nine."""
        for n, told in ((1, False), (3, False), (6, True)):
            assert can_be_told_apart(np.ones((1, n)), np.zeros((3, n)), Quantity.ACCURACY) is told

    def test_errors_are_not_told_apart_when_signs_and_mean_disagree(self):
        first, second = np.full((1, 21), 0.01), np.r_[np.full(20, 0.005), 1e4][None]
        assert not can_be_told_apart(first, second, Quantity.ERROR)

    def test_seeds_that_disagree_are_not_told_apart(self):
        low, high = np.zeros((1, 40)), np.full((1, 40), 0.9)
        assert can_be_told_apart(low, np.repeat(high, 3, axis=0), Quantity.ACCURACY)
        assert not can_be_told_apart(low, high * np.array([[0.1], [0.0], [1.0]]), Quantity.ACCURACY)

    def test_most_seeds_by_themselves_tell_two_trainings_apart(self):
        base = np.zeros((1, 40))
        eight, four = np.arange(40) < 8, np.arange(40) < 4  # p = 0.008 and 0.125
        assert can_be_told_apart(base, np.array([eight, eight, four]), Quantity.ACCURACY)
        assert not can_be_told_apart(base, np.array([eight, four, four]), Quantity.ACCURACY)

    def test_models_that_err_at_different_samples_are_told_apart_as_each_of_them_is(self):
        """Each of three gets the 20 right that the base model gets wrong, and 5 of its own wrong:
        20 fixed, 5 broken. Of the means over the three 20 rise and 15 fall.
        """
        base, own = np.ones((1, 100)), np.ones((3, 100))
        base[0, :20] = 0
        for seed in range(3):
            own[seed, 20 + 5 * seed : 25 + 5 * seed] = 0
        assert can_be_told_apart(base, own, Quantity.ACCURACY)

    def test_rare_large_errors_hide_no_gain_that_the_result_tells(self):
        """All 12 answers came closer, by 1 to 2,048."""
        targets = np.tile([[-4], [4]], (6, 1)).astype(np.float32)
        base, own = (
            score(targets + far[:, None], targets)
            for far in (2.0 ** np.arange(12), np.full(12, 0.5))
        )
        assert compare(base, own).verdict is Verdict.BETTER
        before, after = (np.atleast_2d(outcomes(one)) for one in (base, own))
        assert can_be_told_apart(before, np.repeat(after, 3, axis=0), Quantity.ERROR)

    def test_errors_that_are_many_times_smaller_for_each_seed_are_told_apart(self):
        """Few samples teach by luck: 261, 84 and 130 to 1 lie far apart, but all go one way."""
        before, each = np.array([[261.0], [84.0], [130.0]]), np.ones((1, 12))
        assert can_be_told_apart(before * each, np.ones((3, 12)), Quantity.ERROR)
        assert can_be_told_apart(before * each, np.zeros((3, 12)), Quantity.ERROR)
        lucky = np.array([[0.9], [0.1], [0.8]])
        assert not can_be_told_apart(each, lucky * each, Quantity.ERROR)

    @pytest.mark.parametrize("seeds", [2, 3, 5])
    @pytest.mark.parametrize("ratio", [0.3, 1, 10])
    def test_few_seeds_do_not_make_the_interval_narrow(self, seeds, ratio):
        """ratio: of the variance that is due to seeds to that due to samples."""
        rng, n = np.random.default_rng(seeds), 40
        held = 0
        for _ in range(400):
            matrix = 9 + rng.normal(size=(1, n))
            matrix = matrix + rng.normal(size=(seeds, 1)) * np.sqrt(ratio * seeds / n)
            low, high = estimate(matrix, Quantity.ERROR).interval
            held += low <= 9 <= high
        assert held >= 371  # 380 would be exactly 95 %, 4 is one standard deviation

    def test_as_many_samples_as_the_sign_test_needs_are_told_apart(self):
        for n, told in ((2, False), (5, False), (6, True)):
            assert can_be_told_apart(np.zeros((1, n)), np.ones((1, n)), Quantity.ACCURACY) is told

    def test_same_answers_cannot_be_told_apart(self):
        row = np.array([[1.0, 0.0, 1.0]])
        assert not can_be_told_apart(row, row, Quantity.ACCURACY)


def test_wilson_share_takes_any_number():
    assert wilson_share(0.3, 12.5) == pytest.approx(
        tuple(np.mean([wilson_share(0.3, 12), wilson_share(0.3, 13)], axis=0)), abs=2e-3
    )
