"""Studies on real models: digests, samples needed, negative controls, unlearning, cost."""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odt_core.bundled import bundled_models
from odt_core.errors import SampleError, TrainingError
from odt_core.evaluation import Verdict, evaluate, score, state_digest, wilson
from odt_core.evaluation.comparison import Comparison, compare
from odt_core.runtime import load_model
from odt_core.runtime.frozen import FrozenPart
from odt_core.samples import Labels, Samples
from odt_core.studies import (
    Point,
    Quantity,
    SessionTrainer,
    StudyProgress,
    StudyStopped,
    WorkerTrainer,
    measure_cost,
    negative_controls,
    samples_needed,
    unlearn,
)
from odt_core.studies.controls import (
    _sentence,
    _vanished,
    in_words,
    like,
    other_person,
    shuffled_labels,
)
from odt_core.studies.crossed import estimate
from odt_core.studies.judging import left_to_judge
from odt_core.studies.sample_size import _sentence as in_words_of_points
from odt_core.studies.sample_size import nested_subset
from odt_core.training import Settings, fit
from tests.evaluation.evaluation_material import CARD, DIGITS, SETTINGS, digits, person, zoo_model

VALUES = Path(__file__).parents[1] / "runtime" / "models" / "dialect_regression.tflite"
PIXELS = Path(__file__).parents[1] / "runtime" / "models" / "dialect_pixels.tflite"
SHORT = replace(SETTINGS, epochs=2)


@pytest.fixture(scope="module")
def two_labels():
    """(trainer of a model that tells 0 from 1, n samples to train on, 40 test samples): two
    patterns with a little noise, which few samples are enough to learn.
    """
    model = load_model(zoo_model("binary_logit_keras3"))
    shape = model.contract.input_shape
    patterns = np.random.default_rng(500).normal(size=(2, *shape))

    def samples(n: int) -> Samples:
        y = np.arange(n) % 2
        x = patterns[y] + 0.3 * np.random.default_rng(n).normal(size=(n, *shape))
        return Samples(x.astype(np.float32), y, model.labels)

    return SessionTrainer(model), samples, samples(40)


@pytest.fixture(scope="module")
def model():
    return digits()


@pytest.fixture(scope="module")
def samples(model):
    return person(model, "Coarse scan 1")


@pytest.fixture(scope="module")
def trainer(model):
    return SessionTrainer(model)


@pytest.fixture(scope="module")
def worker():
    with WorkerTrainer.start(DIGITS.read_bytes(), CARD) as started:
        yield started


class TestTrainers:
    def test_both_train_as_fit_does_and_start_from_the_base_each_time(
        self, model, samples, trainer, worker
    ):
        train, test = samples
        session = model.session()
        fit(session, train, SHORT, test=test)  # measures on the way
        wanted = state_digest(session.state())
        assert trainer.train(train, SHORT) == wanted
        assert worker.train(train, SHORT) == wanted
        assert worker.train(train, SHORT) == wanted
        assert worker.last.steps == trainer.last.steps > 0
        np.testing.assert_array_equal(worker.infer(test.x), session.infer(test.x))
        assert worker.train(train, SHORT, start_from_base=False) != wanted
        assert state_digest(worker.state()) != wanted

    def test_reset_brings_the_base_model_back(self, model, samples, trainer):
        base = state_digest(model.session().state())
        assert trainer.train(samples[0], SHORT) != base
        trainer.reset()
        assert state_digest(trainer.state()) == base

    @pytest.mark.parametrize("kind", ["trainer", "worker"])
    def test_stop_ends_a_training_at_once(self, kind, samples, request):
        with pytest.raises(StudyStopped):
            request.getfixturevalue(kind).train(
                samples[0], replace(SETTINGS, epochs=5_000), stopped=lambda: True
            )

    @pytest.mark.parametrize("kind", ["trainer", "worker"])
    def test_nothing_to_train_on_is_said_in_plain_words(self, kind, samples, request):
        with pytest.raises(TrainingError, match="no samples to train on"):
            request.getfixturevalue(kind).train(samples[0].take(np.zeros(0, int)), SHORT)


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


