"""What `infer` gives as probabilities, also at a temperature, against scipy's softmax."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from odt_core.dialects.contract import Activation, Contract, OutputKind, Task
from odt_core.errors import SettingsError
from odt_core.runtime.scores import answers, at_temperature, probabilities, right_answers

LOGITS = np.random.default_rng(0).normal(0, 4, (50, 6))
HEAT = 2.5
WANTED = special.softmax(LOGITS / HEAT, axis=1)


def normed(values: np.ndarray) -> np.ndarray:
    return values / values.sum(axis=1, keepdims=True)


class TestAtTemperature:
    def test_logits_are_divided(self):
        got = at_temperature(LOGITS, OutputKind.LOGITS, HEAT)
        np.testing.assert_allclose(special.softmax(got, axis=1), WANTED)

    def test_probabilities_are_those_of_the_divided_logits(self):
        given = special.softmax(LOGITS, axis=1)
        np.testing.assert_allclose(
            normed(at_temperature(given, OutputKind.PROBABILITIES, HEAT)), WANTED
        )

    def test_one_probability_is_that_of_the_divided_logit(self):
        logit = LOGITS[:, :1]
        got = at_temperature(special.expit(logit), OutputKind.PROBABILITIES, HEAT)
        np.testing.assert_allclose(got, special.expit(logit / HEAT))

    def test_certainty_stays_certain(self):
        given = np.array([[0.0, 1.0]])
        got = at_temperature(given, OutputKind.PROBABILITIES, HEAT)
        np.testing.assert_allclose(got, given, atol=1e-9)

    @pytest.mark.parametrize("kind", list(OutputKind))
    def test_one_changes_nothing(self, kind):
        given = special.softmax(LOGITS, axis=1)
        assert at_temperature(given, kind, 1.0) is given

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
    def test_scores_that_are_not_finite_give_nan_without_a_warning(self, number):
        scores = np.full((2, 3), number, np.float32)
        used = np.ones(3, bool)
        assert np.isnan(probabilities(scores, used, OutputKind.LOGITS)).all()
        softmax = of_values(activation=Activation.SOFTMAX)
        assert np.isnan(answers(scores, OutputKind.LOGITS, softmax, None)).all()

    @pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
    def test_what_is_no_temperature_is_refused(self, value):
        with pytest.raises(SettingsError, match="above 0"):
            at_temperature(LOGITS, OutputKind.LOGITS, value)


def of_values(**facts: object) -> Contract:
    return Contract(
        train=(), infer=None, input_shape=(4,), outputs=None, learning_rate=None, state=True,
        task=Task.VALUES, **facts,
    )  # fmt: skip


class TestAnswersOfValues:
    def test_numbers_stay_what_they_are(self):
        got = answers(LOGITS, OutputKind.LOGITS, of_values(target_shape=(6,)), None)
        np.testing.assert_array_equal(got, LOGITS.astype(np.float32))

    def test_logits_become_what_targets_are(self):
        each = LOGITS.reshape(5, 10, 6)
        sigmoid = of_values(activation=Activation.SIGMOID)
        got = answers(each * 100, OutputKind.LOGITS, sigmoid, None)
        np.testing.assert_allclose(got, special.expit(each * 100), rtol=1e-6, atol=1e-12)
        softmax = of_values(activation=Activation.SOFTMAX)
        got = answers(each, OutputKind.LOGITS, softmax, None)
        np.testing.assert_allclose(got, special.softmax(each, axis=-1), rtol=1e-5)

    def test_no_samples_give_no_answers(self):
        softmax = of_values(activation=Activation.SOFTMAX)
        assert answers(np.zeros((0, 4, 3)), OutputKind.LOGITS, softmax, None).shape == (0, 4, 3)

    def test_class_numbers_are_compared_as_rows(self):
        y = np.array([[0, 2], [1, 255]], np.float32)
        got = right_answers(y, y, of_values(scores_each=3))
        np.testing.assert_array_equal(got[0], [[1, 0, 0], [0, 0, 1]])
        np.testing.assert_array_equal(got[1], [[0, 1, 0], [0, 0, 0]])  # 255 is no class
