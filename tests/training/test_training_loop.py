"""The loop: what it trains, measures, saves and refuses, and that it can go on exactly."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odt_core.checkpoint import Checkpoint, load_checkpoint_file, save_checkpoint_file
from odt_core.errors import SettingsError, TrainingError
from odt_core.evaluation import evaluate
from odt_core.runtime import Session, load_model
from odt_core.samples import Augmentation, Labels, Samples
from odt_core.training import (
    Autosave,
    Callback,
    Control,
    EvaluationRecord,
    History,
    Outcome,
    Reason,
    Record,
    Run,
    Settings,
    fit,
    loop,
)
from odt_core.training.checks import fingerprint
from odt_core.training.history import Score
from odt_core.training.judge import Judge
from odt_core.training.sets import Sets
from odt_core.training.settings import Schedule
from tests.bright_pixels import LABELS, some

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "tests" / "runtime" / "models"
SETTINGS = Settings(
    epochs=12,
    batch_size=8,
    learning_rate=0.05,
    schedule=Schedule.COSINE,
    replay=0.25,
    distil=0.3,
    augment=0.5,
    average=0.5,
    seed=4,
)


@pytest.fixture
def session() -> Session:
    return load_model(MODELS / "tiny_momentum.tflite").session()


def same(one: dict, two: dict) -> None:
    assert one.keys() == two.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name], err_msg=name)


class StopAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, run: Run, record: Record) -> None:
        if record.step == self.step:
            run.control.stop()


class TestLearning:
    def test_own_samples_are_learnt(self, session):
        settings = Settings(epochs=40, batch_size=8, learning_rate=0.1)
        history = fit(session, some(20), settings, test=some(40, 1))
        assert history.outcome is Outcome.FINISHED
        assert history.steps == history.total == len(history.records) == 40 * 3
        assert history.evaluations[0].step == 0
        assert history.evaluations[-1].step == 120
        assert history.evaluations[-1].test.accuracy == 1.0
        assert history.evaluations[0].test.accuracy < 0.6
        assert evaluate(session, some(40, 1)).accuracy == 1.0

    def test_records_hold_the_models_loss_and_our_own_figures(self, session):
        settings = Settings(epochs=2, batch_size=8, learning_rate=0.05, measure_every=3)
        history = fit(session, some(16), settings)
        assert [r.step for r in history.records] == [1, 2, 3, 4]
        assert [r.epoch for r in history.records] == [0, 0, 1, 1]
        assert [r.accuracy is not None for r in history.records] == [True, False, True, True]
        assert history.records[-1].cross_entropy > 0
        assert all(r.seconds > 0 and r.learning_rate == 0.05 for r in history.records)

    def test_run_that_changes_no_weight_says_so(self, session, monkeypatch):
        with monkeypatch.context() as fault:
            fault.setattr(session, "train_features", lambda features, y: 1.0)
            still = fit(session, some(8), Settings(epochs=1, batch_size=4))
        assert still.message == (
            "Finished all 2 steps. No weight has changed: the learning rate is 0, or an input that "
            "the model's step goes by was filled with zeros."
        )
        moved = fit(session, some(8), Settings(epochs=1, batch_size=4, learning_rate=0.01))
        assert moved.message == "Finished all 2 steps."
        assert (still.learnt, moved.learnt) == (False, True)

    def test_run_of_one_step_reads_well(self, session):
        settings = Settings(epochs=1, batch_size=8, learning_rate=0.01)
        assert fit(session, some(8), settings).message == "Finished 1 step."

    def test_single_sample_and_single_label_train(self, session):
        history = fit(session, some(1), Settings(epochs=3, batch_size=4))
        assert history.outcome is Outcome.FINISHED
        assert history.steps == 3

    def test_averaged_weights_are_the_mean_of_the_last_steps(self, session):
        states: list[dict] = []

        class Keep(Callback):
            def on_step_end(self, run: Run, record: Record) -> None:
                states.append(run.session.state())

        settings = Settings(epochs=5, batch_size=8, replay=0.0, average=0.4, learning_rate=0.1)
        fit(session, some(16), settings, [Keep()])
        mean = np.mean([s["dense/kernel"].astype(np.float64) for s in states[-4:]], axis=0)
        np.testing.assert_array_equal(session.state()["dense/kernel"], mean.astype(np.float32))

    def test_soft_targets_move_towards_the_base_models_answers(self, session):
        replay = some(40, 2)
        wrong = replace(replay, y=(replay.y + 1) % 4)
        base = session.predict_proba(replay.x)
        distances = []
        for distil in (0.0, 1.0):
            session.reset()
            settings = Settings(epochs=60, batch_size=16, replay=0.9, distil=distil)
            fit(session, some(4), settings, replay=wrong)
            distances.append(np.abs(session.predict_proba(replay.x) - base).mean())
        assert distances[1] < distances[0] / 2


class TestBaseTestSet:
    def test_label_that_was_turned_off_is_no_label_forgotten(self, session):
        """Its samples are still answered by the base model's labels: a run begins at the base."""
        base_test = some(40, 3)
        fit(session, some(40, 5), replace(SETTINGS, replay=0.0))
        expected = evaluate(session, base_test).correct
        own = some(12)
        kept = own.y != 2
        own = Samples(own.x[kept], own.y[kept], Labels(("0", "1", None, "3")))
        history = fit(session, own, replace(SETTINGS, replay=0.0), base_test=base_test)
        assert expected > 30
        assert history.evaluations[0].base_test.correct == expected


