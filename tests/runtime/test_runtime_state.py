"""The state of a session: moved to another, reset, refused, and written by the model's own save."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load, save

from odt_core.checkpoint.fitting import check_finite
from odt_core.errors import CheckpointError, ModelError
from odt_core.runtime import load_model
from tests.converting import file_of
from tests.runtime.tiny_models import OWN, PUBLIC, X, Y


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

    @pytest.mark.parametrize("there", ["lowered", "baked", "from"])
    def test_restore_in_another_file_of_the_same_variables_names_the_one_to_open(self, there):
        first = load_model(PUBLIC / "flutter_litert__training_model_flex.tflite")
        made = first.data if there == "lowered" else first.session().bake()
        checkpoint, other = first.session().checkpoint(), load_model(made)
        if there == "from":
            checkpoint, other = other.session().checkpoint(), first
        with pytest.raises(CheckpointError, match="with another file") as told:
            other.session().restore(checkpoint)
        assert "another model" not in str(told.value)
        assert ": one may be made from the other" in str(told.value)


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
