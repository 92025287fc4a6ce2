"""How many pixels or words have the right class."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from odt_core.cli.figures import compared, judged_lines
from odt_core.dialects.contract import Activation, Contract, Task
from odt_core.evaluation import Verdict, claims, compare, score
from odt_core.evaluation.place_scores import places
from odt_core.samples import Labels, Samples
from odt_core.studies import Point, Quantity
from odt_core.studies.crossed import estimate, outcomes
from odt_core.studies.sample_size import _sentence
from odt_core.training.history import Score
from odt_core.training.judge import Judge
from odt_core.training.sets import Sets
from pages.ui.desk.after_runs import worse

VALUES = Contract(
    train=(), infer=None, input_shape=(8,), outputs=None, learning_rate=None, state=True,
    task=Task.VALUES,
)  # fmt: skip
# Each may be there or not.
EACH = replace(VALUES, targets_are_probabilities=True, activation=Activation.SIGMOID)
ONE_OF = replace(VALUES, targets_are_probabilities=True, rows_are_one_hot=True)


def found(answers, truth, contract=EACH):
    truth = np.asarray(truth, np.float32)
    contract = replace(contract, target_shape=truth.shape[1:])
    return score(np.asarray(answers, np.float32), truth, contract).places


def test_half_of_a_mask_is_half_right():
    truth = np.zeros((2, 4, 4, 1))
    truth[:, :, 2:] = 1
    said = np.full((2, 4, 4, 1), 0.2)
    said[0, :, 2:] = 0.9
    got = found(said, truth)
    assert got.right == pytest.approx(0.75)
    # background: 16 of 24 places, object: 8 of 16
    assert got.mean_iou == pytest.approx((16 / 24 + 8 / 16) / 2)
    assert got.called == "pixels"


def test_best_of_k_counts_and_places_of_no_class_do_not():
    truth = np.zeros((1, 2, 2, 3))
    truth[0, 0, 0, 2] = truth[0, 0, 1, 1] = truth[0, 1, 0, 0] = 1  # the last has no class
    said = np.zeros((1, 2, 2, 3))
    said[..., 2] = 0.4
    said[0, 0, 1, 1] = 0.6
    got = found(said, truth, ONE_OF)
    assert got.right == pytest.approx(2 / 3)
    assert got.mean_iou == pytest.approx((0 + 1 + 1 / 2) / 3)


def test_sample_without_a_known_place_is_not_one_that_is_right():
    truth = np.zeros((2, 2, 2, 3))
    truth[0, ..., 1] = 1  # nothing in the second has a class
    said = np.zeros((2, 2, 2, 3))
    said[0, 0, :, 1] = said[0, 1, :, 2] = 1.0
    truth, said = truth.astype(np.float32), said.astype(np.float32)
    got = score(said, truth, replace(ONE_OF, target_shape=(2, 2, 3)))
    assert got.places.known.tolist() == [4, 0]
    assert outcomes(got).tolist() == [0.5]


@pytest.mark.parametrize("shape", [(1, 6), (1, 6, 1)])
def test_numbers_of_classes_count_as_their_rows(shape):
    """[N, words] or [N, words, 1], of a model of three scores for each."""
    tagger = replace(VALUES, scores_each=3, target_shape=shape[1:])
    tags = np.array([0, 1, 2, 2, 255, -100], np.float32).reshape(shape)
    truth = (tags[..., None] == np.arange(3)).astype(np.float32)
    said = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 0, 0]].reshape(truth.shape)
    got = score(said, truth, tagger).places
    assert got.right == pytest.approx(3 / 4)
    assert got.called == "places"


def test_labels_of_which_several_may_be_right_are_called_so():
    truth = np.array([[0, 1, 1], [1, 0, 0]])
    got = found(np.where(truth == 1, 0.9, 0.6), truth)
    assert (got.called, got.right) == ("labels", 0.5)


def test_of_classes_that_may_all_be_there_each_has_to_be_told():
    truth = np.zeros((1, 4, 4, 3))
    truth[0, 0, 0, 0] = truth[0, 1, 1, 1] = 1
    got = found(np.full((1, 4, 4, 3), 0.9), truth)
    assert got.right == 0
    # the third is nowhere, and said to be everywhere
    assert got.mean_iou == pytest.approx((1 / 16 + 1 / 16 + 0) / 3)
    assert found(truth, truth).right == 1


def test_all_right_is_one_however_few_have_the_class():
    truth = np.zeros((3, 8, 8))
    truth[0, 0, 0] = 1
    got = found(truth, truth)
    assert (got.right, got.mean_iou) == (1, 1)


@pytest.mark.parametrize(
    "truth", [np.ones((3, 1)), np.full((2, 4), 0.5), np.zeros((0, 4, 4)), np.array([[2.0, 1.0]])]
)
def test_numbers_have_no_places(truth):
    assert found(truth, truth) is None


@pytest.mark.parametrize(
    "contract", [VALUES, replace(VALUES, task=Task.RECONSTRUCTION, targets_are_probabilities=True)]
)
def test_counts_and_pictures_given_back_have_no_places(contract):
    truth = np.eye(4)[None]
    assert found(truth, truth, contract) is None


def test_labels_have_no_places():
    assert score(np.eye(3, dtype=np.float32), np.arange(3), ONE_OF).places is None
    assert places(np.ones((1, 4)), np.ones((1, 5)), EACH) is None


def test_models_of_places_are_compared_by_what_each_sample_has_wrong():
    truth = np.zeros((8, 4, 4))
    truth[:, 0] = 1
    base, own = truth * 0.4, truth * 0.4
    own[:6, 0, 0] = 0.9  # one pixel more of each is right, though all others are as far as before
    contract = replace(EACH, target_shape=(4, 4))
    before, after = (score(one, truth, contract) for one in (base, own))
    assert before.places.wrong.tolist() == [0.25] * 8
    result = compare(before, after)
    assert (len(result.fixed), len(result.broken)) == (6, 0)
    assert result.sentence.startswith("6 with more right pixels, 0 with fewer of 8 samples: ")
    assert result.gain == pytest.approx(6 / 8 / 16)
    reference = stats.ttest_1samp([1 / 16] * 6 + [0] * 2, 0).confidence_interval()
    assert result.interval == pytest.approx(tuple(reference))
    assert result.gain_sentence == (
        "The share of right pixels changed by +4.7 points, 95 % interval +2.3 to +7.1 "
        "(paired t, n = 8)."
    )


def test_run_that_has_more_right_is_better_everywhere_though_its_error_is_larger():
    truth = np.zeros((8, 4, 4))
    truth[:, 0] = 1
    base, own = truth * 0.48, np.where(truth == 1, 0.55, 0.45)
    contract = replace(EACH, target_shape=(4, 4))
    before, after = (score(one, truth, contract) for one in (base, own))
    assert before.mean_squared_error < after.mean_squared_error
    assert compare(before, after).sentence.endswith("Your model is better.")
    scores = [
        Score(8, None, None, one.mean_squared_error, 0.1, one.places.right)
        for one in (before, after)
    ]
    assert not worse(*scores)
    samples = Samples(np.zeros((0, 1)), np.zeros((0, 4, 4)), Labels(()))
    judge = Judge(SimpleNamespace(contract=contract), Sets(samples))
    assert judge.is_best(scores[0], 1)
    assert judge.is_best(scores[1], 2)
    assert not judge.is_best(scores[0], 3)


def of_places(answers, truth, contract=EACH):
    """An evaluation with exactly these answers."""
    truth = np.asarray(truth, np.float32)
    contract = replace(contract, target_shape=truth.shape[1:])
    return score(np.asarray(answers, np.float32), truth, contract)


def masks(*, found: int, wrong: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(answers, truth) of 8 masks of 10 × 10 pixels, the first 10 of each of an object: so many of
    these are found, and so many others are taken for it.
    """
    truth = np.zeros((8, 100))
    truth[:, :10] = 1
    said = np.zeros((8, 100))
    said[:, :found] = said[:, 10 : 10 + wrong] = 1
    return said.reshape(8, 10, 10), truth.reshape(8, 10, 10)


