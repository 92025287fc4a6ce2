"""Sessions of models that are no plain classifiers: what they take, give, and learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odt_core.dialects import Choice, Task
from odt_core.dialects.contract import OutputKind
from odt_core.errors import CheckpointError, ModelError, SignatureError, TrainingError
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.variables import initialisers
from odt_core.runtime import Model, Session, load_model
from odt_core.runtime.feeding import calls, feed
from odt_core.runtime.scores import two_labels
from odt_core.samples import Labels, Samples
from odt_core.training import Settings, fit
from odt_core.worker import Worker

OWN = Path(__file__).parents[1] / "runtime" / "models"
RNG = np.random.default_rng(8)


def model(name: str) -> Model:
    return load_model(OWN / f"dialect_{name}.tflite")


class TestReconstruction:
    def test_samples_are_their_own_targets(self):
        x = RNG.random((6, 12), np.float32)
        session, other = model("autoencoder").session(), model("autoencoder").session()
        before = session.infer(x)
        assert session.train_step(x, np.zeros(6)) == pytest.approx(np.mean((before - x) ** 2))
        other.train_step(x, x)
        np.testing.assert_array_equal(session.infer(x), other.infer(x))
        assert session.infer(x).shape == (6, 12)


class TestValues:
    def test_targets_reach_the_model_as_they_are(self):
        x, y = RNG.random((5, 3), np.float32), RNG.random((5, 2), np.float32)
        session = model("regression").session()
        expected = np.mean((session.infer(x) - y) ** 2)
        assert session.train_step(x, y) == pytest.approx(expected)
        np.testing.assert_array_equal(session.predict_proba(x), session.infer(x))

    def test_no_samples_give_no_predictions(self):
        assert model("regression").session().infer(np.zeros((0, 3), np.float32)).shape == (0, 2)


class TestBinary:
    X, Y = RNG.normal(size=(30, 4)).astype(np.float32), np.arange(30) % 2

    def test_probability_is_that_of_both_labels(self):
        session = model("binary").session()
        scores, pairs = session.infer(self.X), session.predict_proba(self.X)
        assert (scores.shape, pairs.shape) == ((30, 1), (30, 2))
        np.testing.assert_allclose(pairs[:, 1], 1 / (1 + np.exp(-scores[:, 0])), rtol=1e-5)
        np.testing.assert_allclose(pairs.sum(axis=1), 1, rtol=1e-6)

    def test_known_scores(self):
        got = two_labels(np.array([[0.0], [1000.0], [-1000.0]]), OutputKind.LOGITS)
        np.testing.assert_allclose(got, [[0.5, 0.5], [0, 1], [1, 0]])
        got = two_labels(np.array([[0.25]]), OutputKind.PROBABILITIES)
        np.testing.assert_allclose(got, [[0.75, 0.25]])

    def test_what_scores_are_does_not_hang_on_what_was_asked_first(self):
        known = model("binary")
        contract = known.contract
        untold = known.with_contract(
            replace(contract, infer=replace(contract.infer, kind=OutputKind.UNKNOWN))
        )
        expected = known.session().predict_proba(self.X)
        scores = known.session().infer(self.X)[:, 0]
        inside = self.X[(scores >= 0) & (scores <= 1)][:1]
        assert len(inside)
        session = untold.session()
        session.predict_proba(inside)
        np.testing.assert_array_equal(session.predict_proba(self.X), expected)
        assert untold.output_kind is OutputKind.LOGITS

    def test_rate_that_comes_with_each_step_can_be_set(self):
        session = model("binary").session()
        assert session.learning_rate == 0.01
        before = session.state()["w"]
        session.learning_rate = 0.0
        session.train_step(self.X, self.Y)
        np.testing.assert_array_equal(session.state()["w"], before)
        session.learning_rate = 0.5
        session.train_step(self.X, self.Y)
        assert not np.array_equal(session.state()["w"], before)

    def test_loss_is_the_cross_entropy_of_the_labels(self):
        session = model("binary").session()
        right = session.predict_proba(self.X)[np.arange(30), self.Y]
        loss = session.train_step(self.X, self.Y)
        assert loss == pytest.approx(-np.log(right.astype(np.float64)).mean(), rel=1e-5)


class TestTokens:
    def test_whole_numbers_reach_the_model_as_such_whatever_dtype_they_come_in(self):
        session = model("tokens").session()
        tokens = RNG.integers(0, 20, (4, 5))
        expected = session.infer(tokens.astype(np.int32))
        np.testing.assert_array_equal(session.infer(tokens), expected)
        np.testing.assert_array_equal(session.infer(tokens.astype(np.float32)), expected)
        assert not np.array_equal(session.infer((tokens + 1) % 20), expected)


class TestFeed:
    def test_values_outside_what_whole_numbers_hold_are_kept_within(self):
        got = feed(np.array([[-3.0, 254.6, 400.0]], np.float32), (np.dtype(np.uint8), (-1, 3)))
        np.testing.assert_array_equal(got, [[0, 255, 255]])

    @pytest.mark.parametrize("dtype", [np.int16, np.int64, np.uint16])
    def test_whole_numbers_outside_of_smaller_ones_are_kept_within(self, dtype):
        x = np.array([[300, 255, -1]]).astype(dtype)
        got = feed(x, (np.dtype(np.uint8), (-1, 3)))
        np.testing.assert_array_equal(got, [[255, 255, 255 if dtype is np.uint16 else 0]])

    @pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32])
    def test_far_larger_numbers_become_the_largest_not_the_smallest(self, dtype):
        got = feed(np.array([[1e30, 3e9, -1e30]], np.float32), (np.dtype(dtype), (-1, 3)))
        limits = np.iinfo(dtype)
        assert got[0, 0] > 0.999 * limits.max
        assert got[0, 1] == min(3_000_000_000, limits.max)
        assert got[0, 2] == limits.min

    def test_same_numbers_in_another_arrangement_are_rearranged(self):
        x = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
        dtype = np.dtype(np.float32)
        assert feed(x, (dtype, (-1, 12))).shape == (1, 12)
        assert feed(x, (dtype, (3, 4))).shape == (3, 4)


class TestStaticBatches:
    def test_fewest_calls_that_make_up_a_batch(self):
        assert calls(37, (16, 5, 2)) == (16, 16, 5)
        assert calls(24, (16, 5, 2)) == (16, 2, 2, 2, 2)
        assert calls(6, (5, 2)) == (2, 2, 2)
        with pytest.raises(SignatureError, match="exactly 16, 5 samples at a time; 7"):
            calls(7, (16, 5))

    def test_batch_of_several_calls_is_those_steps_one_after_the_other(self):
        x, y = RNG.random((23, 6), np.float32), np.arange(23) % 3
        whole, parts = model("fixed_batches").session(), model("fixed_batches").session()
        losses, at = [], 0
        for name, size in (("m", 16), ("s", 5), ("xs", 2)):
            rows = slice(at, at + size)
            feeds = {"x": x[rows], "y": np.eye(3, dtype=np.float32)[y[rows]]}
            losses.append(float(parts.run(f"train_fixed_batch_{name}", **feeds)["loss"]))
            at += size
        assert whole.train_step(x, y) == pytest.approx(np.average(losses, weights=[16, 5, 2]))
        np.testing.assert_array_equal(whole.infer(x), parts.infer(x))

    @pytest.mark.parametrize("count", [1, 4, 7])
    def test_last_batch_is_filled_and_the_filling_dropped(self, count):
        session, x = model("fixed_batches").session(), RNG.random((count, 6), np.float32)
        got = session.infer(x)
        assert got.shape == (count, 3)
        np.testing.assert_array_equal(got[-1], session.infer(x[-1:])[0])


class Counting(Session):
    """Counts the samples that the frozen part is run on."""

    extracted = 0

    def _interpret(self) -> None:
        super()._interpret()
        compute = self._frozen._compute

        def counted(x: np.ndarray) -> np.ndarray:
            self.extracted += len(x)
            return compute(x)

        self._frozen._compute = counted


class TestBottlenecks:
    X = RNG.random((6, 8, 8), np.float32)

    def test_each_sample_is_computed_once_by_its_content(self):
        session = Counting(model("bottleneck"))
        first = session.bottlenecks(self.X)
        assert session.extracted == 6
        again = session.bottlenecks(self.X[[3, 1, 1]])
        np.testing.assert_array_equal(again, first[[3, 1, 1]])
        assert session.extracted == 6
        changed = self.X.copy()
        changed[2] += 1
        session.bottlenecks(changed)
        assert session.extracted == 7

    def test_they_are_what_the_signature_gives(self):
        session = model("bottleneck").session()
        expected = session.run("load", feature=self.X)["bottleneck"]
        np.testing.assert_allclose(session.bottlenecks(self.X), expected, rtol=1e-6)

    def test_train_step_of_samples_is_the_step_of_their_bottlenecks(self):
        one, two, y = model("bottleneck").session(), model("bottleneck").session(), np.arange(6) % 3
        assert one.train_step(self.X, y) == two.train_features(two.bottlenecks(self.X), y)
        np.testing.assert_array_equal(one.infer(self.X), two.infer(self.X))

    def test_changing_weights_that_the_frozen_part_does_not_read_keeps_them(self):
        session = Counting(model("bottleneck"))
        session.bottlenecks(self.X)
        session.load_state(session.state())
        session.bottlenecks(self.X)
        assert session.extracted == 6


def without_initial_values(path: Path) -> Model:
    """The model, as converters write one whose variables they did not find."""
    data = read(path.read_bytes())
    for index in initialisers(data):
        data.subgraphs[index].operators = []
    return load_model(write(data))


class TestUninitialised:
    X = RNG.random((3, 8, 8), np.float32)

    def test_it_is_said_and_a_restoring_signature_ends_it(self):
        whole = model("restore").session()
        session = without_initial_values(OWN / "dialect_restore.tflite").session()
        assert session.uninitialised
        y = np.arange(3)
        for attempt in (session.infer, session.state, lambda x: session.train_step(x, y)):
            with pytest.raises(ModelError, match=r"no initial values\. Restore"):
                attempt(*([] if attempt == session.state else [self.X]))
        state = whole.state()
        session.run("restore", w=state["w"], b=state["b"])
        assert not session.uninitialised
        np.testing.assert_array_equal(session.infer(self.X), whole.infer(self.X))
        assert session.train_step(self.X, y) == whole.train_step(self.X, y)

    def test_loading_a_state_ends_it_and_reset_brings_it_back(self):
        session = without_initial_values(OWN / "dialect_restore.tflite").session()
        with pytest.raises(CheckpointError):
            session.load_state({"w": np.zeros((4, 3), np.float32)})
        assert session.uninitialised
        session.load_state(model("restore").session().state())
        assert not session.uninitialised
        session.reset()
        assert session.uninitialised

    def test_initialize_is_run_by_itself_where_the_file_gives_no_values(self):
        session = without_initial_values(OWN / "dialect_bottleneck.tflite").session()
        assert not session.uninitialised
        np.testing.assert_allclose(session.state()["w"][0], [0.1, -0.1, 0.2])

    def test_initialize_is_not_run_where_the_file_gives_values(self):
        session = model("bottleneck").session()
        assert not np.allclose(session.state()["w"][0], [0.1, -0.1, 0.2])

    def test_what_an_optimiser_keeps_starts_from_zero_after_a_restore_of_weights(self):
        session = without_initial_values(OWN / "tiny_adam.tflite").session()
        whole = load_model(OWN / "tiny_adam.tflite").session()
        session.run("restore", **whole.run("parameters"))
        state = session.state()
        slots = [name for name in state if "momentum" in name or "velocity" in name]
        assert len(slots) == 8
        assert not any(state[name].any() for name in slots)
        assert state["learning_rate"] == np.float32(0.01)  # where nobody says another
        x, y = RNG.random((8, 8, 8, 1), np.float32), np.arange(8) % 4
        assert session.train_step(x, y) == whole.train_step(x, y)
        np.testing.assert_array_equal(session.infer(x), whole.infer(x))


class TestBrokenFile:
    def test_initial_values_that_are_not_finite_are_said_when_the_file_is_read(self):
        data = read((OWN / "dialect_regression.tflite").read_bytes())
        weight = model("regression").session().state()["w"].tobytes()
        for buffer in data.buffers:
            if buffer.data is not None and bytes(buffer.data) == weight:
                buffer.data = np.full(6, np.nan, np.float32).view(np.uint8)
        loaded = load_model(write(data))
        assert any("not finite numbers ('w' for one)" in note for note in loaded.contract.notes)
        x = RNG.random((4, 3), np.float32)
        samples = Samples(x, x[:, :2], Labels(()))
        with pytest.raises(TrainingError, match=r"in the file itself\. Restore"):
            fit(loaded.session(), samples, Settings(epochs=1, learning_rate=None, replay=0.0))


class TestBake:
    def test_worker_bakes_what_its_session_has_learnt(self):
        path, x = OWN / "dialect_regression.tflite", RNG.random((4, 3), np.float32)
        with Worker.start(path.read_bytes()) as worker:
            state = {name: array + 1 for name, array in worker.state().items()}
            worker.load_state(state)
            baked = load_model(worker.bake()).session()
            np.testing.assert_array_equal(baked.infer(x), worker.infer(x))
            untouched = load_model(worker.bake(which="base")).session()
        np.testing.assert_array_equal(untouched.infer(x), model("regression").session().infer(x))

    def test_baked_model_starts_where_the_session_stands(self):
        session, x = model("regression").session(), RNG.random((4, 3), np.float32)
        session.train_step(x, RNG.random((4, 2), np.float32))
        baked = load_model(session.bake()).session()
        np.testing.assert_array_equal(baked.infer(x), session.infer(x))
        small = load_model(session.bake(inference_only=True))
        assert not small.contract.trainable
        np.testing.assert_allclose(small.session().infer(x), session.infer(x), rtol=1e-5)

    @pytest.mark.parametrize(
        ("choice", "prediction", "task"),
        [
            (Choice(), "rebuilt", Task.RECONSTRUCTION),
            (Choice(prediction="code", task=Task.VALUES), "code", Task.VALUES),
        ],
    )
    def test_baked_model_that_only_predicts_answers_with_the_same_output(
        self, choice, prediction, task
    ):
        session, x = model("autoencoder").with_choice(choice).session(), RNG.random((4, 12))
        small = load_model(session.bake(inference_only=True))
        assert (small.contract.infer.prediction, small.contract.task) == (prediction, task)
        np.testing.assert_allclose(small.session().infer(x), session.infer(x), rtol=1e-5)
        assert small.with_choice(Choice(task=Task.VALUES)).contract.infer.prediction == prediction
