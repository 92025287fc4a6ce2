"""Sessions: training, predicting, state, and what they refuse."""

from __future__ import annotations

import gzip
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load, save

from odt_core.bundled import bundled_models
from odt_core.checkpoint import load_checkpoint, save_checkpoint
from odt_core.checkpoint.fitting import check_finite
from odt_core.dialects import OutputKind
from odt_core.errors import (
    CheckpointError,
    LabelError,
    ModelError,
    SignatureError,
    TrainingError,
)
from odt_core.runtime import load_model
from odt_core.runtime.chunks import INFER_CHUNK
from odt_core.runtime.interpreter import BoundSignature
from odt_core.runtime.scores import probabilities
from odt_core.samples import Labels, RawSamples, Samples
from odt_core.training import Autosave, Callback, Control, Settings, fit
from tests.converting import file_of

OWN = Path(__file__).parent / "models"
PUBLIC = Path(__file__).parents[1] / "models"
ORACLE = Path(__file__).parents[1] / "oracle" / "models"
DENSE = PUBLIC / "flower__android-automotive__enginefaultdb.tflite"
RNG = np.random.default_rng(3)
X = RNG.random((12, 8, 8, 1), dtype=np.float32)
Y = np.arange(12) % 4


def of_the_zoo(name):
    with gzip.open(ORACLE / f"{name}.tflite.gz") as file:
        return load_model(file.read())


def labelled(*, one_hot):
    """A model that takes its labels so, and samples for Y."""
    if one_hot:
        return load_model(OWN / "tiny_momentum.tflite"), X
    return of_the_zoo("mlp_adagrad_keras3"), X.reshape(12, -1)[:, :12]


def with_notes(folder):
    """A model whose save and restore take a note as well, and whose mix takes a weight."""
    held = tf.Module()
    held.v = tf.Variable([0.0, 0.0], name="v")
    path = tf.TensorSpec([], tf.string, "path")
    note, weight = tf.TensorSpec([2], tf.int32, "note"), tf.TensorSpec([], tf.float32, "weight")

    def read(path):
        return tf.raw_ops.Restore(file_pattern=path, tensor_name="v", dt=tf.float32)

    @tf.function(input_signature=[path, note])
    def save(path, note):
        tf.raw_ops.Save(filename=path, tensor_names=["v"], data=[held.v.read_value()])
        return {"path": path}

    @tf.function(input_signature=[path, note])
    def restore(path, note):
        held.v.assign(tf.ensure_shape(read(path), [2]))
        return {"v": held.v.read_value()}

    @tf.function(input_signature=[path, weight])
    def mix(path, weight):
        held.v.assign(held.v + weight * tf.ensure_shape(read(path), [2]))
        return {"v": held.v.read_value()}

    @tf.function(input_signature=[tf.TensorSpec([2], name="v")])
    def set_(v):
        held.v.assign(v)
        return {"v": held.v.read_value()}

    return file_of(held, folder, save=save, restore=restore, mix=mix, set=set_)


@pytest.fixture
def model():
    return load_model(OWN / "tiny_momentum.tflite")


