"""The trainings of a study, side by side: nothing that is found depends on what ran when."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from odt_core.errors import WorkerError
from odt_core.evaluation import evaluate, state_digest
from odt_core.studies import (
    StudyProgress,
    WorkerTrainer,
    negative_controls,
    samples_needed,
)
from odt_core.studies.study import never, quiet
from odt_core.studies.trainings import Training, train_each
from odt_core.worker import Worker
from tests.evaluation.evaluation_material import CARD, DIGITS, SHORT
from tests.studies.session_trainer import SessionTrainer

COUNTS = (1, 2, None)


@pytest.fixture
def worker() -> Iterator[WorkerTrainer]:
    with WorkerTrainer.start(DIGITS.read_bytes(), CARD) as started:
        yield started


@pytest.fixture
def always_helped(monkeypatch) -> None:
    """However few cores there are, and however short the trainings."""
    monkeypatch.setattr("odt_core.studies.trainer.usable_cores", lambda: 2)
    monkeypatch.setattr("odt_core.studies.trainings._LONG", 0.0)


class Counted(SessionTrainer):
    """Knows what it was trained on."""

    def __init__(self, model) -> None:
        super().__init__(model)
        self.trained: list[tuple[int, int]] = []  # samples, seed

    def train(self, samples, settings, **more) -> str:
        self.trained.append((len(samples), settings.seed))
        return super().train(samples, settings, **more)


@pytest.mark.usefixtures("always_helped")
class TestSideBySide:
    def test_studies_when_two_processes_share_them_find_what_one_session_finds(
        self, model, samples, worker
    ):
        alone = SessionTrainer(model)
        found = [
            (
                samples_needed(one, *samples, SHORT, per_label=COUNTS),
                negative_controls(one, *samples, SHORT),
            )
            for one in (alone, worker)
        ]
        assert repr(found[0]) == repr(found[1])  # arrays have no one equality
        base = state_digest(model.session().state())
        assert state_digest(worker.beside().state()) != base  # it has done its part

    def test_progress_goes_up_to_the_end_within_a_training_too(self, samples, worker):
        seen: list[StudyProgress] = []
        samples_needed(
            worker, *samples, replace(SHORT, epochs=200), per_label=(1, None), progress=seen.append
        )
        ways = [one.share for one in seen]
        assert ways == sorted(ways)
        assert (ways[0], ways[-1]) == (0.0, 1.0)
        assert len(set(ways)) > 2 * seen[-1].total
        assert [one.done for one in seen] == sorted(one.done for one in seen)

    def test_process_beside_when_it_dies_ends_the_study_with_its_error(self, samples, worker):
        os.kill(worker.beside().pid, signal.SIGKILL)
        with pytest.raises(WorkerError):
            samples_needed(worker, *samples, SHORT, per_label=COUNTS)

    def test_second_process_when_there_is_no_memory_for_it_is_done_without(self, model, samples):
        def refuse() -> Worker:
            raise WorkerError("There is not enough memory.")

        with Worker.start(DIGITS.read_bytes(), CARD) as only:
            got = samples_needed(WorkerTrainer(only, refuse), *samples, SHORT, per_label=(1,))
        assert got == samples_needed(SessionTrainer(model), *samples, SHORT, per_label=(1,))

    def test_close_ends_both_processes(self):
        one = WorkerTrainer.start(DIGITS.read_bytes(), CARD)
        other = one.beside()
        assert other is one.beside()
        assert other.pid != one.pid
        one.close()
        for closed in (one, other):
            with pytest.raises(WorkerError):
                closed.state()


def test_second_process_when_trainings_are_short_is_not_started(samples):
    with Worker.start(DIGITS.read_bytes(), CARD) as only:
        trainer = WorkerTrainer(only, lambda: pytest.fail("a second process was started"))
        samples_needed(trainer, *samples, SHORT, per_label=(1,), seeds=(0, 1))


def test_second_process_when_there_is_one_core_is_not_started(worker, monkeypatch):
    monkeypatch.setattr("odt_core.studies.trainer.usable_cores", lambda: 1)
    assert worker.beside() is None


class TestKnownWeights:
    def test_studies_when_the_weights_are_known_are_the_same_without_that_training(
        self, model, samples
    ):
        trainer = Counted(model)
        train, test = samples
        settings = replace(SHORT, seed=1)
        trainer.train(train, settings)
        weights, whole = trainer.state(), (len(train), 1)
        found, trained = [], []
        for known in (None, weights):
            trainer.trained.clear()
            found.append(
                (
                    samples_needed(trainer, train, test, settings, weights=known),
                    negative_controls(trainer, train, test, settings, weights=known),
                )
            )
            trained.append(list(trainer.trained))
        assert repr(found[0]) == repr(found[1])
        once = [one for one in trained[0] if one != whole]
        assert [one for one in trained[1] if one != whole] == once
        assert (trained[0].count(whole), trained[1].count(whole)) == (5, 3)  # three are shuffled

    def test_weights_that_are_given_are_what_is_asked(self, model, samples):
        train, test = samples
        trainer = SessionTrainer(model)
        base = trainer.state()
        (got,) = train_each(
            trainer, [Training("known", train, SHORT, weights=base)],
            lambda one: evaluate(one, test), replay=None, progress=quiet, stopped=never,
        )  # fmt: skip
        np.testing.assert_array_equal(got.predictions, evaluate(model.session(), test).predictions)
