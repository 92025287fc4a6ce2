"""Reliability, temperature, unknown input and AUROC, against scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import optimize, special, stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss, roc_auc_score

from odt_core.dialects.contract import OutputKind
from odt_core.errors import SampleError, SettingsError
from odt_core.evaluation import (
    Strangeness,
    auroc,
    fit_temperature,
    fit_unknown,
    reliability_of,
    score,
    strangeness,
)
from odt_core.evaluation.logits import as_logits
from odt_core.evaluation.reliability_diagram import reliability
from odt_core.evaluation.temperature import _sentence
from odt_core.runtime.scores import at_temperature, probabilities, two_labels
from tests.evaluation.evaluation_material import CARD, digits


def some_logits(n: int = 300, outputs: int = 4, sharp: float = 3.0, seed: int = 0):
    """Logits whose labels were drawn from softmax(logits / sharp): their temperature is `sharp`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, sharp, (n, outputs))
    chances = special.softmax(logits / sharp, axis=1)
    return logits, np.array([rng.choice(outputs, p=row) for row in chances])


class TestReliability:
    def test_worked_by_hand(self):
        got = reliability(np.array([0.95, 0.85, 0.85, 0.45]), np.array([1, 1, 0, 0]), bins=2)
        low, high = got.bins
        assert (low.low, low.high, low.n, low.confidence, low.accuracy) == (0.0, 0.5, 1, 0.45, 0.0)
        assert (high.n, high.accuracy) == (3, pytest.approx(2 / 3))
        assert high.confidence == pytest.approx(2.65 / 3)
        assert got.ece == pytest.approx(0.25 * 0.45 + 0.75 * (2.65 - 2) / 3)
        assert got.n == 4

    def test_bins_equal_scikit_learns(self):
        rng = np.random.default_rng(1)
        confidences = rng.uniform(0, 1, 500)
        correct = rng.uniform(0, 1, 500) < confidences**2
        got = [b for b in reliability(confidences, correct, 10).bins if b.n]
        accuracy, confidence = calibration_curve(correct, confidences, n_bins=10)
        np.testing.assert_allclose([b.accuracy for b in got], accuracy)
        np.testing.assert_allclose([b.confidence for b in got], confidence)

    def test_edges_belong_to_the_lower_bin_and_zero_to_the_first(self):
        got = reliability(np.array([0.0, 0.5, 1.0]), np.array([True, True, True]), bins=2)
        assert [b.n for b in got.bins] == [2, 1]

    def test_error_that_chance_explains_is_not_called_dishonest(self):
        rng = np.random.default_rng(3)
        called = 0
        for _ in range(200):
            confidences = rng.uniform(0.5, 1, 60)
            called += reliability(confidences, rng.uniform(size=60) < confidences).dishonest
        assert 1 <= called <= 22  # 5 % of honest models, binomial 0.1 % to 99.9 %
        sure = np.full(60, 0.99)
        assert reliability(sure, np.arange(60) % 2 == 0).dishonest

    def test_chance_error_of_one_confidence_is_the_binomial_quantile(self):
        got = reliability(np.full(50, 0.8), np.ones(50, bool))
        away = np.abs(np.arange(51) / 50 - 0.8)
        chances = stats.binom.pmf(np.arange(51), 50, 0.8)
        order = np.argsort(away)
        exact = away[order][np.searchsorted(np.cumsum(chances[order]), 0.95)]
        assert got.by_chance == pytest.approx(exact, abs=0.021)  # one answer more or less of 50

    def test_right_and_all_but_certain_is_honest_whatever_is_rounded(self):
        for seed in range(100):
            sure = 1 - 10 ** np.random.default_rng(seed).uniform(-7, -4, 40)
            assert not reliability(sure.astype(np.float32), np.ones(40, bool)).dishonest

    def test_nothing_has_no_error(self):
        got = reliability(np.zeros(0), np.zeros(0, bool))
        assert np.isnan(got.ece)
        assert np.isnan(got.by_chance)
        assert not got.dishonest
        assert got.bins[0].interval == (0.0, 1.0)

    def test_what_is_no_confidence_is_refused(self):
        with pytest.raises(SampleError, match="between 0 and 1"):
            reliability(np.array([1.5]), np.array([True]))
        with pytest.raises(SampleError, match="one of each"):
            reliability(np.array([0.5]), np.array([True, False]))
        with pytest.raises(SampleError, match="no confidence"):
            reliability_of(score(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32)))


