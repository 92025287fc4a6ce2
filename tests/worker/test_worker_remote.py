"""Worker processes: the same answers, training events, and death in plain words."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from odt_core.dialects import Choice
from odt_core.dialects.contract import OutputKind
from odt_core.errors import CheckpointError, ModelError, SignatureError, TrainingError, WorkerError
from odt_core.evaluation import evaluate
from odt_core.runtime import load_model
from odt_core.samples import Samples
from odt_core.training import Outcome, Settings, fit
from odt_core.training.events import (
    Ended,
    Evaluated,
    Event,
    Failed,
    Paused,
    Progressed,
    Saved,
    Started,
    Waiting,
)
from odt_core.worker import Worker, limits
from odt_core.worker.nursery import nursery
from odt_core.worker.turns import CoreShares
from tests.bright_pixels import LABELS, some
from tests.processes import gone

MODEL = Path(__file__).parents[1] / "runtime" / "models" / "tiny_momentum.tflite"
SETTINGS = Settings(epochs=10, batch_size=8, learning_rate=0.05, distil=0.5)
ENDLESS = Settings(epochs=10_000, batch_size=8)


@pytest.fixture
def worker():
    with Worker.start(MODEL.read_bytes()) as started:
        yield started


class Events:
    """Collects events and waits for the last."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self._end = threading.Event()

    def __call__(self, event: Event) -> None:
        self.all.append(event)
        if isinstance(event, Ended | Failed):
            self._end.set()

    @property
    def step(self) -> int:
        """The newest step that was told."""
        told = [e.records[-1].step for e in list(self.all) if isinstance(e, Progressed)]
        return told[-1] if told else 0

    def told(self, kind: type[Event]) -> int:
        """How often an event of this kind came."""
        return sum(isinstance(event, kind) for event in list(self.all))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def last(self, seconds: float = 120) -> Event:
        assert self._end.wait(seconds)
        return self.all[-1]


def training(worker: Worker, settings: Settings, samples: Samples | None = None, **more) -> Events:
    events = Events()
    worker.fit(samples or some(12), settings, on_event=events, **more)
    return events


class TestAnswers:
    def test_both_scores_when_trained_are_those_of_each_session(self, worker):
        training(worker, SETTINGS).last()
        x = some(20).x
        for found, which in zip(worker.both_scores(x), ("base", "own"), strict=True):
            scores, kind = worker.scores(x, which)
            np.testing.assert_array_equal(found[0], scores)
            assert found[1] is kind
        base, own = worker.both_scores(x)
        assert not np.array_equal(base[0], own[0])

    def test_worker_says_what_an_in_process_session_says(self, worker):
        model, x = load_model(MODEL), some(20).x
        session = model.session()
        np.testing.assert_array_equal(worker.infer(x), session.infer(x))
        np.testing.assert_array_equal(
            worker.predict_proba(x, LABELS), session.predict_proba(x, LABELS)
        )
        assert worker.sha256 == model.sha256
        assert worker.contract == model.contract
        assert worker.description == model.description
        state = session.state()
        assert worker.state().keys() == state.keys()
        for name, array in state.items():
            np.testing.assert_array_equal(worker.state()[name], array)

    def test_evaluate_takes_either_of_its_sessions(self, worker):
        samples = some(20)
        own, base = evaluate(worker.own, samples), evaluate(worker.base, samples)
        assert own.n == 20
        np.testing.assert_array_equal(own.predictions, base.predictions)

    def test_load_state_and_reset_change_own_alone(self, worker):
        x = some(4).x
        before = worker.infer(x)
        worker.load_state({name: array * 0 for name, array in worker.state().items()})
        np.testing.assert_array_equal(worker.infer(x), np.zeros((4, 4)))
        np.testing.assert_array_equal(worker.infer(x, "base"), before)
        worker.reset()
        np.testing.assert_array_equal(worker.infer(x), before)

    def test_samples_of_different_lengths_are_refused_as_a_session_refuses_them(self, worker):
        for ask in (worker.infer, worker.predict_proba, worker.bottlenecks, worker.base.infer):
            with pytest.raises(SignatureError, match="must all have the same shape"):
                ask([[1.0, 2.0], [3.0]])

    def test_numpys_numbers_are_taken_as_numbers(self, worker):
        assert worker.profile(np.int64(8)).batch == 8

    def test_question_that_cannot_be_sent_is_refused_and_the_next_one_answered(self, worker):
        with pytest.raises(WorkerError, match="value of the type ndarray"):
            worker.profile(np.array([8]))
        with pytest.raises(WorkerError, match="lists of different lengths"):
            worker.run("infer", x=[[1.0], [1.0, 2.0]])
        assert not worker._link._pending
        assert worker.infer(some(1).x).shape == (1, 4)

    def test_errors_keep_their_type_and_the_worker_its_life(self, worker):
        with pytest.raises(SignatureError, match="got"):
            worker.infer(np.zeros((1, 3, 3, 1), np.float32))
        with pytest.raises(CheckpointError, match="another model"):
            worker.load_state({})
        assert worker.infer(some(1).x).shape == (1, 4)

    @pytest.mark.parametrize("content", [b"", b"some text, not a model", MODEL.read_bytes()[:900]])
    def test_start_with_a_bad_model_raises_a_model_error(self, content):
        with pytest.raises(ModelError):
            Worker.start(content)

    def test_many_threads_may_ask_at_once(self, worker):
        x = some(8).x
        expected = worker.infer(x)
        wrong: list[object] = []

        def ask() -> None:
            for _ in range(20):
                if not np.array_equal(worker.infer(x), expected):
                    wrong.append(1)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