class TestTrainStep:
    def test_train_step_changes_what_infer_of_the_same_session_says(self, model):
        session, other = model.session(), model.session()
        before = session.infer(X)
        losses = [session.train_step(X, Y) for _ in range(20)]
        assert losses[-1] < losses[0]
        assert not np.array_equal(session.infer(X), before)
        np.testing.assert_array_equal(other.infer(X), before)

    def test_loss_is_the_cross_entropy_of_that_batch_before_the_step(self, model):
        session = model.session()
        logits = session.infer(X).astype(np.float64)
        log_sums = np.log(np.exp(logits).sum(axis=1))
        expected = (log_sums - logits[np.arange(12), Y]).mean()
        assert session.train_step(X, Y) == pytest.approx(expected, rel=1e-5)

    def test_integer_and_one_hot_labels_give_the_same_step(self, model):
        one, two = model.session(), model.session()
        assert one.train_step(X, Y) == two.train_step(X, np.eye(4, dtype=np.float32)[Y])
        np.testing.assert_array_equal(one.infer(X), two.infer(X))

    def test_changing_batch_size_between_steps_gives_the_same_as_fresh_sessions(self, model):
        session, fresh = model.session(), model.session()
        for count in (3, 12, 1, 12):
            fresh_state = session.state()
            loss = session.train_step(X[:count], Y[:count])
            fresh.load_state(fresh_state)
            assert fresh.train_step(X[:count], Y[:count]) == loss

    def test_wrong_sample_shape_says_what_is_wanted_and_what_was_given(self, model):
        with pytest.raises(SignatureError, match=r"\[N, 8, 8, 1\]; got \[12, 8, 8\]"):
            model.session().train_step(X[..., 0], Y)

    def test_label_out_of_range_is_refused_and_changes_nothing(self, model):
        session = model.session()
        before = session.state()
        with pytest.raises(SignatureError, match="between 0 and 3"):
            session.train_step(X, Y + 1)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])

    @pytest.mark.parametrize("one_hot", [True, False])
    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (Y + 1, "between 0 and 3 for this model; got 1 to 4"),
            (Y - 1, "between 0 and 3"),
            (Y + 0.5, "whole numbers; got 0.5"),
            (np.where(Y, Y, np.nan), "whole numbers; got nan"),
            (Y.astype(str), "as numbers; got an array of <U"),
            (Y.astype(object), "as numbers; got an array of object"),
        ],
    )
    def test_labels_that_are_none_are_refused_and_change_nothing(self, one_hot, labels, message):
        model, x = labelled(one_hot=one_hot)
        session = model.session()
        before = session.state()
        with pytest.raises(SignatureError, match=message):
            session.train_step(x, labels)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])

    @pytest.mark.parametrize("one_hot", [True, False])
    def test_labels_of_any_kind_of_whole_number_give_the_same_step(self, one_hot):
        model, x = labelled(one_hot=one_hot)
        losses = [
            model.session().train_step(x, labels)
            for labels in (Y, Y.astype(np.uint8), Y.astype(np.float64), Y.tolist())
        ]
        assert len(set(losses)) == 1

    @pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, np.bool_])
    @pytest.mark.parametrize("one_hot", [True, False])
    def test_one_hot_rows_of_any_kind_of_number_give_the_same_step(self, one_hot, dtype):
        model, x = labelled(one_hot=one_hot)
        rows = np.eye(4)[Y].astype(dtype)
        assert model.session().train_step(x, rows) == model.session().train_step(x, Y)

    @pytest.mark.parametrize("row", [[0, 0, 0, 0], [0.5, 0, 0, 0], [1, 1, 0, 0], [0.5, 0.5, 0, 0]])
    def test_rows_that_choose_no_one_label_are_none_of_whole_labels(self, row):
        model, x = labelled(one_hot=False)
        with pytest.raises(SignatureError, match="one number is 1 and the others are 0"):
            model.session().train_step(x[:2], np.array([row, [0, 1, 0, 0]]))

    def test_labels_of_several_places_are_none_of_a_label_for_each_sample(self):
        model, x = labelled(one_hot=False)
        with pytest.raises(SignatureError, match=r"a label for each sample; got \[12, 2, 2\]"):
            model.session().train_step(x, np.zeros((12, 2, 2), np.int64))

    def test_unequal_counts_are_refused(self, model):
        with pytest.raises(SignatureError, match="12 samples and 3 labels"):
            model.session().train_step(X, Y[:3])

    def test_single_number_is_no_label_of_one_sample(self, model):
        session = model.session()
        with pytest.raises(SignatureError, match="1 samples and a single number as labels"):
            session.train_step(X[:1], 3)
        with pytest.raises(SignatureError, match="takes an array of labels"):
            session.targets(np.array(3))

    def test_model_without_train_says_that_it_cannot_be_trained(self):
        model = load_model(OWN / "tiny_inference.tflite")
        assert model.session().infer(X).shape == (12, 4)
        with pytest.raises(TrainingError, match="no 'train' signature"):
            model.session().train_step(X, Y)

    def test_static_batch_of_one_makes_a_step_of_each_sample(self):
        model = load_model(PUBLIC / "flutter_litert__training_model.tflite")
        both, single = model.session(), model.session()
        x, y = np.array([[1.0], [2.0]], np.float32), np.array([[3.0], [5.0]], np.float32)
        losses = [single.train_step(x[i : i + 1], y[i : i + 1]) for i in range(2)]
        assert losses[0] == 9.0  # w and b start at 0, the loss is (3 - 0)²
        assert both.train_step(x, y) == pytest.approx(np.mean(losses))
        assert both.infer(x).shape == (2, 1)
        np.testing.assert_array_equal(both.infer(x), single.infer(x))

    def test_batch_that_is_not_finite_is_refused_by_number_and_changes_nothing(self, model):
        session = model.session()
        before = session.state()
        x, y = X.copy(), np.eye(4, dtype=np.float32)[Y]
        x[4, 1, 1, 0] = np.nan
        y[2, 1] = np.inf
        with pytest.raises(SignatureError, match=r"Sample 5 of the batch .*not finite"):
            session.train_step(x, Y)
        with pytest.raises(SignatureError, match=r"Sample 1 of the batch .*beyond float32"):
            session.train_step(X.astype(np.float64) + 1e200, Y)
        with pytest.raises(SignatureError, match=r"target of sample 3 of the batch .*not finite"):
            session.train_step(X, y)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])


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