class TestDeterminism:
    def test_same_seed_gives_the_same_weights_and_another_seed_others(self, session):
        states = []
        for seed in (4, 4, 5):
            session.reset()
            fit(session, some(12), replace(SETTINGS, seed=seed), replay=some(40, 2))
            states.append(session.state())
        same(states[0], states[1])
        assert not np.array_equal(states[0]["dense/kernel"], states[2]["dense/kernel"])

    def test_autosave_takes_what_can_be_called(self):
        with pytest.raises(SettingsError, match="called with each checkpoint, not str"):
            Autosave("me.safetensors")

    def test_short_run_is_scored_at_even_steps_on_the_way(self, session, monkeypatch):
        found = []
        for moment in (60.0, 0.0):
            monkeypatch.setattr(loop, "MOMENT", moment)
            monkeypatch.setattr(loop, "EVALUATION_SHARE", 1e-9)  # not by the clock
            session.reset()
            history = fit(session, some(12), SETTINGS, test=some(8, 1))
            found.append([one.step for one in history.evaluations])
        often, seldom = found
        assert len(often) > 5
        assert len(set(np.diff(often)[:-1])) == 1
        assert seldom == [0, history.total]

    def test_evaluating_measuring_and_saving_do_not_change_the_weights(self, session):
        fit(session, some(12), SETTINGS, replay=some(40, 2))
        plain = session.state()
        session.reset()
        settings = replace(SETTINGS, evaluate_every=1)
        fit(
            session,
            some(12),
            settings,
            [Autosave(every_seconds=0)],
            test=some(8, 1),
            replay=some(40, 2),
            base_test=some(40, 3),
        )
        same(session.state(), plain)


RESUME = """
import sys
sys.path.insert(0, {here!r})
from test_training_loop import SETTINGS, some
from odt_core.checkpoint import load_checkpoint_file, save_checkpoint_file
from odt_core.runtime import load_model
from odt_core.training import fit
model = load_model(sys.argv[1])
session = model.session()
checkpoint = load_checkpoint_file(sys.argv[2], model)
session.restore(checkpoint)
history = fit(session, some(12), SETTINGS, replay=some(40, 2), test=some(8, 1),
              start=checkpoint.progress)
assert history.steps == history.total, history
save_checkpoint_file(session.checkpoint(step=history.steps), sys.argv[3])
"""