class TestTemperature:
    def test_value_equals_scipys_minimum(self):
        logits, y = some_logits()
        best = optimize.minimize_scalar(
            lambda t: log_loss(y, special.softmax(logits / t, axis=1), labels=range(4)),
            bounds=(0.05, 20),
            method="bounded",
            options={"xatol": 1e-9},
        )
        got = fit_temperature(logits, y)
        assert got.value == pytest.approx(best.x, rel=1e-6)
        assert got.value == pytest.approx(3, rel=0.2)  # what the labels were drawn with

    def test_honest_confidences_after_dishonest_ones(self):
        got = fit_temperature(*some_logits())
        assert got.held_out
        assert (got.after.nll, got.after.ece) < (got.before.nll, got.before.ece)
        assert got.sentence.startswith("The model is too sure of itself (temperature ")

    @pytest.mark.parametrize("n", [1, 3, 9])
    def test_few_samples_say_nothing_of_honesty(self, n):
        got = fit_temperature(*some_logits(n, sharp=1.0))
        few = "too few to tell how honest"
        assert (few in got.sentence) != got.at_limit
        assert "as honest as" not in got.sentence

    def test_honest_models_are_seldom_called_too_sure_or_not_sure_enough(self):
        called = 0
        for seed in range(200):
            said = fit_temperature(*some_logits(40, sharp=1.0, seed=seed)).sentence
            called += "sure" in said
            assert "of itself" not in said or "n = 40" in said
        assert 1 <= called <= 22  # 5 % of honest models, binomial 0.1 % to 99.9 %

    def test_dishonest_confidences_are_never_called_honest_whatever_the_temperature(self):
        """Half the answers say 95 % and 90 % are right, half say 60 % and 95 % are."""
        sure = np.r_[np.full(200, 0.95), np.full(200, 0.6)]
        right = np.r_[np.arange(200) < 180, np.arange(200) < 190]
        got = fit_temperature(np.c_[np.zeros(400), special.logit(sure)], right.astype(int))
        assert reliability(sure, right).dishonest
        assert got.before.dishonest
        assert 0.9 < got.value < 1.1
        assert got.sentence.startswith(
            "The confidences are not honest, but no temperature is sure to mend that"
        )

    def test_temperature_that_does_others_no_good_is_not_promised(self):
        said = _sentence(1.4, 40, off=True, helps=False)
        assert said.startswith("No temperature is sure to help: 1.40 fits these 40 samples best")

    def test_before_equals_scikit_learns_log_loss(self):
        logits, y = some_logits()
        expected = log_loss(y, special.softmax(logits, axis=1), labels=range(4))
        assert fit_temperature(logits, y).before.nll == pytest.approx(expected)

    def test_no_answer_changes(self):
        logits, y = some_logits()
        got = fit_temperature(logits, y).apply(logits)
        np.testing.assert_array_equal(got.argmax(axis=1), logits.argmax(axis=1))
        np.testing.assert_allclose(got.sum(axis=1), 1)

    def test_probabilities_give_the_temperature_of_their_logits(self):
        logits, y = some_logits(sharp=1.5)
        got = fit_temperature(special.softmax(logits, axis=1), y, OutputKind.PROBABILITIES)
        assert got.value == pytest.approx(fit_temperature(logits, y).value, rel=1e-4)

    def test_unused_outputs_play_no_part(self):
        logits, y = some_logits()
        wide = np.insert(logits, 1, 50.0, axis=1)  # an output without a label
        used = np.array([True, False, True, True, True])
        got = fit_temperature(wide, np.where(y > 0, y + 1, 0), used=used)
        assert got.value == pytest.approx(fit_temperature(logits, y).value)

    def test_one_logit_is_two_labels(self):
        logits, y = some_logits(outputs=2)
        single = (logits[:, 1] - logits[:, 0])[:, None]
        assert fit_temperature(single, y).value == pytest.approx(fit_temperature(logits, y).value)

    @pytest.mark.parametrize(
        ("said", "scores"), [(probabilities, [[40, 0], [0, 40]]), (two_labels, [[-40], [40]])]
    )
    def test_cross_entropy_of_sure_and_wrong_answers_is_that_of_all_other_figures(
        self, said, scores
    ):
        """The first is wrong, and p e^-40: 0 beside 1 in float32, and less than 1e-7."""
        values, y = np.array(scores, np.float32), np.array([1, 1])
        used = [np.ones(2, bool)] * (said is probabilities)
        found = score(said(values, *used, OutputKind.LOGITS), y)
        assert found.cross_entropy == pytest.approx(20.0)
        assert fit_temperature(values, y).before.nll == pytest.approx(20.0)

    @pytest.mark.parametrize(("right", "value"), [(True, 0.05), (False, 20.0)])
    def test_samples_that_fix_no_temperature_say_so(self, right, value):
        logits = np.eye(3)[np.arange(12) % 3] * 5
        y = (np.arange(12) + (not right)) % 3
        got = fit_temperature(logits, y)
        assert (got.value, got.at_limit) == (value, True)
        assert (got.after, got.held_out) == (None, False)  # nothing to be promised of it

    @pytest.mark.parametrize("noise", [0.0, 1e-7])  # of the scores' size, float32
    @pytest.mark.parametrize("n", [1, 20])
    def test_equal_scores_fix_no_temperature_and_keep_1(self, n, noise):
        scores = 3.0 + 3 * noise * np.random.default_rng(0).normal(size=(n, 3))
        got = fit_temperature(scores.astype(np.float32), np.arange(n) % 3)
        assert (got.value, got.at_limit) == (1.0, True)
        assert got.sentence.endswith("all labels have the same score.")

    @pytest.mark.parametrize(("scale", "side"), [(0.001, "below 0.05"), (1000, "above 20")])
    def test_scores_beyond_the_limits_are_not_called_right_or_guessed(self, scale, side):
        rng = np.random.default_rng(2)
        y = np.arange(60) % 3
        logits = 2.0 * np.eye(3)[y] + rng.normal(size=(60, 3))
        got = fit_temperature(scale * logits, y)
        assert got.at_limit
        assert f"best lies {side}" in got.sentence

    def test_probabilities_at_a_temperature_are_those_that_are_judged(self):
        p = np.array([[1, 0, 0], [0.97, 0.03, 0], [0.5, 0.25, 0.25]])
        kind, used = OutputKind.PROBABILITIES, np.ones(3, bool)
        shown = probabilities(at_temperature(p, kind, 4.0), used, kind)
        judged = special.softmax(as_logits(p, kind) / 4.0, axis=1)
        np.testing.assert_allclose(shown, judged, rtol=1e-6)

    def test_few_samples_are_not_held_out_and_none_change_nothing(self):
        logits, y = some_logits(9)
        assert not fit_temperature(logits, y).held_out
        nothing = fit_temperature(logits[:0], y[:0])
        assert (nothing.value, nothing.n) == (1.0, 0)

    def test_what_does_not_fit_is_refused(self):
        logits, y = some_logits(9)
        for bad in (y + 4, y[:3], y - 5):
            with pytest.raises(SampleError):
                fit_temperature(logits, bad)
        with pytest.raises(SampleError, match="not a finite number"):
            fit_temperature(np.full((1, 3), np.nan), np.array([0]))