class TestInfer:
    @pytest.mark.parametrize("count", [0, 1, INFER_CHUNK - 1, INFER_CHUNK, 2 * INFER_CHUNK + 3])
    def test_any_number_of_samples_gives_what_each_alone_gives(self, model, count):
        session = model.session()
        x = np.random.default_rng(0).random((count, 8, 8, 1), dtype=np.float32)
        got = session.infer(x)
        assert got.shape == (count, 4)
        for at in {0, count // 2, count - 1} if count else set():
            np.testing.assert_allclose(got[at], session.infer(x[at : at + 1])[0], rtol=1e-5)

    @pytest.mark.parametrize(
        ("path", "count", "calls"),
        [
            (bundled_models()[0], 200, 8),
            (bundled_models()[1], 408, 2),  # of 204 at most: there is no third of another size
            (bundled_models()[1], 512, 4),
            (bundled_models()[1], 509, 3),  # a prime
            (DENSE, 200, 1),
        ],
    )
    def test_many_samples_are_asked_in_calls_that_stay_in_the_cache(
        self, path, count, calls, monkeypatch
    ):
        session, again = (load_model(path).session(whole=True) for _ in range(2))
        x = np.zeros((count, *session.contract.feature_shape), np.float32)
        expected = session.infer(x)
        asked, invoke = [], BoundSignature.invoke
        monkeypatch.setattr(
            BoundSignature, "invoke", lambda self, arrays: asked.append(1) or invoke(self, arrays)
        )
        np.testing.assert_array_equal(again.infer(x), expected)
        assert len(asked) == calls

    def test_predict_proba_of_used_outputs_sums_to_one(self, model):
        labels = Labels(("a", "b", None, None))
        got = model.session().predict_proba(X, labels)
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got[:, 2:], 0)
        np.testing.assert_allclose(got.sum(axis=1), 1, rtol=1e-6)

    def test_probabilities_of_known_logits(self):
        used = np.array([True, True, False])
        logits = np.array([[0.0, np.log(3.0), 50.0]], np.float32)
        got = probabilities(logits, used, OutputKind.LOGITS)
        np.testing.assert_allclose(got, [[0.25, 0.75, 0.0]], rtol=1e-6)

    def test_probabilities_of_known_probabilities(self):
        used = np.array([True, True, False])
        given = np.array([[0.1, 0.3, 0.6]], np.float32)
        got = probabilities(given, used, OutputKind.PROBABILITIES)
        np.testing.assert_allclose(got, [[0.25, 0.75, 0.0]], rtol=1e-6)