class TestGoingOn:
    @pytest.mark.parametrize("name", ["tiny_momentum", "tiny_adam"])
    @pytest.mark.parametrize("stop_at", [1, 13, 23])
    def test_stop_save_load_in_a_new_process_equals_never_having_stopped(
        self, tmp_path, name, stop_at
    ):
        model = load_model(MODELS / f"{name}.tflite")
        whole = model.session()
        fit(whole, some(12), SETTINGS, replay=some(40, 2), test=some(8, 1))

        half = model.session()
        saved: list[Checkpoint] = []
        history = fit(
            half,
            some(12),
            SETTINGS,
            [StopAt(stop_at), Autosave(lambda c, r: saved.append(c) if r is Reason.END else None)],
            replay=some(40, 2),
            test=some(8, 1),
        )
        assert (history.outcome, history.steps, history.total) == (Outcome.STOPPED, stop_at, 36)
        save_checkpoint_file(saved[0], tmp_path / "half.safetensors")
        subprocess.run(
            [
                sys.executable,
                "-c",
                RESUME.format(here=str(Path(__file__).parent)),
                str(MODELS / f"{name}.tflite"),
                str(tmp_path / "half.safetensors"),
                str(tmp_path / "end.safetensors"),
            ],
            check=True,
            cwd=ROOT,
            timeout=60,
        )
        end = load_checkpoint_file(tmp_path / "end.safetensors", model)
        same(dict(end.state), whole.state())

    def test_periodic_checkpoint_in_the_middle_goes_on_exactly_too(self, session):
        fit(session, some(12), SETTINGS, replay=some(40, 2))
        whole = session.state()
        saved: list[Checkpoint] = []
        session.reset()
        fit(
            session,
            some(12),
            SETTINGS,
            [Autosave(lambda c, r: saved.append(c), 0)],
            replay=some(40, 2),
        )
        middle = next(c for c in saved if c.meta.step == 17)
        session.reset()
        session.restore(middle)
        fit(session, some(12), SETTINGS, replay=some(40, 2), start=middle.progress)
        same(session.state(), whole)

    def test_progress_of_other_samples_or_settings_is_refused_and_changes_nothing(self, session):
        progress = fit(session, some(12), SETTINGS, [StopAt(3)]).progress
        before = session.state()
        with pytest.raises(TrainingError, match="samples or settings have changed"):
            fit(session, some(13), SETTINGS, start=progress)
        with pytest.raises(TrainingError, match="samples or settings have changed"):
            fit(session, some(12), replace(SETTINGS, epochs=13), start=progress)
        same(session.state(), before)

    def test_run_that_cannot_measure_its_steps_changes_nothing(self, session, monkeypatch):
        def fail(*_):
            raise MemoryError

        progress = fit(session, some(12), SETTINGS, [StopAt(3)]).progress
        session.reset()
        before = session.state()
        monkeypatch.setattr("odt_core.training.loop.choose_threads", fail)
        with pytest.raises(MemoryError):
            fit(session, some(12), SETTINGS, start=progress, threads=2)
        same(session.state(), before)

    @pytest.mark.parametrize(("seed", "expected"), [(1, 0), (2, 3)])
    def test_best_so_far_counts_on_the_same_test_samples_alone(self, session, seed, expected):
        best = {"best_step": 0, "best_correct": 99, "best_cross_entropy": 0.0}
        settings = replace(SETTINGS, evaluate_every=100)
        progress = fit(session, some(12), settings, [StopAt(3)], test=some(8, 1)).progress
        first: list[int | None] = []

        class Look(Callback):
            def on_evaluate(self, run: Run, evaluation: EvaluationRecord) -> None:
                first.append(run.progress().best_step)

        progress = replace(progress, **best)
        fit(session, some(12), settings, [Look()], test=some(8, seed), start=progress)
        assert first[0] == expected

    def test_best_so_far_of_an_older_file_still_counts(self, session):
        progress = fit(session, some(12), SETTINGS, [StopAt(3)], test=some(8, 1)).progress
        older = replace(progress, best_step=2, best_correct=99, best_on=None)
        history = fit(session, some(12), SETTINGS, test=some(8, 2), start=older)
        assert history.progress.best_step == 2

    def test_progress_of_another_augmentation_is_refused(self, session):
        given = {"augmentation": Augmentation(rotation=0.3)}
        progress = fit(session, some(12), SETTINGS, [StopAt(3)], **given).progress
        with pytest.raises(TrainingError, match="samples or settings have changed"):
            fit(session, some(12), SETTINGS, start=progress)
        fit(session, some(12), SETTINGS, start=progress, **given)

    def test_features_are_those_of_the_weights_that_the_run_goes_on_with(self):
        """A frozen part that is not the file's, in a session that begins with the file's."""
        model = load_model(ROOT / "assets" / "models" / "digits.tflite")
        samples = model.prepare(model.card.load_people()["Writer 1"]).take(np.arange(20))
        settings = replace(SETTINGS, epochs=4, augment=0, replay=0, distil=0)

        def other() -> Session:
            session = model.session()
            frozen = session.contract.extract.reads
            state = session.state()
            session.load_state({k: v * 1.1 if k in frozen else v for k, v in state.items()})
            return session

        whole, half, rest = other(), other(), model.session()
        fit(whole, samples, settings)
        progress = fit(half, samples, settings, [StopAt(5)]).progress
        fit(rest, samples, settings, start=progress)
        same(rest.state(), whole.state())

    def test_going_on_from_the_end_is_finished_and_has_learnt(self, session):
        samples, settings = some(12), replace(SETTINGS, epochs=2)
        done = fit(session, samples, settings)
        again = fit(session, samples, settings, start=done.progress)
        assert (again.learnt, again.steps) == (True, done.steps)
        assert again.message == done.message

    def test_stop_before_the_first_step_ends_at_step_zero(self, session):
        control = Control()
        control.stop()
        before = session.state()
        history = fit(session, some(12), SETTINGS, control=control)
        assert (history.outcome, history.steps, history.records) == (Outcome.STOPPED, 0, ())
        same(session.state(), before)


