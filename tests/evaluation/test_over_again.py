"""Test samples that are others over again count as one of them, wherever anything is claimed."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.evaluation import (
    Proportion,
    Verdict,
    compare,
    copies,
    evaluate,
    label_table,
    moved_labels,
    reliability_of,
    score,
    wilson,
)
from odt_core.evaluation.evaluation import part_of
from odt_core.evaluation.over_again import exact_copies
from odt_core.evaluation.paired import gain_interval
from odt_core.samples import Labels, Preprocessing, Samples
from odt_core.studies.crossed import outcomes
from tests.evaluation.evaluation_material import digits, person
from tests.evaluation.test_evaluation_places import EACH

NUMBERS = Preprocessing("none", (3,))
PHOTO = Preprocessing("image", (48, 48, 3), scale=1 / 255)
TWO = Labels(("a", "b"))


def rows(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)


def answering(right: list[int], same: list[int] | None = None, y: list[int] | None = None):
    """Of two labels, those that are 1 right; all samples are of the first unless y says others."""
    y = [0] * len(right) if y is None else y
    said = np.where(right, y, 1 - np.array(y))
    answers = np.where(np.eye(2)[said] > 0, 0.9, 0.1)
    return score(answers, y, same=None if same is None else np.array(same))


class TestCopies:
    def test_rows_up_to_rounding_under_the_same_label_are_copies_of_the_first(self):
        x = rows(4)
        again = Samples(np.r_[x, x[[2]] + 1e-6, x[[2, 1]]], [0, 0, 1, 0, 1, 1, 1], TWO)
        assert copies(again, NUMBERS).tolist() == [0, 1, 2, 3, 2, 2, 6]
        assert copies(Samples(x, [0, 0, 1, 0], TWO), NUMBERS) is None

    def test_few_whole_numbers_that_come_again_are_as_many_samples(self):
        kinds = Samples(np.float32([[1, 0, 2], [1, 0, 2], [0, 1, 2]]), [0, 0, 1], TWO)
        assert copies(kinds, NUMBERS) is None
        assert exact_copies(kinds.x, kinds.y) is None
        assert exact_copies(kinds.x + np.float32(0.5), kinds.y).tolist() == [0, 0, 2]

    def test_rows_of_few_grades_that_come_again_are_as_many_samples(self):
        x = np.random.default_rng(0).integers(0, 5, (500, 3)).astype(np.float32) / 2
        grades = Samples(x, [0] * 500, TWO)
        assert copies(grades, NUMBERS) is None
        assert exact_copies(grades.x, grades.y) is None

    def test_burst_of_a_thing_that_does_not_move_is_one_picture(self):
        rng = np.random.default_rng(0)
        scenes = rng.random((2, 6, 6, 3)).repeat(8, 1).repeat(8, 2)
        burst = np.repeat(scenes, 5, axis=0) + rng.normal(0, 0.01, (10, 48, 48, 3))
        shots = Samples(burst.astype(np.float32), np.zeros(10, int), TWO)
        assert copies(shots, PHOTO).tolist() == [0] * 5 + [5] * 5

    def test_drawings_of_a_person_all_differ(self):
        model = digits()
        assert copies(person(model, "Writer 1")[1], model.preprocessing) is None


class TestComparison:
    def test_one_sample_twenty_times_is_one(self):
        got = compare(answering([0] * 20, [0] * 20), answering([1] * 20, [0] * 20))
        assert (got.n, got.samples, got.fixed.tolist()) == (1, 20, [0])
        assert got.verdict is Verdict.UNCLEAR
        assert got.sentence == (
            "1 fixed, 0 broken: 1 different sample among 20 is too few to tell."
        )

    def test_first_of_a_burst_stands_for_it_in_both_models(self):
        same = [0, 0, 0, 3, 4, 5, 6, 7, 8]
        base, own = [0, 1, 1, 0, 0, 0, 0, 0, 1], [1, 0, 0, 1, 1, 1, 1, 1, 1]
        y = [0] * 6 + [1] * 3
        got = compare(answering(base, same, y), answering(own, same, y))
        assert got.fixed.tolist() == [0, 3, 4, 5, 6, 7]
        assert got.broken.tolist() == []
        assert got.sentence == (
            "6 fixed, 0 broken of 7 different samples among 9: not chance, p = 0.031. Your model "
            "is better."
        )

    def test_gain_is_what_became_of_the_accuracy_however_many_copies_take_it_back(self):
        same = [0] * 20 + list(range(20, 32))
        base, own = (answering(right, same) for right in ([1] * 20 + [0] * 12, [0] * 20 + [1] * 12))
        got = compare(base, own)
        assert (base.accuracy, own.accuracy) == (1 / 13, 12 / 13)
        assert (got.gain, got.interval) == (11 / 13, gain_interval(12, 1, 13))
        assert got.verdict is Verdict.CONSTANT

    def test_row_of_a_label_counts_what_is_the_same_once_as_the_comparison_does(self):
        same = [0, 0, 0, 0, 0, 5, 6]
        base = answering([0, 1, 0, 0, 0, 1, 0], same)
        own = answering([1, 1, 1, 1, 0, 0, 0], same)
        got = compare(base, own)
        (row,) = label_table(base, own)
        assert (got.fixed.tolist(), got.broken.tolist()) == ([0], [5])
        assert (row.n, row.fixed, row.broken) == (3, 1, 1)
        assert (row.base, row.own) == (Proportion(1, 3), Proportion(1, 3))
        assert [move.index for move in moved_labels(base, own)] == [(5,), (0,)]

    def test_mean_of_values_is_that_of_what_differs(self):
        same, truth = np.array([0] * 30 + list(range(30, 40))), np.zeros((40, 1), np.float32)
        off = np.r_[np.full(30, 9.0), np.linspace(1, 2, 10)][:, None]
        once = [score(answers[29:], truth[29:]) for answers in (off, off / 2)]
        all_ = [score(answers, truth, same=same) for answers in (off, off / 2)]
        got, wanted = compare(*all_), compare(*once)
        assert (got.gain, got.interval) == (wanted.gain, wanted.interval)
        assert all_[0].mean_squared_error - all_[1].mean_squared_error == pytest.approx(got.gain)
        assert (outcomes(all_[0]) == outcomes(once[0])).all()

    def test_part_knows_its_copies(self):
        whole = answering([1, 0, 1, 1], [0, 0, 2, 3])
        assert part_of(whole, np.array([True, True, False, True])).different == 2


class TestEvaluation:
    def test_confidence_of_one_sample_twenty_times_is_told_of_one(self):
        got = reliability_of(answering([0] * 20 + [1], [0] * 20 + [20]))
        assert (got.n, sum(one.n for one in got.bins)) == (2, 2)
        assert got.ece == pytest.approx(0.4)
        assert not got.dishonest

    def test_no_samples_are_evaluated_to_nothing(self):
        model = digits()
        got = evaluate(model.session(), person(model, "Writer 1")[1].take([]))
        assert (got.n, got.correct, got.different, got.interval) == (0, 0, 0, (0.0, 1.0))
        assert np.isnan(got.cross_entropy)

    def test_every_figure_is_that_of_the_samples_that_differ(self):
        burst = answering([1] * 51 + [0] * 20 + [1] * 29, [0] * 51 + list(range(51, 100)))
        once = answering([1] + [0] * 20 + [1] * 29)
        got, wanted = burst.to_json(), once.to_json()
        assert (got.pop("n"), wanted.pop("n")) == (100, 50)
        assert got == wanted
        assert (got["correct"], got["accuracy"], got["different"]) == (30, 0.6, 50)
        assert len(burst.predictions) == len(burst.truth) == len(burst.confidences) == 100

    def test_places_of_a_burst_count_once(self):
        truth = np.zeros((4, 2, 2), np.float32)
        truth[:, 0] = 1
        said = np.stack([truth[0], 1 - truth[0], 1 - truth[0], 1 - truth[0]])
        got = score(said, truth, EACH, np.array([0, 1, 1, 1]))
        once = score(said[:2], truth[:2], EACH)
        assert got.places_right == once.places_right == 0.5
        assert got.places.mean_iou == once.places.mean_iou
        assert got.constant == once.constant

    def test_one_sample_twenty_times_is_as_sure_as_one(self):
        model = digits()
        one = person(model, "Writer 1")[1].take([0] * 20)
        got = evaluate(model.session(), one)
        assert (got.n, got.different) == (20, 1)
        assert got.interval == wilson(got.correct, 1)
        assert got.to_json()["different"] == 1