class TestState:
    @pytest.mark.parametrize("by", ["load_state", "odt_set_state"])
    def test_state_in_another_byte_order_is_the_same_state(self, model, by):
        session = model.session()
        session.train_step(X, Y)
        state = session.state()
        turned = {name: v.astype(v.dtype.newbyteorder(">")) for name, v in state.items()}
        fresh = model.session()
        for given in (state, turned):  # what comes second is not checked against the signature
            if by == "load_state":
                fresh.load_state(given)
            else:
                fresh.run(by, **{f"v{at}": given[name] for at, name in enumerate(model.variables)})
        for name, value in fresh.state().items():
            np.testing.assert_array_equal(value, state[name])

    @pytest.mark.parametrize("name", ["tiny_momentum", "tiny_adam"])
    def test_state_moved_to_another_session_continues_bit_for_bit(self, name):
        model = load_model(OWN / f"{name}.tflite")
        whole, first, second = model.session(), model.session(), model.session()
        expected = [whole.train_step(X, Y) for _ in range(10)]
        losses = [first.train_step(X, Y) for _ in range(4)]
        second.load_state(first.state())
        losses += [second.train_step(X, Y) for _ in range(6)]
        assert losses == expected
        for variable, array in whole.state().items():
            np.testing.assert_array_equal(second.state()[variable], array, err_msg=variable)

    def test_state_holds_optimiser_slots_and_the_learning_rate(self, model):
        assert "learning_rate" in model.variables
        assert any("momentum" in name for name in model.variables)

    def test_state_is_arrays_alone_that_others_can_save(self, model):
        state = model.session().state()
        assert all(type(value) is np.ndarray for value in state.values())
        assert load(save(state)).keys() == state.keys()

    def test_reset_brings_back_the_weights_of_the_file(self, model):
        session = model.session()
        before = session.state()
        session.train_step(X, Y)
        session.reset()
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])

    @pytest.mark.parametrize("damage", ["missing", "unknown", "shape", "dtype"])
    def test_state_that_does_not_fit_is_refused_and_changes_nothing(self, model, damage):
        session = model.session()
        before = session.state()
        state = {name: array + 1 for name, array in before.items()}
        if damage == "missing":
            del state["dense/bias"]
        elif damage == "unknown":
            state["other"] = np.zeros(1, np.float32)
        elif damage == "shape":
            state["dense/bias"] = np.zeros(5, np.float32)
        else:
            state["dense/bias"] = np.zeros(4, np.float64)
        with pytest.raises(CheckpointError, match=r"another model.*(dense/bias|other)"):
            session.load_state(state)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])

    @pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
    def test_state_that_is_not_finite_is_refused_and_changes_nothing(self, model, number):
        session = model.session()
        before = session.state()
        state = {name: array + 1 for name, array in before.items()}
        state["dense/bias"][2] = number
        checkpoint = replace(session.checkpoint(), state=state)
        for call, given in ((session.load_state, state), (session.restore, checkpoint)):
            with pytest.raises(CheckpointError, match=r"'dense/bias' holds numbers .*not finite"):
                call(given)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])

    def test_infinity_that_the_file_itself_holds_is_taken(self, model):
        own = next(one for one in model.description.variables if one.name == "dense/bias")
        state = {"dense/bias": np.full(4, -np.inf, np.float32)}
        check_finite(state, [replace(own, finite=False)])
        with pytest.raises(CheckpointError, match="not finite"):
            check_finite(state, [own])

    def test_weights_that_went_wrong_can_be_put_back_and_go_on_with_other_threads(self, model):
        session = model.session()
        broken = {name: array + np.float32(np.nan) for name, array in session.state().items()}
        session.put_back(broken)
        session.use_threads(2)
        assert np.isnan(session.state()["dense/bias"]).all()

    def test_restore_of_another_models_checkpoint_is_refused(self, model):
        other = load_model(OWN / "tiny_adam.tflite").session().checkpoint()
        with pytest.raises(CheckpointError, match="belongs to another model"):
            model.session().restore(other)