class TestControl:
    @pytest.mark.parametrize("order", [("stop", "pause"), ("pause", "stop")])
    def test_stop_wins_over_a_pause_before_it_or_after(self, order):
        control = Control()
        for ask in order:
            getattr(control, ask)()
        assert (control.stopped, control.paused) == (True, False)
        assert not control.proceed()

    def test_pause_waits_until_resume_in_another_thread(self):
        control = Control()
        control.pause()
        timer = threading.Timer(0.05, control.resume)
        timer.start()
        assert control.proceed()
        assert timer.finished.is_set()


class TestSaving:
    def test_checkpoints_come_at_start_best_and_end_with_what_they_are(self, session):
        saved: list[tuple[Reason, Checkpoint]] = []
        history = fit(
            session,
            some(20),
            Settings(epochs=30, batch_size=8, learning_rate=0.1, seed=7, evaluate_every=10),
            [Autosave(lambda c, r: saved.append((r, c)), every_seconds=1000)],
            test=some(40, 1),
        )
        reasons = [reason for reason, _ in saved]
        assert reasons[:2] == [Reason.START, Reason.BEST]
        assert reasons[-1] is Reason.END
        assert reasons.count(Reason.BEST) >= 2
        first, last = saved[0][1], saved[-1][1]
        assert (first.meta.step, last.meta.step) == (0, history.total)
        assert last.meta.seed == 7
        assert last.meta.labels == ("0", "1", "2", "3")
        assert last.meta.metrics["test"]["correct"] == 40
        same(dict(last.state), session.state())

    def test_scores_in_a_checkpoint_are_those_of_its_own_weights(self, session):
        saved: list[Checkpoint] = []
        settings, tests = replace(SETTINGS, evaluate_every=10), some(40, 1)
        fit(session, some(12), settings, [Autosave(lambda c, _: saved.append(c), 0)], test=tests)
        scored = [one for one in saved if one.meta.metrics]
        assert {one.meta.step for one in scored} == {0, 10, 20, 24}
        assert {one.meta.step for one in saved} == set(range(25))
        for one in scored:
            session.restore(one)
            found = evaluate(session, tests)
            told = one.meta.metrics["test"]
            assert (told["n"], told["correct"]) == (found.n, found.correct)
            assert told["cross_entropy"] == pytest.approx(found.cross_entropy)

    @pytest.mark.parametrize(
        ("every", "best", "steps"),
        [
            (4, False, [4, 8, 12, 16, 20]),
            (100, False, [5, 10, 15, 20]),
            (4, True, [5, 10, 15, 20]),  # each evaluation makes one of its own
        ],
    )
    def test_checkpoint_is_made_at_an_evaluation_that_comes_soon_and_waits_for_none(
        self, session, monkeypatch, every, best, steps
    ):
        class Clock(Callback):  # a second a step
            def __init__(self) -> None:
                self.now = 0.0

            def on_step_end(self, run: Run, record: Record) -> None:
                self.now += 1

            def monotonic(self) -> float:
                return self.now

        clock, saved = Clock(), []
        monkeypatch.setattr("odt_core.training.callbacks.time", clock)
        monkeypatch.setattr(Judge, "is_best", lambda *_: best)
        save = Autosave(
            lambda one, reason: saved.append(one.meta.step) if reason is Reason.PERIODIC else None,
            every_seconds=5,
        )
        settings = replace(SETTINGS, evaluate_every=every)
        fit(session, some(12), settings, [clock, save], test=some(8, 1))
        assert saved == steps