class TestAuroc:
    def test_equals_scikit_learn_with_ties(self):
        rng = np.random.default_rng(2)
        for _ in range(20):
            inside, outside = rng.integers(0, 8, 37), rng.integers(2, 10, 23)
            truth = np.r_[np.zeros(37), np.ones(23)]
            expected = roc_auc_score(truth, np.r_[inside, outside])
            assert auroc(inside, outside) == pytest.approx(expected, abs=1e-14)

    def test_known_values(self):
        assert auroc([1, 2], [3, 4]) == 1.0
        assert auroc([3, 4], [1, 2]) == 0.0
        assert auroc([1, 1], [1, 1]) == 0.5
        assert np.isnan(auroc([], [1]))
        with pytest.raises(SampleError, match="nan"):
            auroc([np.nan], [1])


class TestUnknown:
    LOGITS = np.array([[5.0, 1.0, 0.0], [2.0, 2.0, 1.0]])

    def test_scores_equal_their_definitions(self):
        p = special.softmax(self.LOGITS, axis=1)
        for method, expected in {
            Strangeness.PROBABILITY: 1 - p.max(axis=1),
            Strangeness.LOGIT: [-5, -2],
            Strangeness.ENERGY: -special.logsumexp(self.LOGITS, axis=1),
            Strangeness.MARGIN: [-4, 0],
        }.items():
            np.testing.assert_allclose(strangeness(self.LOGITS, method), expected, atol=1e-12)

    @pytest.mark.parametrize("method", list(Strangeness))
    @pytest.mark.parametrize(("n", "kept", "unsure"), [(20, 0.95, 1), (7, 0.95, 0), (10, 0.5, 5)])
    def test_threshold_keeps_the_share_that_was_asked_for(self, method, n, kept, unsure):
        logits, _ = some_logits(n)
        got = fit_unknown(logits, kept, method=method)
        assert int(got.is_unknown(logits).sum()) == unsure
        assert got.n == n
        assert got.count == n - unsure

    def test_samples_that_tie_with_the_threshold_are_counted(self):
        assert fit_unknown(np.tile([4.0, 1.0], (40, 1))).count == 40

    def test_flat_answers_are_unknown_to_a_model_that_is_sure(self):
        known = np.eye(4)[np.arange(40) % 4] * 9
        got = fit_unknown(known)
        assert got.is_unknown(np.zeros((3, 4))).all()
        assert not got.is_unknown(known).any()

    def test_scribbles_are_not_sure_to_the_bundled_model_and_digits_keep_their_answers(self):
        model, rng = digits(), np.random.default_rng(0)
        session, used = model.session(), model.labels.used
        known = CARD.load_base_test()
        half = np.arange(len(known)) % 2 == 0
        unknown = fit_unknown(session.infer(known.x[half]), used=used)
        scribbles = []
        for _ in range(40):
            sheet = Image.new("L", (224, 224), 255)
            points = [(x, y) for x, y in rng.uniform(30, 194, (rng.integers(8, 30), 2))]
            ImageDraw.Draw(sheet).line(points, fill=0, width=7, joint="curve")
            scribbles.append(model.preprocessing.apply(np.asarray(sheet)))
        strange = session.infer(np.stack(scribbles))
        others = session.infer(known.x[~half])
        assert unknown.is_unknown(strange).mean() >= 0.8
        assert unknown.is_unknown(others).mean() <= 0.08
        assert auroc(unknown.score(others), unknown.score(strange)) >= 0.95

    def test_no_known_samples_are_refused(self):
        with pytest.raises(SampleError, match="Without known samples"):
            fit_unknown(np.zeros((0, 3)))
        with pytest.raises(SettingsError, match="kept"):
            fit_unknown(self.LOGITS, 0)