class TestFit:
    def test_fit_ends_with_the_weights_of_an_in_process_fit(self, worker):
        events = Events()
        worker.fit(some(12), SETTINGS, test=some(8, 1), replay=some(40, 2), on_event=events)
        end = events.last()
        session = load_model(MODEL).session()
        history = fit(session, some(12), SETTINGS, test=some(8, 1), replay=some(40, 2))
        assert isinstance(end, Ended)
        assert (end.outcome, end.steps) == (Outcome.FINISHED, history.steps)
        state = worker.state()
        for name, array in session.state().items():
            np.testing.assert_array_equal(state[name], array, err_msg=name)

    def test_events_come_in_order_and_tell_every_step_once(self, worker):
        events = Events()
        worker.fit(some(12), SETTINGS, test=some(8, 1), on_event=events)
        events.last()
        assert isinstance(events.all[0], Started)
        steps = [r.step for e in events.all for r in getattr(e, "records", ())]
        assert steps == list(range(1, events.all[0].total + 1))
        saved = [e.reason.value for e in events.all if isinstance(e, Saved)]
        assert saved[0] == "start"
        assert saved[-1] == "end"

    def test_training_when_it_is_not_saved_sends_no_checkpoint(self, worker):
        events = training(worker, SETTINGS, test=some(8, 1), autosave_seconds=None)
        assert isinstance(events.last(), Ended)
        assert events.told(Saved) == 0
        assert events.told(Evaluated) > 0

    def test_infer_and_state_are_answered_while_training_runs(self, worker):
        events = training(worker, ENDLESS)
        before = worker.infer(some(4).x, "base")
        seen = {worker.infer(some(4).x).tobytes() for _ in range(5) if not time.sleep(0.01)}
        assert len(seen) > 1  # the newest weights each time
        assert worker.training
        np.testing.assert_array_equal(worker.infer(some(4).x, "base"), before)
        assert worker.state().keys() == set(load_model(MODEL).variables)
        worker.stop()
        assert isinstance(events.last(10), Ended)

    def test_pause_holds_the_step_and_resume_goes_on(self, worker):
        events = training(worker, ENDLESS)
        worker.pause()
        events.wait_for(lambda: any(isinstance(event, Paused) for event in events.all))
        held = worker.infer(some(4).x)
        step = events.step
        time.sleep(0.1)
        assert events.step == step
        np.testing.assert_array_equal(worker.infer(some(4).x), held)
        worker.resume()
        events.wait_for(lambda: events.step > step)
        worker.stop()
        end = events.last(10)
        assert isinstance(end, Ended)
        assert end.outcome is Outcome.STOPPED

    def test_stop_while_paused_ends_at_the_step_that_was_told(self, worker):
        events = training(worker, ENDLESS)
        events.wait_for(lambda: events.step > 0)
        time.sleep(0.02)  # between two events of step records
        worker.pause()
        events.wait_for(lambda: events.told(Paused) == 1)
        paused_at = events.step
        worker.stop()
        end = events.last(10)
        assert isinstance(end, Ended)
        assert end.steps == paused_at

    def test_stop_then_go_on_equals_never_having_stopped(self, worker):
        settings = Settings(epochs=6000, batch_size=8, average=0.5, learning_rate=0.05)
        events = training(worker, settings, replay=some(40, 2))
        events.wait_for(lambda: events.step >= 20)
        worker.stop()
        end = events.last(10)
        assert isinstance(end, Ended)
        assert 20 <= end.progress.step < end.progress.total
        with Worker.start(MODEL.read_bytes()) as other:
            training(other, settings, replay=some(40, 2), start=end.progress).last()
            state = other.state()
        session = load_model(MODEL).session()
        fit(session, some(12), settings, replay=some(40, 2))
        for name, array in session.state().items():
            np.testing.assert_array_equal(state[name], array, err_msg=name)

    def test_second_fit_and_load_state_are_refused_while_one_runs(self, worker):
        events = training(worker, ENDLESS)
        with pytest.raises(TrainingError, match="already running"):
            worker.fit(some(12), SETTINGS, on_event=Events())
        with pytest.raises(TrainingError, match="while it trains"):
            worker.load_state(worker.state())
        with pytest.raises(TrainingError, match="while it trains"):
            worker.reset()
        worker.stop()
        events.last(10)

    def test_fit_that_cannot_start_fails_with_the_reason_and_a_new_one_works(self, worker):
        bad = some(12)
        bad.x[3, 0, 0, 0] = np.nan
        failed = training(worker, SETTINGS, bad).last(10)
        assert isinstance(failed, Failed)
        assert "Sample 4 of the own samples" in failed.message
        assert not failed.died
        assert isinstance(training(worker, SETTINGS).last(), Ended)

    def test_seconds_of_numpys_are_taken_and_what_is_no_number_leaves_no_run_behind(self, worker):
        for refused in (np.ones(2), object()):
            with pytest.raises(WorkerError, match="value of the type"):
                training(worker, SETTINGS, autosave_seconds=refused)
            assert not worker.training
        assert isinstance(training(worker, SETTINGS, autosave_seconds=np.float32(5)).last(), Ended)