class TestLearningRateOfItsOwn:
    """A schedule ends near zero: what a person leaves with must still be able to learn."""

    FALLING = replace(SETTINGS, average=0.0, replay=0.0)

    @pytest.mark.parametrize("stop_at", [4, 1000])
    @pytest.mark.parametrize("average", [0.0, 0.5])
    def test_run_that_sets_the_rate_gives_it_back(self, session, stop_at, average):
        before = session.state()["learning_rate"]
        settings = replace(self.FALLING, average=average)
        history = fit(session, some(12), settings, [StopAt(stop_at)])
        assert history.records[-1].learning_rate < 0.05
        np.testing.assert_array_equal(session.state()["learning_rate"], before)

    def test_run_that_fails_or_diverges_gives_it_back(self, session):
        class Fail(Callback):
            def on_step_end(self, run: Run, record: Record) -> None:
                raise RuntimeError

        before = session.learning_rate
        with pytest.raises(RuntimeError):
            fit(session, some(12), self.FALLING, [Fail()])
        assert session.learning_rate == before
        history = fit(session, some(12), self.FALLING, [Poison(6)])
        assert (history.outcome, session.learning_rate) == (Outcome.DIVERGED, before)

    def test_checkpoints_and_files_made_on_the_way_have_it_too(self, session):
        saved: list[Checkpoint] = []
        baked: list[bytes] = []

        class Bake(Callback):
            def on_step_end(self, run: Run, record: Record) -> None:
                baked.append(run.session.bake())
                saved.append(run.session.checkpoint())

        before = session.learning_rate
        save = Autosave(lambda checkpoint, _: saved.append(checkpoint), every_seconds=0.0)
        settings = replace(self.FALLING, epochs=2)
        history = fit(session, some(12), settings, [Bake(), save], test=some(8, 1))
        states = [history.progress.state, *(one.state for one in saved)]
        states += [one.progress.state for one in saved if one.progress is not None]
        assert {float(state["learning_rate"]) for state in states} == {before}
        assert load_model(baked[-1]).session().learning_rate == before

    def test_run_that_leaves_the_rate_alone_goes_by_the_sessions_own(self, session):
        session.learning_rate = 0.25
        fit(session, some(12), self.FALLING)
        assert session.learning_rate == 0.25
        fit(session, some(12), replace(self.FALLING, learning_rate=None))
        assert session.learning_rate == 0.25


class Poison(Callback):
    """Spoils the weights after a step, as a diverging optimiser does."""

    def __init__(self, at: int) -> None:
        self.at = at

    def on_step_end(self, run: Run, record: Record) -> None:
        if record.step == self.at:
            state = run.session.state()
            state["dense/kernel"][0, 0] = np.nan
            run.session.put_back(state)


class TestJudge:
    def test_score_that_is_no_number_is_never_the_best(self, session):
        judge = Judge(session, Sets(some(8), test=some(8)))
        worse, better = (Score(4, None, None, squared, 1.0) for squared in (2.0, 1.0))
        assert not judge.is_best(Score(4, None, None, float("nan"), 1.0), 0)
        assert judge.best == (None, None)
        assert judge.is_best(worse, 1)
        assert not judge.is_best(Score(4, None, None, float("inf"), 1.0), 2)
        assert judge.is_best(better, 3)
        assert judge.best == (better, 3)

    def test_samples_that_are_equal_are_judged_once(self, session):
        tests = some(8)
        burst = tests.take(np.r_[np.arange(8), np.zeros(20, int)])
        once, again = (
            Judge(session, Sets(some(8), test=one)).scores()[0] for one in (tests, burst)
        )
        assert again == once
        assert again.n == 8

    def test_answers_that_are_no_numbers_are_no_score(self, session):
        state = session.state()
        session.put_back({name: np.full_like(value, np.nan) for name, value in state.items()})
        assert Judge(session, Sets(some(8), test=some(8))).scores() == (None, None)