class TestNegativeControls:
    def test_gain_vanishes_with_shuffled_labels(self, model, samples, trainer):
        train, test = samples
        other = model.prepare(model.card.load_people()["Writer 3"])
        got = negative_controls(trainer, train, test, SETTINGS, others=other)
        assert got.own.verdict is Verdict.BETTER
        assert len(got.shuffled) == 3
        assert all(one.verdict is not Verdict.BETTER for one in got.shuffled)
        assert got.vanished
        assert "With shuffled labels the gain vanished 3 of 3 times, as it should" in got.sentence
        assert "nother person's samples" in got.sentence
        assert all(one.verdict is Verdict.BETTER for one in got.own_over_shuffled)
        assert (got.samples, got.own.n, got.other_person.n) == (70, 59, 59)
        assert 0 < got.other_samples <= 70
        assert got.kept < 0.2

    def test_no_gain_cannot_vanish(self, model, trainer):
        train, test = person(model, "Writer 1")
        got = negative_controls(trainer, train, test, SHORT)
        assert got.vanished is None
        assert "no gain beyond chance" in got.sentence
        assert got.other_person is None

    def test_shuffling_keeps_samples_and_counts_but_not_the_order(self, samples):
        train, _ = samples
        for mixed in shuffled_labels(train, 0):
            np.testing.assert_array_equal(mixed.x, train.x)
            np.testing.assert_array_equal(np.sort(mixed.y), np.sort(train.y))
            assert (mixed.y != train.y).any()
        two = Samples(train.x[:2], np.array([0, 1]), train.labels)
        assert [one.y.tolist() for one in shuffled_labels(two, 0)] == [[1, 0]]
        assert shuffled_labels(train.take(train.y == 3), 0) == []

    @pytest.mark.parametrize(("counts", "kept"), [((4, 4), 4), ((7, 7), 6), ((27, 3), 24)])
    def test_each_label_is_dealt_to_all_in_proportion(self, counts, kept):
        """No shuffle leaves more in place than what two labels have in common by chance."""
        y = np.repeat([0, 1], counts)
        samples = Samples(np.zeros((len(y), 1), np.float32), y, Labels(("a", "b")))
        shuffles = [one.y for one in shuffled_labels(samples, 0)]
        assert [np.count_nonzero(one == y) for one in shuffles] == [kept] * 3
        assert len({one.tobytes() for one in shuffles}) == 3

    def test_what_two_labels_teach_is_not_refused_for_how_one_shuffle_fell(self, two_labels):
        trainer, train, test = two_labels
        settings, counts = replace(SETTINGS, batch_size=8), (12, 14, 16, 18, 20)
        got = [negative_controls(trainer, train(n), test, settings) for n in counts]
        assert [one.vanished for one in got] == [True] * 5

    def test_another_persons_samples_are_no_more_than_ones_own(self, samples):
        train, test = samples
        got = like(test, train.take(train.y < 2), 0)
        mine = np.unique(train.y[train.y < 2], return_counts=True)[1]
        theirs = np.unique(got.y, return_counts=True)
        assert theirs[0].tolist() == [0, 1]
        assert (theirs[1] <= mine).all()

    def test_gain_of_a_model_of_values_vanishes_with_shuffled_targets(self):
        model = load_model(VALUES)
        rng = np.random.default_rng(0)
        x = rng.normal(size=(60, 3)).astype(np.float32)
        y = (3 * x[:, :2]).astype(np.float32)
        mine, test, theirs = (
            Samples(x[part], sign * y[part], model.labels)
            for part, sign in ((slice(20), 1), (slice(20, 40), 1), (slice(40, 60), -1))
        )
        settings = replace(SETTINGS, epochs=30)
        got = negative_controls(SessionTrainer(model), mine, test, settings, others=theirs)
        assert got.own.verdict is Verdict.BETTER
        assert (got.vanished, got.kept, got.other_samples) == (True, 0.0, 20)
        assert got.other_person.verdict is Verdict.WORSE
        assert got.sentence.startswith("Your samples: a mean squared error ")
        assert "With shuffled targets the gain vanished 3 of 3 times" in got.sentence

    def test_every_sample_gets_the_target_of_another(self):
        y = np.arange(7, dtype=np.float32)[:, None]
        for mixed in shuffled_labels(Samples(np.zeros((7, 1), np.float32), y, Labels(())), 0):
            assert sorted(mixed.y.ravel()) == list(range(7))
            assert (mixed.y != y).all()