class TestDeath:
    @pytest.mark.parametrize(
        ("number", "name"), [(signal.SIGKILL, "9 (SIGKILL)"), (signal.SIGSEGV, "11 (SIGSEGV)")]
    )
    def test_killed_in_the_middle_of_training_is_told_in_plain_words(self, worker, number, name):
        events = training(worker, ENDLESS)
        events.wait_for(lambda: events.step > 0)
        os.kill(worker.pid, number)
        failed = events.last(30)
        assert isinstance(failed, Failed)
        assert failed.died
        assert f"killed by signal {name}" in failed.message
        assert not worker.alive
        with pytest.raises(WorkerError, match="killed by signal"):
            worker.infer(some(1).x)
        with pytest.raises(WorkerError, match="killed by signal"):
            worker.fit(some(12), SETTINGS, on_event=Events())

    def test_worker_when_the_reader_trips_over_its_message_then_is_ended_and_says_so(
        self, worker, monkeypatch, caplog
    ):
        def trip(message):
            raise RecursionError

        monkeypatch.setattr("odt_core.worker.link.unpack_event", trip)
        failed = training(worker, ENDLESS).last(10)
        assert isinstance(failed, Failed)
        assert "a message that makes no sense. It was ended." in failed.message
        assert not worker.alive
        assert not worker.training
        assert gone(worker.pid)
        assert "RecursionError" in caplog.text

    def test_death_of_one_is_not_noticed_by_another(self, worker):
        with Worker.start(MODEL.read_bytes()) as other:
            os.kill(other.pid, signal.SIGKILL)
            assert gone(other.pid)
            assert worker.infer(some(1).x).shape == (1, 4)

    def test_call_that_hangs_is_ended_by_its_deadline(self, worker, monkeypatch):
        monkeypatch.setattr("odt_core.worker.link.CALL_SECONDS", 0.3)
        os.kill(worker.pid, signal.SIGSTOP)
        with pytest.raises(WorkerError, match="did not answer"):
            worker.infer(some(1).x)
        assert gone(worker.pid)

    def test_close_ends_the_process_and_later_calls_say_so(self):
        worker = Worker.start(MODEL.read_bytes())
        worker.close()
        worker.close()
        assert gone(worker.pid)
        with pytest.raises(WorkerError, match="was closed"):
            worker.state()

    def test_worker_that_nobody_holds_ends(self):
        worker = Worker.start(MODEL.read_bytes())
        pid = worker.pid
        del worker
        gc.collect()
        assert gone(pid)

    def test_process_outlives_the_thread_that_started_it(self):
        started: list[Worker] = []
        thread = threading.Thread(target=lambda: started.append(Worker.start(MODEL.read_bytes())))
        thread.start()
        thread.join()
        with started[0] as worker:
            assert worker.infer(some(1).x).shape == (1, 4)