class TestNanGuard:
    def test_nan_in_the_middle_goes_back_to_a_good_state_and_says_so(self, session):
        ended: list[History] = []

        class End(Callback):
            def on_train_end(self, run: Run, history: History) -> None:
                ended.append(history)

        settings = Settings(epochs=200, batch_size=8, learning_rate=0.05)
        history = fit(session, some(12), settings, [Poison(60), End()])
        assert history.outcome is Outcome.DIVERGED
        assert "diverged at step 61" in history.message
        assert "smaller learning rate" in history.message
        assert history.steps == 50
        assert np.isfinite(session.infer(some(4).x)).all()
        assert ended == [history]

    def test_weights_that_it_began_with_are_named_where_no_learning_rate_would_help(self, session):
        state = session.state()
        state["dense/kernel"] = np.full_like(state["dense/kernel"], 3e38)
        session.load_state(state)
        history = fit(session, some(12), replace(SETTINGS, distil=0.0), test=some(8))
        assert history.outcome is Outcome.DIVERGED
        assert "reset to the base model, or restore another checkpoint" in history.message
        assert "smaller" not in history.message

    def test_run_that_goes_on_and_goes_wrong_at_once_then_is_not_told_of_its_very_first_loss(
        self, session
    ):
        settings = Settings(epochs=20, batch_size=8, learning_rate=0.05)
        progress = fit(session, some(12), settings, [StopAt(5)]).progress
        grown = np.full_like(progress.state["dense/kernel"], 3e38)  # finite; its loss is not
        progress = replace(progress, state={**progress.state, "dense/kernel": grown})
        history = fit(session, some(12), settings, start=progress)
        assert history.outcome is Outcome.DIVERGED
        assert history.message.endswith("back at step 5. Try a smaller learning rate.")

    @pytest.mark.parametrize(
        ("at", "back"), [(1, "as it was before this run"), (60, "back at step 50")]
    )
    def test_run_that_went_wrong_says_which_of_its_steps_are_lost(self, session, at, back):
        fit(session, some(12), Settings(epochs=2))
        settings = Settings(epochs=200, batch_size=8, learning_rate=0.05)
        assert f"Your model is {back}." in fit(session, some(12), settings, [Poison(at)]).message

    @pytest.mark.parametrize("average", [0.0, 0.5])
    def test_weights_that_went_wrong_are_never_saved(self, session, average):
        saved: list[Checkpoint] = []
        save = Autosave(lambda checkpoint, _: saved.append(checkpoint), every_seconds=0.0)
        settings = Settings(epochs=20, batch_size=8, learning_rate=0.05, average=average)
        history = fit(session, some(12), settings, [Poison(30), save], test=some(8, seed=2))
        assert history.outcome is Outcome.DIVERGED
        assert len(saved) > 25
        for checkpoint in saved:
            for state in (checkpoint.state, checkpoint.progress.state):
                assert np.isfinite(state["dense/kernel"]).all()

    def test_nan_after_the_last_step_is_noticed(self, session):
        settings = Settings(epochs=10, batch_size=8, replay=0.0)
        history = fit(session, some(8), settings, [Poison(10)])
        assert history.outcome is Outcome.DIVERGED
        assert np.isfinite(session.infer(some(4).x)).all()

    def test_learning_rate_far_too_large_does_not_leave_a_broken_model(self, session):
        history = fit(session, some(12), Settings(epochs=300, batch_size=8, learning_rate=100.0))
        assert all(np.isfinite(a).all() for a in session.state().values())
        assert history.outcome in (Outcome.DIVERGED, Outcome.FINISHED)