def told(fixed: int, broken: int, n: int = 60) -> Comparison:
    """Of two models that differ so."""
    truth = np.zeros(n, int)
    base, own = np.zeros(n, int), np.zeros(n, int)
    base[:fixed] = 1
    own[fixed : fixed + broken] = 1
    both = [score(np.eye(2, dtype=np.float32)[one], truth) for one in (base, own)]
    return compare(*both)


class TestControlsInWords:
    def sentence(self, own, shuffled, over, other=None, over_other=None, kept=0.1) -> str:
        """shuffled, over: of each shuffle, or of the one."""
        each = [one if isinstance(one, list) else [one] for one in (shuffled, over)]
        vanished = _vanished(own, *each, kept)
        return _sentence(own, *each, other, over_other, kept=kept, vanished=vanished)

    def test_gain_when_shuffling_takes_it_is_real_and_every_figure_has_its_interval(self):
        said = self.sentence(told(12, 0), told(1, 20), told(30, 0))
        assert "+20.0 points, 95 % interval +11.8 to +31.8" in said
        assert "vanished, as it should" in said

    def test_gain_when_shuffling_keeps_it_is_not_to_be_trusted(self):
        said = self.sentence(told(12, 0), told(11, 0), told(1, 0))
        assert "did not vanish" in said
        assert "Do not trust it" in said
        assert _vanished(told(12, 0), [told(11, 0)], [told(1, 0)], 0.1) is False

    def test_gain_when_one_shuffle_in_three_keeps_it_vanished(self):
        shuffled = [told(1, 20), told(11, 0), told(2, 2)]
        over = [told(30, 0), told(1, 0), told(12, 2)]
        assert _vanished(told(12, 0), shuffled, over, 0.1) is True
        assert "vanished 2 of 3 times, as it should" in self.sentence(told(12, 0), shuffled, over)

    def test_gain_when_shuffles_disagree_is_left_open(self):
        shuffled = [told(1, 20), told(11, 0), told(11, 0)]
        over = [told(30, 0), told(1, 0), told(1, 0)]
        assert _vanished(told(12, 0), shuffled, over, 0.1) is None
        said = self.sentence(told(12, 0), shuffled, over)
        assert "it cannot be told whether the gain vanished" in said
        assert "trust" not in said

    def test_gain_when_shuffling_keeps_most_labels_is_left_open(self):
        """27 samples of one label and 3 of another: shuffling keeps 87 % of the labels."""
        three = told(12, 0), told(11, 0), told(1, 0)
        said = self.sentence(*three, kept=0.87)
        assert "87% of them kept theirs: this tells little" in said
        assert "trust" not in said
        assert _vanished(three[0], [three[1]], [three[2]], 0.87) is None

    def test_gain_of_which_shuffling_leaves_a_part_is_not_called_false(self):
        three = told(40, 0), told(20, 0), told(20, 0)
        said = self.sentence(*three)
        assert "a part of the gain remained" in said
        assert said.endswith("Yours is more (p < 0.001).")
        assert _vanished(three[0], [three[1]], [three[2]], 0.5) is None

    def test_gain_when_models_are_too_alike_is_left_open(self):
        own, shuffled, over = told(8, 0), told(5, 0), told(3, 0)
        assert _vanished(own, [shuffled], [over], 0.1) is None
        assert "too few test samples to tell" in self.sentence(own, shuffled, over)

    def test_other_person_when_as_good_is_not_claimed_away(self):
        rest = told(12, 0), told(1, 20), told(30, 0)
        assert "it is yours" in self.sentence(*rest, told(2, 2), told(12, 2))
        assert "not better by more than chance" in self.sentence(*rest, told(5, 0), told(7, 3))
        assert "helped, too" in self.sentence(*rest, told(10, 0), told(2, 1))

    def test_model_trained_on_others_is_not_called_yours(self):
        assert in_words(told(0, 10)) == "Worse than the base model, not chance, p = 0.002."
        assert in_words(told(3, 0)) == "May be chance, p = 0.25."
        assert in_words(told(0, 0)) == "As good as the base model."


