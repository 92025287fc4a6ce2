"""How many samples are needed: measured with more and more, judged by the others, said in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odt_core.errors import SampleError
from odt_core.evaluation import evaluate, wilson
from odt_core.runtime import load_model
from odt_core.samples import Labels, Samples
from odt_core.studies import (
    Point,
    Quantity,
    StudyProgress,
    StudyStopped,
    negative_controls,
    samples_needed,
)
from odt_core.studies.crossed import estimate
from odt_core.studies.judging import left_to_judge
from odt_core.studies.sample_size import _sentence as in_words_of_points
from odt_core.studies.sample_size import nested_subset
from odt_core.training import Settings
from tests.evaluation.evaluation_material import CARD, SETTINGS, SHORT, zoo_model
from tests.studies.session_trainer import SessionTrainer

PIXELS = Path(__file__).parents[1] / "runtime" / "models" / "dialect_pixels.tflite"


class TestSamplesNeeded:
    def test_more_samples_help_a_person_whom_the_base_model_reads_badly(self, samples, trainer):
        train, test = samples
        seen: list[StudyProgress] = []
        got = samples_needed(
            trainer,
            train,
            test,
            SETTINGS,
            per_label=(1, 99, None),
            seeds=(0, 1),
            base_test=CARD.load_base_test().take(np.arange(100)),
            progress=seen.append,
        )
        base, one, whole = got.points
        assert [(p.per_label, p.samples) for p in got.points] == [(0, 0), (1, 10), (None, 70)]
        trainer.reset()
        alone = evaluate(trainer, left_to_judge(train, test, CARD)[0])
        assert base.own.mean == pytest.approx(alone.accuracy)
        assert base.own.interval[0] <= wilson(alone.correct, alone.n)[0]
        assert base.own.mean < one.own.mean <= whole.own.mean
        assert whole.own.n == 59
        assert len(whole.own.per_seed) == 2
        assert whole.base_test.n == 100
        assert whole.own.interval[0] > base.own.mean
        assert got.complete
        assert got.quantity is Quantity.ACCURACY
        assert "n = 59 test samples, 2 seeds" in got.sentence
        assert "1 of the 60 test samples looks the same as a training sample" in got.sentence
        assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 4, 4)

    def test_training_that_did_harm_is_not_called_help(self, samples, trainer):
        train, test = samples
        wrong = replace(train, y=(train.y + 1) % 10)
        got = samples_needed(trainer, wrong, test, SETTINGS, per_label=(1, None), seeds=(0,))
        assert got.points[-1].own.mean < got.points[0].own.mean
        assert got.sentence.startswith("Training made the model worse: from ")

    def test_same_question_twice_has_the_same_answer(self, samples, trainer):
        train, test = samples
        first, again = (
            samples_needed(trainer, train, test, SHORT, per_label=(1,), seeds=(3,)) for _ in "ab"
        )
        assert first == again

    def test_stopped_study_shows_what_was_finished(self, samples, trainer):
        train, test = samples
        done: list[StudyProgress] = []
        got = samples_needed(
            trainer,
            train,
            test,
            SHORT,
            per_label=(1, 2),
            seeds=(0,),
            progress=done.append,
            stopped=lambda: done[-1].done == 1,
        )
        assert [p.per_label for p in got.points] == [0, 1]
        assert not got.complete
        with pytest.raises(StudyStopped):
            samples_needed(trainer, train, test, SHORT, stopped=lambda: True)

    def test_subsets_lie_within_each_other(self, samples):
        train, _ = samples
        two, five = (nested_subset(train, count, 4) for count in (2, 5))
        rows = {row.tobytes() for row in five.x}
        assert all(row.tobytes() in rows for row in two.x)
        assert np.unique(two.y, return_counts=True)[1].tolist() == [2] * 10
        assert len(nested_subset(train, 1, 5)) == 10

    def test_model_of_values_is_measured_by_its_error(self):
        model = load_model(zoo_model("regression_huber_keras3"))
        shape, targets = model.contract.input_shape, model.contract.target_shape
        rng = np.random.default_rng(0)
        x = rng.normal(size=(24, *shape)).astype(np.float32)
        y = np.tile(x.reshape(24, -1).sum(axis=1)[:, None], int(np.prod(targets)))
        whole = Samples(x, y.reshape(24, *targets).astype(np.float32), Labels(()))
        got = samples_needed(
            SessionTrainer(model),
            whole.take(np.arange(12)),
            whole.take(np.arange(12, 24)),
            Settings(epochs=20, learning_rate=None, replay=0.0, batch_size=4),
            per_label=(2, None),
            seeds=(0, 1),
        )
        assert got.quantity is Quantity.ERROR
        assert [p.samples for p in got.points] == [0, 2, 12]
        assert all(p.own.interval[0] <= p.own.mean <= p.own.interval[1] for p in got.points)
        assert "mean squared error" in got.sentence

    def test_pixels_are_measured_by_the_share_that_is_right(self):
        model = load_model(PIXELS)
        rng = np.random.default_rng(0)
        y = rng.integers(0, 3, (24, 8, 8, 1)).astype(np.float32)
        x = (y == np.arange(3)).astype(np.float32)
        whole = Samples(x, y, Labels(()))
        got = samples_needed(
            SessionTrainer(model),
            whole.take(np.arange(12)),
            whole.take(np.arange(12, 24)),
            Settings(epochs=80, learning_rate=None, replay=0.0, batch_size=4),
            per_label=(None,),
            seeds=(0, 1),
        )
        base, own = (point.own for point in got.points)
        assert got.quantity is Quantity.RIGHT
        assert base.mean < 0.6 < 0.9 < own.mean <= 1
        assert all(one.interval[0] < one.mean <= one.interval[1] <= 1 for one in (base, own))
        assert "% right" in got.sentence

    def test_nothing_to_measure_on_is_refused(self, samples, trainer):
        with pytest.raises(SampleError, match="test samples"):
            samples_needed(trainer, samples[0], samples[0].take(np.zeros(0, int)), SHORT)


class TestTestsLeft:
    """Samples of noise that a model learns by heart, with labels that mean nothing."""

    @pytest.fixture(scope="class")
    @staticmethod
    def noise(model):
        rng = np.random.default_rng(0)
        x = rng.random((40, *model.contract.input_shape), np.float32)
        return Samples(x, np.arange(40) % 4, model.labels)

    def test_studies_are_not_judged_by_samples_that_were_trained_on(self, trainer, noise):
        for study in (negative_controls, samples_needed):
            with pytest.raises(SampleError, match="All 40 test samples look the same as a train"):
                study(trainer, noise, noise, SHORT)

    def test_others_judge_and_each_study_says_so(self, trainer, noise):
        train, test = noise.take(np.arange(20)), noise.take(np.r_[15:40, 30, 31])
        told = (
            "5 of the 27 test samples look the same as a training sample: they say nothing of new "
            "ones. 2 test samples look the same as another one. The other 20 judge this."
        )
        controls = negative_controls(trainer, train, test, SHORT)
        needed = samples_needed(trainer, train, test, SHORT, per_label=(None,), seeds=(0,))
        assert controls.own.n == needed.points[0].own.n == 20
        assert controls.sentence.endswith(told)
        assert needed.sentence.endswith(told)


class TestSamplesNeededInWords:
    """Made-up answers of the base model and of three seeds with all samples."""

    def sentence(self, base: np.ndarray, own: np.ndarray) -> str:
        matrices = [base[None], np.stack([own] * 3)]
        points = [
            Point(count, 0, estimate(one, Quantity.ACCURACY), None)
            for count, one in zip((0, None), matrices, strict=True)
        ]
        return in_words_of_points(points, matrices, Quantity.ACCURACY, 3)

    @pytest.mark.parametrize(("n", "samples"), [(1, "1 test sample,"), (3, "3 test samples,")])
    def test_hardly_any_test_samples_claim_nothing(self, n, samples):
        said = self.sentence(np.ones(n), np.zeros(n))
        assert said.startswith("These are too few test samples to tell")
        assert f"n = {samples}" in said
        assert "worse" not in said

    def test_claims_agree_with_the_paired_test(self):
        base = np.r_[np.zeros(6), np.ones(14)]
        assert "still helped" in self.sentence(base, np.ones(20))
        four = np.r_[np.zeros(4), np.ones(16)]  # 4 fixed, 0 broken: p = 0.125
        assert "cannot be told from the base model" in self.sentence(four, np.ones(20))

    def test_no_further_gain_is_claimed_from_the_last_on_that_was_worse_by_more_than_chance(self):
        rights = (0, 16, 12, 17, 20)  # of 20: with 2 of each label it was worse than with 1
        matrices = [(np.arange(20) < right).astype(float)[None] for right in rights]
        points = [
            Point(count, 0, estimate(one, Quantity.ACCURACY), None)
            for count, one in zip((0, 1, 2, 3, None), matrices, strict=True)
        ]
        said = in_words_of_points(points, matrices, Quantity.ACCURACY, 1)
        assert said.startswith("From 3 samples of each label on, no further gain")
        last_helped = in_words_of_points(
            points[:3] + points[4:], matrices[:3] + matrices[4:], Quantity.ACCURACY, 1
        )
        assert last_helped.startswith("The last samples still helped, so more may help")
