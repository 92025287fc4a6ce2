"""Train steps whose batch comes in parts: the same step, the same bits each time."""

from __future__ import annotations

import gzip
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from odt_core import load_model
from odt_core.bundled import bundled_models
from odt_core.graph import SignatureDescription
from odt_core.runtime import micro_batches
from odt_core.runtime.micro_batches import CACHED, WORTH, micro_batch
from odt_core.runtime.model import Model
from odt_core.runtime.rows import Rows
from odt_core.runtime.session import Session

ORACLE = Path(__file__).parents[1] / "oracle"
COUNT = 64
PART = 16  # what CACHED allows of the bundled CNN's largest array


@pytest.fixture
def model() -> Model:
    return load_model(bundled_models()[0])


@pytest.fixture
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the bundled CNN had more to go through for each of its weights."""
    monkeypatch.setattr(micro_batches, "WORTH", 0)


@pytest.fixture
def batch(model: Model) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    x = draw.random((COUNT, *model.contract.input_shape), np.float32)
    return x, draw.integers(0, model.contract.outputs or 1, COUNT)


def parts_of(session: Session, count: int = COUNT) -> int | None:
    return session._sizes[count][1]


def trained(session: Session, x: np.ndarray, y: np.ndarray, steps: int = 3) -> list[float]:
    return [session.train_step(x, y) for _ in range(steps)]


class TestSize:
    WEIGHTS = 57_000

    def step(self, largest: int, work: int = 325_000) -> SignatureDescription:
        return SignatureDescription("train", (), (), largest=largest, work=work)

    def test_largest_array_of_a_part_stays_in_the_cache(self):
        assert micro_batch(128, self.step(largest=17_424), self.WEIGHTS) == 8
        assert 8 * 17_424 <= CACHED < 16 * 17_424

    def test_parts_are_equal(self):
        assert micro_batch(100, self.step(17_424), self.WEIGHTS) == 5
        assert micro_batch(24, self.step(17_424), self.WEIGHTS) == 6

    @pytest.mark.parametrize("count", [1, 2, 3, 7, 127])
    def test_batch_that_has_no_such_parts_stays_whole(self, count):
        assert micro_batch(count, self.step(17_424), self.WEIGHTS) is None

    def test_batch_that_stays_in_the_cache_stays_whole(self):
        assert micro_batch(8, self.step(17_424), 10) is None
        assert micro_batch(4_096, self.step(0), 10) is None  # nothing is known of it

    def test_parts_that_do_less_than_summing_up_takes_are_not_worth_it(self):
        work = 16 * 10_000 // WORTH
        assert micro_batch(64, self.step(9_000, 10_000), work) == 16
        assert micro_batch(64, self.step(9_000, 10_000), work + 1) is None

    def test_sample_larger_than_a_cache_comes_alone(self):
        assert micro_batch(64, self.step(CACHED + 1, 10**7), 10) == 1
        assert micro_batch(3, self.step(CACHED + 1, 10**7), 10) is None


@pytest.mark.usefixtures("worth_it")
class TestRandomNumbers:
    """Dropout: its numbers belong to the whole batch, and come before its parts."""

    @pytest.fixture(params=["cnn_dropout_seeded_keras2", "dropout_unseeded_module"])
    def dropout(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Model:
        monkeypatch.setattr(micro_batches, "CACHED", 100)  # a sample of it is larger
        path = ORACLE / "models" / f"{request.param}.tflite.gz"
        return load_model(gzip.decompress(path.read_bytes()))

    def test_steps_are_those_of_the_whole_batch(self, dropout):
        draw = np.random.default_rng(0)
        x = draw.random((COUNT, *dropout.contract.input_shape), np.float32)
        y = draw.integers(0, dropout.contract.outputs or 1, COUNT)
        whole, one, two = (dropout.session(threads=n) for n in (1, 1, 2))
        state = whole.state()  # where nothing seeds them, each session draws its own
        for session in (one, two):
            session.load_state(state)
        whole._sizes[COUNT] = (dropout.contract.train[-1], None)
        losses = [trained(session, x, y) for session in (whole, one, two)]
        assert parts_of(one) is not None
        np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
        assert losses[1] == losses[2]
        assert len(set(losses[0])) == len(losses[0])
        for name, value in whole.state().items():
            np.testing.assert_allclose(one.state()[name], value, rtol=1e-3, atol=1e-6)
            assert np.array_equal(one.state()[name], two.state()[name])


@pytest.mark.usefixtures("worth_it")
class TestSteps:
    def test_losses_and_weights_are_those_of_whole_batches(self, model, batch):
        x, y = batch
        whole, parts = model.session(whole=True), model.session(whole=True)
        for session in (whole, parts):
            session.learning_rate = 0.05
        for at in range(0, COUNT, PART):  # so small that they stay whole
            whole.train_step(x[at : at + PART], y[at : at + PART])
            parts.train_step(x[at : at + PART], y[at : at + PART])
        assert parts_of(parts, PART) is None
        whole._sizes[COUNT] = (model.contract.train[-1], None)
        np.testing.assert_allclose(trained(parts, x, y), trained(whole, x, y), rtol=1e-5)
        assert parts_of(parts) is not None
        for name, value in whole.state().items():
            np.testing.assert_allclose(parts.state()[name], value, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(parts.infer(x), whole.infer(x), atol=1e-4)

    def test_same_steps_give_the_same_bits_with_rows_and_threads_too(self, model, batch):
        x, y = batch
        places = np.arange(COUNT)
        sessions = [model.session(threads=threads, whole=True) for threads in (1, 1, 2)]
        targets = sessions[0].targets(y)
        losses = [trained(sessions[0], x, y), [], trained(sessions[2], x, y)]
        for _ in range(3):
            rows = Rows((x, places[:10]), (x, places[10:])), Rows((targets, places))
            losses[1].append(sessions[1].train_features(*rows))
        assert losses[0] == losses[1] == losses[2]
        states = [b"".join(v.tobytes() for v in s.state().values()) for s in sessions]
        assert states[0] == states[1] == states[2]

    def test_what_was_learnt_before_the_first_large_batch_stays(self, model, batch):
        x, y = batch
        session = model.session(whole=True)
        session.train_step(x[:8], y[:8])
        before = session.state()
        other = model.session(whole=True)
        other.load_state(before)
        assert trained(session, x, y) == trained(other, x, y)
        assert parts_of(session) is not None

    def test_sessions_of_several_threads_take_the_same_steps(self, model, batch):
        together = threading.Barrier(3)

        def steps() -> list[float]:
            session = model.session(threads=1)
            together.wait()
            return trained(session, *batch)

        with ThreadPoolExecutor(3) as threads:
            found = [one.result() for one in [threads.submit(steps) for _ in range(3)]]
        assert found[0] == found[1] == found[2]

    def test_step_that_fails_in_one_thread_ends_when_the_others_are_done(
        self, model, batch, monkeypatch
    ):
        session = model.session(threads=2, whole=True)
        session.train_step(*batch)
        lanes, together, done = itertools.count(), threading.Barrier(2), []

        def sum_up(*_):
            lane = next(lanes)
            if lane < 2:
                together.wait()
            if lane == 0:
                raise RuntimeError("no memory")
            time.sleep(0.05)
            done.append(lane)

        monkeypatch.setattr(session._parts, "_sum_up", sum_up)
        with pytest.raises(RuntimeError, match="no memory"):
            session.train_step(*batch)
        assert done == [1, 2, 3]

    @pytest.mark.parametrize("threads", [1, 2])
    def test_what_fails_in_a_part_is_told_of_the_models_own_train(self, model, batch, threads):
        session = model.session(threads=threads, whole=True)
        session.train_step(*batch)
        assert parts_of(session) is not None
        for interpreter in (session._interpreter, *session._parts._helpers):
            for name in ("odt_gradients", "odt_apply"):
                told = interpreter.signature(name).describe()
                assert told.startswith("Signature 'train' wants")

    def test_reset_and_restore_work_as_ever(self, model, batch):
        x, y = batch
        session = model.session(whole=True)
        first = trained(session, x, y)
        checkpoint = session.checkpoint()
        after = trained(session, x, y)
        session.reset()
        assert trained(session, x, y) == first
        session.restore(checkpoint)
        assert trained(session, x, y) == after

    def test_batch_of_another_size_is_another_step(self, model, batch):
        x, y = batch
        session = model.session(whole=True)
        for count in (COUNT, 31, 48, COUNT):
            assert np.isfinite(session.train_step(x[:count], y[:count]))
        assert parts_of(session, 31) is None  # a prime
        assert parts_of(session, 48) is not None


def test_small_models_are_not_looked_at(batch: tuple[np.ndarray, np.ndarray]) -> None:
    photos = load_model(bundled_models()[1])
    session = photos.session()
    shape = (COUNT, *photos.contract.feature_shape)
    session.train_features(np.ones(shape, np.float32), batch[1] % (photos.contract.outputs or 1))
    assert parts_of(session) is None
    assert not photos.parted


def test_bundled_model_that_sums_more_than_it_computes_stays_whole(
    model: Model, batch: tuple[np.ndarray, np.ndarray]
) -> None:
    session = model.session(whole=True)
    session.train_step(*batch)
    assert parts_of(session) is None
    assert not model.parted  # it is known without trying


def test_rows_are_cut_where_they_are_asked_to_be() -> None:
    x = np.arange(40, dtype=np.float32)[:, None]
    rows = Rows((x, np.array([3, 3, 39])), (x[::-1], np.array([0, 5])))
    whole = np.asarray(rows)
    for start in range(5):
        for stop in range(start + 1, 6):
            assert np.asarray(rows[start:stop]).tolist() == whole[start:stop].tolist()
