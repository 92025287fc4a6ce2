"""Test samples that were trained on are told, and what the others say is told apart."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.evaluation import Verdict, claims, leakage, score
from odt_core.evaluation.evaluation import part_of
from odt_core.evaluation.leaks import joined, trained_earlier, trained_on_all
from odt_core.samples import Labels, Preprocessing, Samples
from tests.evaluation.evaluation_material import digits, person

NUMBERS = Preprocessing("none", (3,))
NAMES = ("a", "b")


def rows(n: int, seed: int = 0) -> Samples:
    x = np.random.default_rng(seed).random((n, 3), dtype=np.float32)
    return Samples(x, np.arange(n) % 2, Labels(NAMES))


def answering(right: list[bool]):
    y = np.arange(len(right)) % 2
    said = np.where(right, y, 1 - y)
    return score(np.eye(2, dtype=np.float32)[said], y)


class TestLeakage:
    def test_nothing_is_told_when_no_sample_is_shared(self):
        assert leakage(rows(9), rows(9, seed=1), NUMBERS) is None

    def test_rows_of_the_same_numbers_are_told_by_index(self):
        test = rows(5, seed=1)
        found = leakage(rows(9), Samples(np.r_[test.x, rows(9).x[3:5]], np.zeros(7, int),
                                         test.labels), NUMBERS)  # fmt: skip
        assert (found.seen.tolist(), found.n) == ([5, 6], 7)
        assert found.sentence == (
            "2 of the 7 test samples have the same numbers, up to rounding, as a training sample: "
            "they say nothing of new ones."
        )

    @pytest.mark.parametrize(
        ("n", "said"),
        [
            (1, "The only test sample has the same numbers, up to rounding, as a training sample"),
            (3, "All 3 test samples have the same numbers, up to rounding, as a training sample"),
        ],
    )
    def test_all_of_them_are_told_in_plain_words(self, n, said):
        assert leakage(rows(9), rows(n), NUMBERS).sentence.startswith(said)

    def test_rows_that_were_rounded_are_the_same(self):
        train = rows(9)
        rounded = Samples(np.round(train.x[:4], 4), np.zeros(4, int), train.labels)
        assert leakage(train, rounded, NUMBERS).seen.tolist() == [0, 1, 2, 3]

    def test_picture_that_was_made_brighter_is_the_same(self):
        model = digits()
        train, test = person(model, "Writer 1")
        assert leakage(train, test, model.preprocessing) is None
        again = Samples(np.r_[test.x, 0.8 * train.x[:1]], np.r_[test.y, train.y[:1]], test.labels)
        found = leakage(train, again, model.preprocessing)
        assert found.seen.tolist() == [len(test)]
        assert "1 of the " in found.sentence
        assert "looks the same as a training sample: it says nothing of new ones" in found.sentence

    def test_features_are_not_compared_with_inputs(self):
        other = Samples(np.zeros((2, 4), np.float32), np.zeros(2, int), Labels(NAMES))
        assert leakage(rows(2), other, NUMBERS) is None


class TestTrainedEarlier:
    def test_samples_that_were_trained_on_before_are_told_by_index(self):
        assert trained_earlier([], 5) is None
        found = trained_earlier([3, 1], 5)
        assert (found.seen.tolist(), found.n) == ([1, 3], 5)
        assert found.sentence == (
            "2 of the 5 test samples were trained on earlier, or samples nearly the same were: "
            "they say nothing of new ones."
        )

    @pytest.mark.parametrize(
        ("n", "said"),
        [
            (1, "The only test sample was trained on: it says nothing of new ones."),
            (3, "All 3 test samples were trained on: they say nothing of new ones."),
        ],
    )
    def test_all_that_were_trained_on_are_told(self, n, said):
        found = trained_on_all(n)
        assert (found.seen.tolist(), found.n, found.sentence) == (list(range(n)), n, said)

    def test_both_kinds_are_told_together_and_none_twice(self):
        earlier, now = trained_earlier([4], 5), leakage(rows(2), rows(5), NUMBERS)
        both = joined(earlier, now)
        assert both.seen.tolist() == [0, 1, 4]
        assert both.sentence == f"{earlier.sentence} {now.sentence}"
        assert joined(both, now).sentence == both.sentence
        assert joined(None, now) is joined(now, None) is now

    def test_what_of_it_the_samples_at_hand_do_not_show_stays_known(self):
        both = joined(trained_earlier([4], 5), leakage(rows(2), rows(5), NUMBERS))
        assert (both.earlier.tolist(), both.alike.tolist()) == ([4], [0, 1])


class TestClaims:
    def test_new_labels_when_the_weights_were_chosen_are_no_claim_either(self):
        base, own = answering([False] * 16), answering([True] * 16)
        got = claims(base, own, np.array([True, False]), NAMES, chosen=True)
        assert got.new is not None
        assert not any("is better" in sentence for sentence in got.sentences)

    def test_gain_on_samples_that_were_trained_on_is_not_called_better(self):
        base, own = answering([False] * 8), answering([True] * 8)
        assert claims(base, own, np.ones(2, bool), NAMES).sentences == (
            "8 fixed, 0 broken of 8 samples: not chance, p = 0.008. Your model is better.",
        )
        got = claims(base, own, np.ones(2, bool), NAMES, leakage(rows(8), rows(8), NUMBERS))
        assert got.sentences == (
            "8 fixed, 0 broken of 8 samples: not chance, p = 0.008.",
            "All 8 test samples have the same numbers, up to rounding, as a training sample: they "
            "say nothing of new ones.",
        )

    def test_others_are_judged_by_themselves(self):
        base, own = answering([False] * 14), answering([True] * 14)
        got = claims(base, own, np.ones(2, bool), NAMES, leakage(rows(8), rows(14), NUMBERS))
        assert (got.others.n, got.others.verdict) == (6, Verdict.BETTER)
        assert got.leak_sentence.endswith(
            "On the other 6: 6 fixed, 0 broken of 6 samples: not chance, p = 0.031. Your model "
            "is better."
        )


class TestPart:
    def test_values_of_some_samples_have_their_own_errors(self):
        whole = score(np.array([[1.0], [2.0], [5.0]]), np.zeros((3, 1), np.float32))
        got = part_of(whole, np.array([True, True, False]))
        assert (got.n, got.mean_squared_error, got.mean_absolute_error) == (2, 2.5, 1.5)
