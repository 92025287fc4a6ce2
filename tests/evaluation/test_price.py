"""What is said of a loss on the base test set, and when nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.evaluation import Evaluation, price_in_words, score


def right(correct: int, n: int = 100) -> Evaluation:
    """The first `correct` of n answers are right."""
    wrong = (np.arange(n) >= correct).astype(np.int64)
    return score(np.eye(2)[wrong], np.zeros(n, np.int64))


def near(error: float) -> Evaluation:
    """Of ten values, each so far from its target."""
    return score(np.full((10, 1), error, np.float32), np.zeros((10, 1), np.float32))


def test_loss_that_is_more_than_chance_is_a_price():
    assert price_in_words(right(99), right(93)) == (
        "Price: base test set 99.0 % → 93.0 %, not chance."
    )


@pytest.mark.parametrize("after", [99, 94, 100])
def test_no_loss_and_one_that_may_be_chance_are_none(after):
    assert price_in_words(right(99), right(after)) == ""


def test_loss_of_a_model_of_values_is_told_by_its_error():
    assert price_in_words(near(0.5), near(1.0)) == (
        "Price: base test set squared error 0.25 → 1, not chance."
    )