class TestOtherPerson:
    def test_people_who_are_among_ones_own_samples_are_passed_over(self, model, samples):
        first = model.prepare(model.card.load_people()["Coarse scan 1"])
        found = other_person(model.card, model.labels, first)
        assert found is not None
        rows = {row.tobytes() for row in first.x}
        assert not any(row.tobytes() in rows for row in found.x)

    def test_model_without_people_has_nobody(self, model, samples):
        card = replace(model.card, people=())
        assert other_person(card, model.labels, samples[0]) is None


class TestUnlearning:
    def test_weights_without_a_label_equal_those_of_a_process_never_shown_it(
        self, samples, trainer, worker
    ):
        train, _ = samples
        kept, removed = train.take(train.y != 3), train.take(train.y == 3)
        got = unlearn(worker, kept, SHORT, removed=removed)
        assert got.identical
        assert got.digest == got.never_shown == trainer.train(kept, SHORT)
        assert got.shown_digest == trainer.train(
            Samples(
                np.concatenate([kept.x, removed.x]),
                np.concatenate([kept.y, removed.y]),
                kept.labels,
            ),
            SHORT,
        )
        assert got.shown_digest != got.digest == state_digest(got.state)
        assert (got.removed, got.samples) == (7, 63)
        assert got.sentence.startswith("Forgotten: ")

    def test_one_sample_matters_and_is_forgotten(self, samples, trainer):
        train, _ = samples
        got = unlearn(trainer, train.take(np.arange(1, 70)), SHORT, removed=train.take([0]))
        assert got.identical
        assert got.shown_digest != got.digest
        assert got.sentence.endswith("Copies that differ in any number would count as others.")

    def test_difference_is_told(self, samples, trainer, model):
        class Otherwise(SessionTrainer):
            def train(self, samples, settings, **more):
                return super().train(samples, replace(settings, seed=9), **more)

        got = unlearn(trainer, samples[0], SHORT, never_shown=Otherwise(model))
        assert not got.identical
        assert got.sentence.startswith("Not verified: ")

    def test_sample_that_is_still_there_is_refused(self, samples, trainer):
        train, _ = samples
        with pytest.raises(SampleError, match="still there a second time"):
            unlearn(trainer, train, SHORT, removed=train.take(np.array([5])))
        with pytest.raises(SampleError, match="nothing left"):
            unlearn(trainer, train.take(np.zeros(0, int)), SHORT)

    def test_sample_that_is_replayed_too_is_refused(self, samples, trainer):
        train, _ = samples
        rest, gone = train.take(np.arange(5, 70)), train.take(np.arange(5))
        mixed = replace(SHORT, replay=0.5)
        with pytest.raises(SampleError, match="2 of the removed samples are also among the base"):
            unlearn(trainer, rest, mixed, removed=gone, replay=train.take(np.arange(3, 20)))
        unmixed = replace(SHORT, replay=0.0)
        assert unlearn(trainer, rest, unmixed, removed=gone, replay=gone).identical

    @pytest.mark.parametrize("kind", ["trainer", "worker"])
    def test_sample_that_the_models_card_replays_is_refused(self, kind, samples, request):
        train, _ = samples
        replayed = CARD.load_replay()
        gone = Samples(replayed.x[:1], replayed.y[:1], train.labels)
        with pytest.raises(SampleError, match="1 of the removed samples is also among the base"):
            unlearn(request.getfixturevalue(kind), train, replace(SHORT, replay=0.5), removed=gone)

    def test_models_with_dropout_and_adam_are_deterministic_too(self):
        for name in ("cnn_dropout_seeded_keras2", "dropout_unseeded_module"):
            model = load_model(zoo_model(name))
            rng = np.random.default_rng(0)
            x = rng.random((12, *model.contract.input_shape), np.float32)
            outputs = model.contract.outputs
            given = Samples(x, np.arange(12) % outputs, Labels.numbered(outputs))
            settings = Settings(epochs=3, learning_rate=None, replay=0.0, batch_size=4)
            got = unlearn(
                SessionTrainer(model),
                given.take(np.arange(8)),
                settings,
                removed=given.take(np.arange(8, 12)),
            )
            assert got.identical
            assert got.shown_digest != got.digest