class TestProcess:
    def test_workers_end_with_their_owner_even_when_they_hang(self):
        owner = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sys, time; from odt_core.worker import Worker; "
                "workers = [Worker.start(open(sys.argv[1], 'rb').read()) for _ in range(2)]; "
                "print(*[w.pid for w in workers], flush=True); time.sleep(60)",
                str(MODEL),
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=MODEL.parents[3],
        )
        assert owner.stdout is not None
        pids = [int(word) for word in owner.stdout.readline().split()]
        os.kill(pids[0], signal.SIGSTOP)
        owner.kill()
        owner.wait()
        owner.stdout.close()
        assert [gone(pid) for pid in pids] == [True, True]

    def test_worker_has_limits_and_neither_tensorflow_nor_streamlit(self, worker):
        maps = Path(f"/proc/{worker.pid}/maps")
        if not maps.exists():
            pytest.skip("needs /proc")
        libraries = maps.read_text()
        assert "tensorflow/" not in libraries
        assert "streamlit" not in libraries
        lines = Path(f"/proc/{worker.pid}/limits").read_text().splitlines()[1:]
        held = {line[:25].strip(): line[25:].split()[:2] for line in lines}
        assert held["Max core file size"] == held["Max file size"] == ["0", "0"]
        assert held["Max open files"] == [str(limits.OPEN_FILES)] * 2
        assert held["Max address space"] == [str(limits.address_space())] * 2

    def test_worker_when_no_further_file_can_be_opened_says_so(self, monkeypatch):
        def full():
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        monkeypatch.setattr("odt_core.worker.nursery.socket.socketpair", full)
        with pytest.raises(WorkerError, match="no further connection"):
            Worker.start(MODEL.read_bytes())

    def test_nursery_has_one_thread_as_forking_demands(self, worker):
        tasks = Path(f"/proc/{nursery().pid}/task")
        if not tasks.exists():
            pytest.skip("needs /proc")
        assert len(list(tasks.iterdir())) == 1


