"""What `infer` gives as probabilities, also at a temperature, against scipy's softmax."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from odt_core.runtime.contract import OutputKind
from odt_core.runtime.scores import at_temperature

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

    @pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
    def test_what_is_no_temperature_is_refused(self, value):
        with pytest.raises(ValueError, match="above 0"):
            at_temperature(LOGITS, OutputKind.LOGITS, value)
