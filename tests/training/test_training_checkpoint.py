"""The checkpoint of a trained session: what it says of the training, and when it may not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from odt_core.checkpoint import load_checkpoint, save_checkpoint
from odt_core.evaluation import evaluate
from odt_core.evidence.origin import all_trained_on
from odt_core.runtime import load_model
from odt_core.samples import Labels, Samples
from odt_core.training import Callback, Control, Settings, fit

MODELS = Path(__file__).parents[1] / "runtime" / "models"
SETTINGS = Settings(epochs=3, batch_size=4, learning_rate=0.05, replay=0.0, seed=7)


def some(count: int, seed: int = 0) -> Samples:
    x = np.random.default_rng(seed).random((count, 8, 8, 1), np.float32)
    return Samples(x, np.arange(count) % 4, Labels.numbered(4))


@pytest.fixture
def session():
    return load_model(MODELS / "tiny_momentum.tflite").session()


@pytest.fixture
def trained(session):
    fit(session, some(8), SETTINGS)
    return session


def told(session) -> tuple[int, dict, int, bool]:
    checkpoint = session.checkpoint()
    meta = checkpoint.meta
    return meta.step, dict(meta.settings), meta.seed, checkpoint.progress is not None


class StopAfter(Callback):
    def __init__(self, step: int, control: Control) -> None:
        self.step, self.control = step, control

    def on_step_end(self, run, record) -> None:
        if record.step == self.step:
            self.control.stop()


UNTOLD = (0, {}, 0, False)


class TestTold:
    def test_training_is_told_without_being_asked_for(self, trained):
        evaluate(trained, some(8, 1))
        trained.use_threads(2)
        assert told(trained) == (6, SETTINGS.to_json(), 7, True)

    def test_samples_are_known_again(self, trained):
        checkpoint = load_checkpoint(save_checkpoint(trained.checkpoint()), trained.model)
        assert all_trained_on(checkpoint, some(8), None) is not None
        assert all_trained_on(checkpoint, some(8, 1), None) is None

    @pytest.mark.parametrize("average", [0.0, 0.5])
    def test_training_goes_on_from_it_as_from_its_history(self, session, average):
        settings = Settings(epochs=4, batch_size=4, learning_rate=0.05, replay=0.0, average=average)
        control = Control()
        other = session.model.session()
        whole = fit(other, some(8), settings)
        fit(session, some(8), settings, [StopAfter(6, control)], control=control)
        half = load_checkpoint(save_checkpoint(session.checkpoint()), session.model)
        assert half.progress.step == 6
        fresh = session.model.session()
        fresh.restore(half)
        assert fit(fresh, some(8), settings, start=half.progress).steps == whole.steps == 8
        for name, value in other.state().items():
            np.testing.assert_array_equal(fresh.state()[name], value)

    def test_training_is_told_after_a_run_that_was_stopped_before_its_first_step(self, trained):
        control = Control()
        control.stop()
        fit(trained, some(8, 1), SETTINGS, control=control)
        assert told(trained) == (6, SETTINGS.to_json(), 7, True)

    def test_what_is_given_comes_first_and_is_no_progress_of_the_training(self, trained):
        checkpoint = trained.checkpoint(step=99)
        assert (checkpoint.meta.step, checkpoint.meta.seed) == (99, 7)
        assert checkpoint.progress is None

    def test_state_is_written_once(self, trained):
        size = sum(value.nbytes for value in trained.state().values())
        assert len(save_checkpoint(trained.checkpoint())) < size + 4000


class TestUntold:
    @pytest.mark.parametrize(
        "change",
        [
            lambda session: session.load_state(session.model.session().state()),
            lambda session: session.restore(session.model.session().checkpoint()),
            lambda session: session.train_step(some(4).x, some(4).y),
            lambda session: session.reset(),
            lambda session: setattr(session, "learning_rate", 0.5),
        ],
        ids=["load_state", "restore", "train_step", "reset", "learning_rate"],
    )
    def test_training_is_not_claimed_for_what_it_did_not_give(self, trained, change):
        change(trained)
        assert told(trained) == UNTOLD

    def test_session_that_was_never_trained_tells_none(self, session):
        assert told(session) == UNTOLD

    def test_run_without_a_step_tells_none(self, session):
        control = Control()
        control.stop()
        fit(session, some(8), SETTINGS, control=control)
        assert told(session) == UNTOLD

    def test_run_without_a_step_does_not_tell_the_training_before_its_start(self, trained):
        """It goes on from the weights of the file."""
        control = Control()
        control.stop()
        fresh = trained.model.session()
        start = fit(fresh, some(8), SETTINGS, control=control).progress
        fit(trained, some(8), SETTINGS, start=start, control=control)
        assert told(trained) == UNTOLD