class TestSameAnswerEverywhere:
    def test_mask_of_only_background_is_not_called_better(self):
        base, own = (of_places(*masks(**one)) for one in ({"found": 5, "wrong": 50}, {"found": 0}))
        got = compare(base, own)
        assert got.verdict is Verdict.CONSTANT
        assert got.sentence == (
            "8 with more right pixels, 0 with fewer of 8 samples: not chance, p = 0.008. More "
            "right pixels, but no more than always saying 'class 0' (90.0 % of the pixels)."
        )

    def test_one_more_right_pixel_than_only_background_is_better(self):
        base, (said, truth) = of_places(*masks(found=5, wrong=50)), masks(found=0)
        said[0, 0, 0] = 1
        assert compare(base, of_places(said, truth)).sentence.endswith("Your model is better.")

    def test_part_of_the_samples_has_a_commonest_class_of_its_own(self):
        truth = np.zeros((4, 2, 2))
        truth[:2] = 1
        whole = of_places(truth, truth).places
        got = whole.part(np.array([True, True, True, False]), np.ones(3, bool))
        assert (got.constant.name, got.constant.right) == ("class 1", "66.7 % of the pixels")
        assert got.part(np.zeros(3, bool), np.zeros(0, bool)).constant is None

    def test_places_of_no_class_count_neither_way(self):
        truth = np.zeros((2, 1, 6, 3))
        truth[0, 0, :, 2] = 1  # six of class 2
        truth[1, 0, :2, 1] = 1  # and two of class 1; the last four have none
        got = of_places(truth, truth, ONE_OF).places.constant
        assert (got.words, got.correct, got.n) == ("always saying 'class 2'", 6, 8)
        assert (got.share, got.mean) == (6 / 8, 1 / 2)

    def test_labels_of_which_several_may_be_right_are_most_often_none(self):
        truth = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0]])
        got = of_places(truth, truth)
        assert got.places.constant.words == "always saying 'no label'"
        told = {"output": None, "label": "no label", "correct": 6, "of": 9}
        assert got.to_json()["constant_answer"] == told

    @pytest.mark.parametrize(
        ("truth", "said", "right"),
        [
            ([[1, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0]], "label 0", 10),
            ([[1, 0, 1], [1, 0, 1], [0, 0, 1]], "labels 0, 2", 8),
            ([[1, 1], [1, 1], [0, 1]], "every label", 5),
        ],
    )
    def test_each_of_several_labels_is_most_often_there_or_not(self, truth, said, right):
        truth = np.array(truth)
        got = of_places(truth, truth).places
        assert got.constant.words == f"always saying '{said}'"
        assert (got.constant.correct, got.constant.n) == (right, truth.size)
        nobody = 1 - (truth.mean(axis=0) > 0.5) * np.ones_like(truth)
        assert of_places(nobody, truth).places.right == pytest.approx(1 - right / truth.size)

    def test_labels_that_are_there_or_not_whatever_is_asked_make_no_better_model(self):
        """The first of three nearly always is, and a model that says so has learnt no more."""
        truth = np.tile([1, 0, 0], (20, 1))
        truth[0], truth[1] = (0, 0, 1), (1, 1, 0)
        always = np.tile([1, 0, 0], (20, 1))
        got = compare(of_places(np.zeros((20, 3)), truth), of_places(always, truth))
        assert got.verdict is Verdict.CONSTANT
        assert got.sentence.endswith(
            "More right labels, but no more than always saying 'label 0' (95.0 % of the labels)."
        )
        always[0] = truth[0]
        got = compare(of_places(np.zeros((20, 3)), truth), of_places(always, truth))
        assert got.verdict is Verdict.BETTER

    def test_of_classes_that_may_all_be_there_nothing_is_an_answer_and_each_alone(self):
        truth = np.zeros((1, 2, 2, 3))
        truth[0, 0, :, 2] = 1
        truth[0, 1, 0] = 1  # all three at once; the last pixel has none
        assert of_places(truth, truth).places.constant.words == "always saying 'class 2'"
        truth[0, 0] = 0
        got = of_places(truth, truth).places.constant
        assert (got.words, got.correct, got.n) == ("always saying 'nothing'", 3, 4)

    def test_classes_that_may_all_be_there_are_most_often_there_together(self):
        truth = np.zeros((1, 3, 3, 70))
        truth[0, :2, :, [0, 69]] = 1  # six pixels of both
        truth[0, 2, :, 0] = 1  # and three of the first alone
        got = of_places(truth, truth).places.constant
        assert (got.words, got.correct) == ("always saying 'classes 0, 69'", 6)
        assert got.to_json()["output"] is None

    def test_samples_needed_are_not_said_to_help_a_model_no_better(self):
        """Of 27 in 81 pixels, in seven samples: means of such shares are not exact."""
        truth = np.zeros((7, 9, 9))
        truth[:, :3] = 1
        base, own = of_places(1 - truth, truth), of_places(truth * 0, truth)
        matrices = [outcomes(one)[None] for one in (base, own, own)]
        points = [
            Point(count, 0, estimate(one, Quantity.RIGHT), None)
            for count, one in zip((0, 1, None), matrices, strict=True)
        ]
        assert _sentence(points, matrices, Quantity.RIGHT, 1, base.constant) == (
            "With all samples the model is right no more often than always saying 'class 0': "
            "66.7 % right, 0.0 % right before (n = 7 test samples, 1 seed). Samples with more of "
            "the other classes, to train and to test, would tell more."
        )


def test_train_and_report_tell_mean_iou_beside_the_share_of_right_pixels():
    base, own = of_places(*masks(found=5, wrong=50)), of_places(*masks(found=0))
    told = compared(base, own, claims(base, own, np.ones(0, bool), ()))
    lines = judged_lines({"test": told, "base_test": None, "unjudged": None, "left_out": ()})
    assert lines[0] == (
        "your test samples (8)  base 45.0% of the pixels right, mean IoU 0.2522 → personalised "
        "90.0% of the pixels right, mean IoU 0.4500"
    )