class TestTensorFlowCheckpoints:
    def test_what_save_wrote_is_restored_in_a_new_session(self, tmp_path):
        model = load_model(PUBLIC / "flutter_litert__training_model_flex.tflite")
        session, other = model.session(), model.session()
        x, y = np.array([[1.0]], np.float32), np.array([[3.0]], np.float32)
        session.train_step(x, y)
        files = session.save_tf_checkpoint(tmp_path / "saved")
        assert [file.name for file in files] == ["saved.data-00000-of-00001", "saved.index"]
        other.load_tf_checkpoint(tmp_path / "saved")
        np.testing.assert_array_equal(other.infer(x), session.infer(x))

    def test_checkpoint_of_another_model_is_refused(self, tmp_path):
        from odt_core.checkpoint.tensorflow import write_tf_checkpoint

        model = load_model(PUBLIC / "flutter_litert__training_model_flex.tflite")
        write_tf_checkpoint(tmp_path / "other", {"weight": np.zeros((2, 2), np.float32)}, 2)
        with pytest.raises(CheckpointError, match="weight"):
            model.session().load_tf_checkpoint(tmp_path / "other")

    def test_signature_that_takes_more_is_given_what_it_does_not_use_and_else_refused(
        self, tmp_path
    ):
        session = load_model(with_notes(tmp_path / "model")).session()
        session.run("set", v=np.array([1, 2], np.float32))
        session.save_tf_checkpoint(tmp_path / "saved")
        session.run("set", v=np.zeros(2, np.float32))
        session.load_tf_checkpoint(tmp_path / "saved")
        assert session.state()["v"].tolist() == [1, 2]
        with pytest.raises(ModelError, match="'mix' takes more than a checkpoint: weight"):
            session.load_tf_checkpoint(tmp_path / "saved", "mix")

    def test_model_without_such_signatures_says_so(self, model, tmp_path):
        with pytest.raises(ModelError, match="no signature that can save"):
            model.session().save_tf_checkpoint(tmp_path / "x")


