"""Negative controls: a gain that shuffled labels or another person's samples give is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odt_core.evaluation import Verdict, score
from odt_core.evaluation.comparison import Comparison, compare
from odt_core.runtime import load_model
from odt_core.samples import Labels, Samples
from odt_core.studies import negative_controls
from odt_core.studies.controls import (
    Shared,
    _sentence,
    _vanished,
    like,
    other_person,
    shuffled_labels,
)
from tests.evaluation.evaluation_material import SETTINGS, SHORT, person, zoo_model
from tests.studies.session_trainer import SessionTrainer

VALUES = Path(__file__).parents[1] / "runtime" / "models" / "dialect_regression.tflite"


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

    def test_another_person_is_judged_by_the_labels_that_both_have(self, model, samples, trainer):
        train, test = samples
        other = model.prepare(model.card.load_people()["Writer 3"])
        sevens = int(np.count_nonzero(test.y == 7))
        got = negative_controls(trainer, train, test, SHORT, others=other.take(other.y == 7))
        assert (got.shared.has, got.shared.lacks) == (("7",), tuple("012345689"))
        counts = got.other_person.n, got.own_over_other.n, got.shared.own.n, got.own.n
        assert counts == (sevens, sevens, sevens, 59)

    def test_person_who_has_none_of_the_tested_labels_is_no_control(self, model, samples, trainer):
        train, test = samples
        other = model.prepare(model.card.load_people()["Writer 3"])
        test = test.take(test.y != 7)
        got = negative_controls(trainer, train, test, SHORT, others=other.take(other.y == 7))
        assert (got.other_person, got.shared, got.other_samples) == (None, None, 0)
        assert "Another person's samples have none of the labels" in got.sentence

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

    def test_gain_of_values_vanishes_with_shuffled_targets_and_none_of_others_is_yours(self):
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
        assert got.other_person.sentence.endswith("The trained model is worse.")
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
    def sentence(
        self, own, shuffled, over, other=None, over_other=None, kept=0.1, shared=None
    ) -> str:
        """shuffled, over: of each shuffle, or of the one."""
        each = [one if isinstance(one, list) else [one] for one in (shuffled, over)]
        vanished = _vanished(own, *each, kept)
        return _sentence(own, *each, other, over_other, kept=kept, vanished=vanished, shared=shared)

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
        assert "99.7% of them kept theirs" in self.sentence(*three, kept=598 / 600)
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

    def test_other_person_without_the_labels_that_gained_tells_nothing(self):
        rest = told(12, 0), told(1, 20), told(30, 0), told(0, 0, 6), told(0, 0, 6)
        said = self.sentence(*rest, shared=Shared(told(0, 0, 6), ("7",), ("heart", "star")))
        assert (
            "Another person's training had samples of “7”, but none of “heart”, “star”, and is "
            "judged by the 6 test samples of “7”. There your own gave no gain"
        ) in said
        assert said.endswith(": this control tells nothing.")
        assert "yours" not in said

    def test_other_person_without_some_labels_claims_nothing_of_those(self):
        rest = told(12, 0), told(1, 20), told(30, 0), told(1, 1, 20), told(8, 0, 20)
        said = self.sentence(*rest, shared=Shared(told(8, 0, 20), ("7",), ("star",)))
        assert said.endswith(
            "0.0 points, 95 % interval −19.9 to +19.9): the gain on those is yours."
        )

    def test_no_better_by_more_than_chance_is_not_said_with_the_p_value_of_a_loss(self):
        """Of 60 your model gets 20 wrong that the others get right: p < 0.001."""
        loss, rest = "−33.3 points, 95 % interval −45.9 to −22.7):", (told(1, 20), told(30, 0))
        said = self.sentence(told(12, 0), *rest, told(10, 0), told(0, 20))
        assert f"not better by more than chance (against theirs: {loss}" in said
        said = self.sentence(told(12, 0), told(11, 0), told(0, 20))
        assert f"not more by more than chance (against those: {loss}" in said


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
