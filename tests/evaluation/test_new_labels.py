"""Labels that the base model never learnt are told apart from what it could do before."""

from __future__ import annotations

import numpy as np

from odt_core.evaluation import claims, score
from odt_core.evaluation.leaks import Leakage
from odt_core.evaluation.never_learnt import new_labels

KNOWN = np.array([True, True, True, False])
NAMES = ("0", "1", "2", "cross")
Y = np.array([0] * 4 + [1] * 4 + [3] * 6)


def answering(answers: np.ndarray):
    return score(np.eye(4, dtype=np.float32)[answers] * 0.97 + 0.01, Y)


def test_gain_on_a_new_label_is_not_one_on_the_others():
    base = answering(np.where(Y == 3, 1, Y))
    own = answering(Y)
    found = new_labels(base, own, KNOWN, NAMES)
    assert (found.outputs, found.n) == ((3,), 6)
    assert (found.base.n, found.base.correct, found.own.correct) == (8, 8, 8)
    assert (found.comparison.gain, len(found.comparison.fixed)) == (0, 0)
    assert found.in_short == "On the labels that the base model knows: 8 → 8 of 8 right."
    assert found.sentence == (
        "6 of the 14 samples are of “cross”, which the base model never learnt: it is right about "
        "none of them. On the other 8: 100.0 % → 100.0 %. Both models get the same samples right "
        "and wrong (n = 8)."
    )


def test_new_labels_are_counted_as_one_says_it():
    def said(truth: list[int], answers: list[int]) -> str:
        one = score(np.eye(4, dtype=np.float32)[answers], np.array(truth))
        return new_labels(one, one, KNOWN, NAMES).sentence.partition(".")[0]

    of_cross = "of “cross”, which the base model never learnt: it is"
    assert said([3], [1]) == f"The only sample is {of_cross} wrong about it"
    assert said([3, 3], [1, 3]) == f"All 2 samples are {of_cross} right about 1 of them"
    assert said([0, 3], [0, 3]) == f"1 of the 2 samples is {of_cross} right about it"


def test_others_count_as_they_are():
    wrong = np.where(Y == 3, 1, Y)
    wrong[:2] = 2
    found = new_labels(answering(wrong), answering(Y), KNOWN, NAMES)
    assert found.base.accuracy == 0.75
    assert found.comparison.fixed.tolist() == [0, 1]
    assert "75.0 % → 100.0 %" in found.sentence


def test_nothing_is_said_where_the_base_knows_all():
    both = answering(Y), answering(Y)
    assert new_labels(*both, np.ones(4, bool), NAMES) is None


def test_gain_over_an_untrained_head_is_said_to_be_one():
    found = new_labels(answering(np.zeros_like(Y)), answering(Y), np.zeros(4, bool), NAMES)
    assert (found.outputs, found.n, found.base.n) == ((0, 1, 3), 14, 0)
    assert found.sentence == (
        "The base model never learnt a label: by chance alone it is right about 4 of 14, and a "
        "gain over it shows no more than that something was learnt."
    )
    assert found.in_short == "The base model never learnt these labels."


def test_new_labels_alone_are_compared_with_nothing():
    y = np.array([3, 3])
    one = score(np.eye(4, dtype=np.float32)[[1, 3]], y)
    found = new_labels(one, one, KNOWN, NAMES)
    assert found.sentence.endswith("never learnt: it is right about 1 of them.")
    assert found.in_short == "The base model never learnt “cross”."


def test_new_labels_beside_one_that_it_knows_are_named_where_that_one_was_trained_on():
    """Else "these labels" would be those of all samples."""
    base, own = answering(np.where(Y == 3, 1, Y)), answering(Y)
    leak = Leakage(len(Y), np.zeros(0, np.int64), np.flatnonzero(Y != 3))
    said = claims(base, own, KNOWN, NAMES, leak)
    assert said.new.in_short == "The base model never learnt “cross”."