class TestRefusals:
    def test_use_from_another_thread_is_refused(self, model):
        session = model.session()
        caught: list[Exception] = []

        def work() -> None:
            try:
                session.infer(X)
            except ModelError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert "thread that made it" in str(caught[0])
        assert session.infer(X).shape == (12, 4)

    def test_training_on_features_from_another_thread_is_refused(self, model):
        session = model.session()
        with ThreadPoolExecutor(1) as other, pytest.raises(ModelError, match="made it"):
            other.submit(session.train_features, X, Y).result()

    @pytest.mark.parametrize("wrong", [3, -1])
    def test_labels_out_of_range_are_refused_in_every_batch_and_change_nothing(self, wrong):
        model = load_model(Path(__file__).parent / "models" / "dialect_tokens.tflite")
        session = model.session()
        x, y = np.ones((4, 5), np.int32), np.array([0, 1, 2, 0])
        for _ in range(2):
            session.train_step(x, y)
        before = session.state()
        with pytest.raises(SignatureError, match=f"between 0 and 2 for this model; got .*{wrong}"):
            session.train_step(x, np.array([0, 1, 2, wrong]))
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])
        assert session.train_step(x, y) > 0

    @pytest.mark.parametrize("kind", [object, str, complex])
    def test_samples_that_are_no_numbers_are_refused(self, model, kind):
        session = model.session()
        for use in (session.infer, session.bottlenecks, lambda x: session.train_step(x, Y)):
            with pytest.raises(SignatureError, match="samples as numbers; these are an array of"):
                use(X.astype(kind))

    @pytest.mark.parametrize(("wrong", "said"), [
        (20, "given: x 1 to 20"), (-3, "given: x -3 to 6"), (2.5, r"whole numbers .*got 2.5"),
        (2.0**32 + 3, r"whole numbers .*got 4294967299"),
    ])  # fmt: skip
    def test_word_that_has_no_number_in_the_table_is_refused_and_changes_nothing(self, wrong, said):
        session = of_the_zoo("text_mean_keras2").session()
        x = np.tile(np.arange(1.0, 7.0), (4, 1))
        before = session.state()
        session.infer(x)  # floats that are whole are the same ids
        x[1, 1] = wrong
        x = x.astype(np.int64) if wrong > 2**31 else x
        for use in (session.infer, lambda x: session.train_step(x, Y[:4] % 3)):
            with pytest.raises(SignatureError, match=said):
                use(x)
        for name, value in session.state().items():
            np.testing.assert_array_equal(value, before[name])

    def test_run_with_a_wrong_name_lists_the_signatures(self, model):
        with pytest.raises(SignatureError, match="infer, odt_get_state"):
            model.session().run("nothing")

    def test_run_with_wrong_inputs_says_what_the_signature_wants(self, model):
        with pytest.raises(SignatureError, match=r"wants x float32 \[any, 8, 8, 1\]"):
            model.session().run("infer", z=X)
        with pytest.raises(SignatureError, match=r"given x float64"):
            model.session().run("infer", x=X.astype(np.float64))

    def test_run_after_a_wrong_dtype_still_works(self, model):
        session = model.session()
        good = session.run("infer", x=X)["logits"]
        with pytest.raises(SignatureError):
            session.run("infer", x=X.astype(np.float64))
        np.testing.assert_array_equal(session.run("infer", x=X)["logits"], good)

    @pytest.mark.parametrize(
        ("content", "message"),
        [(b"", "empty"), (b"just some text, no model", "not a .tflite"), (None, "no file")],
    )
    def test_file_that_is_no_model_is_named(self, tmp_path, content, message):
        path = tmp_path / "m.tflite"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ModelError, match=message):
            load_model(path)

    def test_hash_is_of_the_original_bytes_whatever_the_file_is_called(self, model, tmp_path):
        shutil.copy(OWN / "tiny_momentum.tflite", tmp_path / "other.tflite")
        assert load_model(tmp_path / "other.tflite").sha256 == model.sha256
        assert len(model.sha256) == 64


class TestNamesOfSamples:
    """Of a model whose outputs nobody has named."""

    def raw(self, *labels: str) -> RawSamples:
        pictures = [np.zeros((8, 8), np.uint8)] * len(labels)
        return RawSamples(pictures, list(labels), [f"{k}.png" for k in range(len(labels))])

    def test_samples_of_as_many_labels_name_its_outputs(self):
        model = load_model(OWN / "tiny_adam.tflite")
        mine = model.prepare(self.raw("owl", "ant", "cat", "bee", "ant"))
        assert mine.labels.names == ("ant", "bee", "cat", "owl")
        assert mine.y.tolist() == [3, 0, 2, 1, 0]
        assert model.prepare(self.raw("cat"), labels=mine.labels).y.tolist() == [2]

    def test_samples_of_fewer_labels_are_refused(self):
        model = load_model(OWN / "tiny_adam.tflite")
        with pytest.raises(LabelError, match=r"2 labels \('ant', 'owl'\), and nobody has named"):
            model.prepare(self.raw("owl", "ant"))

    def test_numbers_of_outputs_stay_what_they_are(self):
        model = load_model(OWN / "tiny_adam.tflite")
        assert model.prepare(self.raw("3", "0")).y.tolist() == [3, 0]