class TestRefusals:
    def test_test_samples_of_another_shape_are_refused(self, session):
        wrong = Samples(np.zeros((3, 9, 9, 1), np.float32), np.arange(3), LABELS)
        with pytest.raises(TrainingError, match=r"The test samples have shape \[3, 9, 9, 1\]"):
            fit(session, some(8), SETTINGS, test=wrong)

    def test_settings_that_are_none_are_refused(self, session):
        with pytest.raises(SettingsError, match="not as dict"):
            fit(session, some(8), {})

    @pytest.mark.parametrize("threads", [0, -3])
    def test_impossible_threads_are_refused(self, session, threads):
        with pytest.raises(TrainingError, match=f"1 thread or more, not {threads}"):
            fit(session, some(8), SETTINGS, threads=threads)

    def test_nan_samples_are_refused_by_number(self, session):
        bad = some(5)
        bad.x[2, 1, 1, 0] = np.inf
        before = session.state()
        with pytest.raises(TrainingError, match=r"Sample 3 of the own samples.*not finite"):
            fit(session, bad, SETTINGS)
        same(session.state(), before)

    def test_samples_beyond_float32_are_refused_by_number(self, session):
        bad = some(5)
        bad = replace(bad, x=bad.x.astype(np.float64))
        bad.x[1, 0, 0, 0] = 1e300
        with pytest.raises(TrainingError, match=r"Sample 2 of the own samples"):
            fit(session, bad, SETTINGS)

    def test_test_samples_that_cannot_be_judged_by_are_refused(self, session):
        bad = some(5)
        bad.x[3] = np.nan
        with pytest.raises(TrainingError, match="Sample 4 of the test samples"):
            fit(session, some(12), SETTINGS, test=bad)
        swapped = replace(some(5), labels=Labels(("1", "0", "2", "3")))
        with pytest.raises(TrainingError, match="'1' is output 0 of the test samples and output 1"):
            fit(session, some(12), SETTINGS, test=swapped)

    def test_no_samples_are_refused(self, session):
        with pytest.raises(TrainingError, match="no samples"):
            fit(session, some(0), SETTINGS)

    def test_samples_of_another_shape_are_refused(self, session):
        bad = Samples(np.zeros((3, 4, 4, 1), np.float32), np.zeros(3, np.int64), LABELS)
        with pytest.raises(TrainingError, match="have shape"):
            fit(session, bad, SETTINGS)

    def test_model_without_train_is_refused_in_plain_words(self):
        session = load_model(MODELS / "tiny_inference.tflite").session()
        with pytest.raises(TrainingError, match="no 'train' signature"):
            fit(session, some(5), SETTINGS)


class TestOtherModels:
    def test_batch_size_in_a_checkpoint_is_the_one_trained_with(self):
        session = load_model(MODELS / "dialect_fixed_batches.tflite").session()  # of 16, 5 or 2
        samples = Samples(np.eye(6, dtype=np.float32), np.arange(6) % 3, Labels.numbered(3))
        saved: list[Checkpoint] = []
        save = Autosave(lambda checkpoint, _: saved.append(checkpoint))
        fit(session, samples, Settings(epochs=1, batch_size=5, learning_rate=None), [save])
        assert {one.meta.settings["batch_size"] for one in saved} == {6}

    def test_run_whose_checkpoints_have_the_batch_size_as_asked_for_goes_on_and_keeps_it(self):
        """As an older odt saved them; the model has steps for 16, 5 or 2 samples."""
        session = load_model(MODELS / "dialect_fixed_batches.tflite").session()
        samples = Samples(np.eye(6, dtype=np.float32), np.arange(6) % 3, Labels.numbered(3))
        settings = Settings(epochs=4, batch_size=5, learning_rate=None)
        half = fit(session, samples, settings, [StopAt(2)]).progress
        older = replace(half, fingerprint=fingerprint(settings, samples, None))
        whole = fit(session, samples, settings, start=half).progress
        again = fit(session, samples, settings, start=older).progress
        assert session.checkpoint().meta.settings["batch_size"] == 5
        assert (again.step, again.fingerprint) == (4, older.fingerprint)
        same(again.state, whole.state)

    def test_regression_model_of_static_batch_one_trains(self):
        path = ROOT / "tests" / "models" / "flutter_litert__training_model.tflite"
        session = load_model(path).session()
        x = np.array([[0.0], [1.0], [2.0], [3.0]], np.float32)
        samples = Samples(x, np.array([0, 0, 0, 0]), Labels.numbered(1))
        history = fit(session, samples, Settings(epochs=30, batch_size=4, replay=0.0))
        assert history.outcome is Outcome.FINISHED
        assert history.records[-1].accuracy is None
        assert history.evaluations == ()