class TestCost:
    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_worker_sends_nothing_and_everything_is_measured(self, samples, worker):
        got = measure_cost(worker, samples[0], SHORT)
        assert (got.network.sockets, got.network.confined) == (0, True)
        assert got.network.bytes_sent == 0
        assert got.steps == worker.last.steps
        clock = worker.last.clock
        assert len(clock) == got.steps
        assert list(clock) == sorted(clock)
        assert clock[-1] <= got.seconds == worker.last.seconds
        assert got.step_ms == pytest.approx(1000 * np.median(np.diff([0, *clock])))
        assert got.inference_ms > 0
        assert 20e6 < got.peak_memory < 1e9
        weights = sum(array.nbytes for array in worker.state().values())
        assert weights < got.checkpoint_bytes < weights + 10_000
        assert "0 bytes sent" in got.sentence

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_answers_are_timed_on_whole_pictures_none_asked_about_before(self, monkeypatch):
        path = next(path for path in bundled_models() if path.stem == "photos")
        session = load_model(path).session()
        asked = np.random.default_rng(0).normal(0, 1, (2, 160, 160, 3)).astype(np.float32)
        features = np.random.default_rng(1).normal(0, 1, (6, 1280)).astype(np.float32)
        given = Samples(features, np.arange(6) % 2, Labels.numbered(session.contract.outputs))
        settings = Settings(epochs=1, learning_rate=None, replay=0.0, batch_size=3)
        session.infer(asked)
        trainer = SessionTrainer(session.model)
        looked: list[int] = []
        compute = FrozenPart._compute
        monkeypatch.setattr(
            FrozenPart, "_compute", lambda self, x: looked.append(len(x)) or compute(self, x)
        )
        got = measure_cost(trainer, given, settings, asked=asked)
        assert looked == [1] * (got.inferences + 3)
        assert got.inference_ms > 1

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_answers_to_ids_of_words_are_timed_on_ids(self):
        path = Path(__file__).parents[1] / "oracle" / "models" / "text_mean_keras2.tflite.gz"
        model = load_model(gzip.decompress(path.read_bytes()))
        ids = np.random.default_rng(0).integers(0, 4, (8, *model.contract.input_shape))
        count = model.contract.outputs
        given = Samples(ids.astype(np.float32), np.arange(8) % count, Labels.numbered(count))
        settings = Settings(epochs=1, learning_rate=None, replay=0.0, batch_size=4)
        assert measure_cost(SessionTrainer(model), given, settings).inference_ms > 0

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_process_that_could_send_is_not_said_to_have_sent_nothing(self, samples, trainer):
        import socket

        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as open_socket:
            open_socket.bind(("127.0.0.1", 0))
            open_socket.listen()
            got = measure_cost(trainer, samples[0], SHORT).network
        assert got.sockets >= 1
        assert (got.confined, got.bytes_sent) == (False, None)