class TestTurns:
    """More trainings than cores: a machine of one core is made up."""

    @pytest.fixture(autouse=True)
    def _one_core(self, monkeypatch):
        monkeypatch.setattr("odt_core.worker.link.turns", CoreShares(1, slice_seconds=0.2))

    @pytest.fixture
    def other(self):
        with Worker.start(MODEL.read_bytes()) as started:
            yield started

    def test_fit_when_two_train_on_one_core_then_they_take_turns(self, worker, other):
        ours, theirs = training(worker, ENDLESS), training(other, ENDLESS)
        ours.wait_for(lambda: ours.told(Waiting) >= 2 and theirs.told(Waiting) >= 2)
        assert ours.step > 0
        assert theirs.step > 0
        worker.stop()  # also when it is not its turn
        other.stop()
        assert ours.last().outcome is Outcome.STOPPED
        assert theirs.last().outcome is Outcome.STOPPED

    def test_pause_when_another_waits_then_it_gets_the_core_until_resume(self, worker, other):
        ours = training(worker, ENDLESS)
        ours.wait_for(lambda: ours.step > 0)
        worker.pause()
        theirs = training(other, ENDLESS)
        theirs.wait_for(lambda: theirs.step > 0)
        waited = theirs.told(Waiting)
        time.sleep(0.5)  # longer than a slice
        assert theirs.told(Waiting) == waited
        before = ours.step
        worker.resume()
        ours.wait_for(lambda: ours.step > before)

    def test_resume_when_its_steps_use_both_cores_then_another_waits(
        self, worker, other, monkeypatch
    ):
        shares = CoreShares(2, slice_seconds=1000)
        monkeypatch.setattr("odt_core.worker.link.turns", shares)
        ours = training(worker, ENDLESS)
        ours.wait_for(lambda: ours.step > 0)
        worker._link._tell(Started(step=0, total=1, threads=2))
        worker.pause()
        worker.resume()
        theirs = training(other, ENDLESS)
        theirs.wait_for(lambda: theirs.told(Waiting) == 1)
        before = ours.step
        ours.wait_for(lambda: ours.step > before)
        assert theirs.step == 0

    def test_fit_when_it_takes_turns_then_the_weights_are_those_of_training_alone(
        self, worker, other
    ):
        fit(alone := load_model(MODEL).session(), some(12), SETTINGS)
        rival = training(other, ENDLESS)
        rival.wait_for(lambda: rival.step > 0)
        assert training(worker, SETTINGS).last().outcome is Outcome.FINISHED
        expected, got = alone.state(), worker.state()
        assert all(np.array_equal(got[name], expected[name]) for name in expected)

    def test_infer_when_another_training_hangs_on_to_the_core_then_it_answers(self, worker, other):
        rival = training(other, ENDLESS)
        rival.wait_for(lambda: rival.step > 0)
        assert worker.infer(some(3).x).shape == (3, 4)

    def test_kill_when_it_has_the_core_then_the_next_one_gets_it(self, worker, other):
        ours = training(worker, ENDLESS)
        ours.wait_for(lambda: ours.step > 0)
        theirs = training(other, ENDLESS)
        os.kill(worker.pid, signal.SIGKILL)
        theirs.wait_for(lambda: theirs.step > 0)
        assert ours.last().died


def test_scores_when_nobody_knows_their_kind_then_the_numbers_tell():
    path = MODEL.with_name("dialect_restore.tflite")
    with Worker.start(path.read_bytes(), choice=Choice(output_kind=OutputKind.UNKNOWN)) as worker:
        assert worker.contract.infer.kind is OutputKind.UNKNOWN
        x = np.zeros((2, *worker.contract.input_shape), np.float32)
        scores, kind = worker.scores(x)
        assert kind is OutputKind.PROBABILITIES
        assert np.array_equal(scores, worker.infer(x))


def test_worker_when_both_want_a_core_then_the_server_goes_first():
    with Worker.start(MODEL.read_bytes()) as worker:
        own, its = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, worker.pid))
    assert its == min(own + 5, 19)
