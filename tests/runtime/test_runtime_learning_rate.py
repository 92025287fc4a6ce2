"""The learning rate of a session: as built, set, given with every step, or part of the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from odt_core.checkpoint import load_checkpoint, save_checkpoint
from odt_core.errors import TrainingError
from odt_core.runtime import load_model
from odt_core.samples import Samples
from odt_core.training import Autosave, Callback, Control, Settings, fit
from tests.runtime.tiny_models import OWN, PUBLIC, X, Y


class TestLearningRate:
    def test_it_is_what_the_model_was_built_with_and_can_be_set(self, model):
        session = model.session()
        assert session.learning_rate == pytest.approx(0.05)
        session.learning_rate = 0.0
        before = session.infer(X)
        session.train_step(X, Y)
        np.testing.assert_array_equal(session.infer(X), before)

    @pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
    def test_one_that_is_none_is_refused(self, model, rate):
        session = model.session()
        before = session.learning_rate
        with pytest.raises(TrainingError, match="learning rate must be"):
            session.learning_rate = rate
        assert session.learning_rate == before

    def test_model_that_fixes_it_says_so(self):
        session = load_model(PUBLIC / "flutter_litert__training_model.tflite").session()
        assert session.learning_rate is None
        with pytest.raises(TrainingError, match="fixed in the file"):
            session.learning_rate = 0.1


class TestRateGivenWithEveryStep:
    """Of a model that keeps its rate in no variable: the session holds it."""

    MODEL = load_model(OWN / "dialect_binary.tflite")
    X = np.random.default_rng(1).random((6, 4), np.float32)
    Y = np.arange(6) % 2

    def test_checkpoint_carries_it_so_that_training_goes_on_bit_for_bit(self):
        whole = self.MODEL.session()
        whole.learning_rate = 0.5
        whole.train_step(self.X, self.Y)
        fresh = self.MODEL.session()
        fresh.restore(load_checkpoint(save_checkpoint(whole.checkpoint())))
        assert fresh.learning_rate == 0.5
        assert whole.train_step(self.X, self.Y) == fresh.train_step(self.X, self.Y)
        for name, value in whole.state().items():
            np.testing.assert_array_equal(fresh.state()[name], value)

    def test_run_that_leaves_it_alone_goes_on_with_it_in_another_session(self):
        samples = Samples(self.X, self.Y, self.MODEL.labels)
        settings = Settings(epochs=4, batch_size=3, learning_rate=None, replay=0)
        whole, first, second = (self.MODEL.session() for _ in range(3))
        whole.learning_rate = first.learning_rate = 0.5
        fit(whole, samples, settings)
        control = Control()

        class StopAfterThree(Callback):
            def on_step_end(self, run, record):
                if record.step == 3:
                    control.stop()

        stopped = fit(first, samples, settings, [StopAfterThree()], control=control)
        fit(second, samples, settings, start=stopped.progress)
        assert second.learning_rate == 0.5
        for name, value in whole.state().items():
            np.testing.assert_array_equal(second.state()[name], value)

    def test_run_that_cannot_go_on_at_such_a_rate_changes_nothing(self):
        samples, session = Samples(self.X, self.Y, self.MODEL.labels), self.MODEL.session()
        settings = Settings(epochs=2, batch_size=3, learning_rate=None, replay=0)
        progress = fit(self.MODEL.session(), samples, settings).progress
        before = session.state()
        with pytest.raises(TrainingError, match="learning rate must be"):
            fit(session, samples, settings, start=replace(progress, learning_rate=-1.0))
        for name, value in session.state().items():
            np.testing.assert_array_equal(value, before[name])

    def test_run_that_sets_it_gives_it_back(self):
        session = self.MODEL.session()
        session.learning_rate = 0.5
        settings = Settings(epochs=4, batch_size=3, learning_rate=0.1, schedule="cosine", replay=0)
        samples = Samples(self.X, self.Y, self.MODEL.labels)
        saved = []
        history = fit(session, samples, settings, [Autosave(lambda one, _: saved.append(one), 0)])
        assert [one.meta.learning_rate for one in saved] == [0.5] * len(saved)
        assert (history.progress.learning_rate, session.learning_rate) == (0.5, 0.5)

    def test_checkpoint_of_a_model_with_a_variable_for_it_says_nothing_of_it(self, model):
        assert model.session().checkpoint().meta.learning_rate is None
        assert b'learning_rate": ' not in save_checkpoint(model.session().checkpoint())
