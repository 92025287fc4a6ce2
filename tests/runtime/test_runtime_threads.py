"""More threads only where they are faster and nobody could tell from the weights."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from odt_core.bundled import bundled_models
from odt_core.errors import ModelError
from odt_core.runtime import Session, load_model, threads
from odt_core.runtime.threads import Work, choose_threads
from odt_core.samples import Labels, Samples
from odt_core.training import Settings, fit, loop
from odt_core.training.events import Ended, Failed, Started
from odt_core.worker import Worker
from odt_core.worker.turns import CoreShares

MODEL = Path(__file__).parent / "models" / "tiny_momentum.tflite"
LABELS = Labels.numbered(4)
SETTINGS = Settings(epochs=10, batch_size=8, learning_rate=0.05)


def some(count: int, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    return Samples(rng.random((count, 8, 8, 1), dtype=np.float32), np.arange(count) % 4, LABELS)


@pytest.fixture
def session() -> Session:
    return load_model(MODEL).session()


class Pretended:
    """A trial that takes as long, and sees, what the test says."""

    milliseconds_by_threads: dict[int, float]
    seen_by_threads: dict[int, bytes]

    def __init__(self, session: Session, count: int, state: object, work: object) -> None:
        self.threads = count
        self.seen = self.seen_by_threads.get(count, b"the same")

    @property
    def typical(self) -> float:
        return self.milliseconds_by_threads[self.threads]

    def go_on(self) -> None:
        pass


class TestChoice:
    @pytest.mark.parametrize(
        ("times", "seen", "most", "chosen"),
        [
            ({1: 4.0, 2: 2.2}, {}, 2, 2),
            ({1: 4.0, 2: 2.2}, {}, 1, 1),
            ({1: 4.0, 2: 3.8}, {}, 2, 1),  # hardly faster: the other core is worth more
            ({1: 4.0, 2: 2.2}, {2: b"another sum"}, 2, 1),
            ({1: 0.1, 2: 0.01}, {}, 2, 1),  # small models are not even tried
            ({1: 8.0, 2: 4.2, 4: 2.4, 8: 2.3}, {}, 8, 4),
            ({1: 8.0, 2: 4.2, 4: 2.4, 8: 1.3}, {}, 7, 4),
            ({1: 8.0, 2: 4.2, 4: 2.4}, {4: b"another sum"}, 4, 2),
        ],
    )
    def test_choice(self, session, monkeypatch, times, seen, most, chosen) -> None:
        monkeypatch.setattr(threads, "_Trial", Pretended)
        monkeypatch.setattr(Pretended, "milliseconds_by_threads", times, raising=False)
        monkeypatch.setattr(Pretended, "seen_by_threads", seen, raising=False)
        work = Work(some(8).x, some(8).y, [], 10_000)
        assert choose_threads(session, work, most) == chosen

    def test_short_runs_are_over_before_measuring_would_pay(self, session, monkeypatch) -> None:
        monkeypatch.setattr(threads, "_Trial", Pretended)
        monkeypatch.setattr(Pretended, "milliseconds_by_threads", {1: 4.0, 2: 2.0}, raising=False)
        monkeypatch.setattr(Pretended, "seen_by_threads", {}, raising=False)
        for steps, chosen in ((749, 1), (751, 2)):
            assert choose_threads(session, Work(some(8).x, some(8).y, [], steps), 2) == chosen

    def test_measuring_leaves_the_session_as_it_was(self, session, monkeypatch) -> None:
        monkeypatch.setattr(threads, "WORTH", 0.0)
        monkeypatch.setattr(threads, "MILLISECONDS", 0.0)
        before = session.state()
        assert choose_threads(session, Work(some(8).x, some(8).y, [some(3).x], 10_000), 2) in (1, 2)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])

    def test_a_trial_sees_a_change_of_one_bit(self, session) -> None:
        work = Work(some(8).x, some(8).y, [some(3).x], 10_000)
        state = session.state()
        assert (
            threads._Trial(session, 1, state, work).seen
            == threads._Trial(session, 1, state, work).seen
        )
        kernel = max(state, key=lambda name: state[name].size)
        changed = state[kernel].copy()
        changed.flat[0] = np.nextafter(np.float32(1), np.float32(2))
        slightly = {**state, kernel: changed}
        changed = changed.copy()
        changed.flat[0] = 1
        nearly = {**state, kernel: changed}
        one, two = (threads._Trial(session, 1, s, work).seen for s in (slightly, nearly))
        assert one != two

    def test_a_trial_sees_the_features_that_each_step_computes(self) -> None:
        session = load_model(bundled_models()[0]).session()
        x = np.random.default_rng(0).random((8, 28, 28, 1), np.float32)
        work = Work(session.bottlenecks(x), np.arange(8), [], 10_000, varied=x)
        trial = threads._Trial(session, 1, session.state(), work)
        assert session.extract(x).tobytes() in trial.seen


class TestRun:
    def test_with_more_threads_the_weights_are_the_same(self, monkeypatch) -> None:
        model = load_model(bundled_models()[0])
        rng = np.random.default_rng(0)
        shape = (96, *model.contract.input_shape)
        samples = Samples(rng.random(shape, np.float32), np.arange(96) % 10, model.labels)
        settings = Settings(epochs=4, batch_size=32, learning_rate=0.05)
        found = []
        for count in (1, 2):
            monkeypatch.setattr(loop, "choose_threads", lambda *_, count=count: count)
            monkeypatch.setattr(loop, "STEPS", 1)
            session = model.session()
            history = fit(session, samples, settings, test=samples, threads=2)
            found.append((session.state(), [r.loss for r in history.records]))
            assert session.threads == 1  # a single answer is as fast with one
        assert found[0][1] == found[1][1]
        for name, array in found[0][0].items():
            np.testing.assert_array_equal(array, found[1][0][name])

    def test_only_where_it_is_open_and_pays(self, session, monkeypatch) -> None:
        asked = []
        monkeypatch.setattr(loop, "choose_threads", lambda *_: asked.append(_) or 1)
        fit(session, some(8), SETTINGS, threads=2)  # ten steps
        fit(session, some(80), SETTINGS, threads=1)
        fit(load_model(MODEL).session(threads=1), some(80), SETTINGS, threads=2)
        assert not asked
        fit(session, some(80), SETTINGS, test=some(40), threads=2)
        assert len(asked) == 1

    def test_a_worker_says_how_many_and_its_weights_are_those_of_one(self, monkeypatch) -> None:
        turns = CoreShares(4)
        monkeypatch.setattr("odt_core.worker.remote.turns", turns)
        monkeypatch.setattr("odt_core.worker.link.turns", turns)
        events: list = []
        done = []
        with Worker.start(MODEL.read_bytes()) as worker:
            worker.fit(some(80), SETTINGS, on_event=events.append)
            deadline = time.monotonic() + 60
            while not done:
                assert time.monotonic() < deadline
                time.sleep(0.005)
                done = [e for e in list(events) if isinstance(e, Ended | Failed)]
            state = worker.state()
        assert isinstance(events[0], Started)
        assert events[0].threads in (1, 2)
        session = load_model(MODEL).session(threads=1)
        fit(session, some(80), SETTINGS)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, state[name])


class TestSession:
    def test_use_threads_keeps_all(self, session) -> None:
        session.train_step(some(8).x, some(8).y)
        before, said = session.state(), session.infer(some(5).x)
        session.use_threads(2)
        assert session.threads == 2
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])
        np.testing.assert_array_equal(session.infer(some(5).x), said)

    def test_less_than_one_is_refused(self) -> None:
        with pytest.raises(ModelError, match="at least 1 thread"):
            load_model(MODEL).session(threads=0)

    @pytest.mark.parametrize("count", [1, 15, 16, 17, 100])
    def test_few_alike_makes_calls_of_every_shape(self, session, monkeypatch, count) -> None:
        chunks = session._chunks
        chunks.sizes = dict.fromkeys(chunks.sizes, 16)
        shapes: list[set] = []
        call = chunks.call

        def seen(signature, role, x, output):
            shapes[-1].add(x.shape)
            return call(signature, role, x, output)

        monkeypatch.setattr(chunks, "call", seen)
        x = some(count).x
        few = session.few_alike(x)
        assert len(few) < 32
        for one in (x, few):
            shapes.append(set())
            session.infer(one)
        assert shapes[0] == shapes[1]
