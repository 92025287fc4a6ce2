"""SavedModels from elsewhere, of modules and of Keras: every signature and every weight."""

import numpy as np
import pytest
import tensorflow as tf
from side_by_side import LiteRT, classification_batches, keras
from small_models import logits_loss, small_model

import odt_core as odt
from odt_core.authoring import convert_saved_model
from odt_core.errors import AuthoringError
from odt_core.graph import describe
from tests.converting import file_of, functions_of


class Shifting(tf.Module):
    def __init__(self):
        self.w = tf.Variable([1.0, 2.0], name="w")

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def train(self, x):
        self.w.assign_add(tf.reduce_sum(x, 0))
        return {"loss": tf.reduce_sum(self.w)}

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def serve(self, x):
        return {"y": x * self.w}


class TestSavedModelFromElsewhere:
    def test_weights_inside_a_keras_model_when_converted_then_are_the_saved_ones(self, tmp_path):
        """The official tutorial's module on Keras 3, whose weights TensorFlow's converter loses."""

        class Tutorial(tf.Module):
            def __init__(self):
                self.model = small_model()
                self.optimizer = keras.optimizers.SGD(0.1)
                self.optimizer.build(self.model.trainable_variables)

            @tf.function(input_signature=[tf.TensorSpec([None, 6]), tf.TensorSpec([None, 5])])
            def train(self, x, y):
                with tf.GradientTape() as tape:
                    loss = logits_loss()(y, self.model(x, training=True))
                weights = self.model.trainable_variables
                self.optimizer.apply(tape.gradient(loss, weights), weights)
                return {"loss": loss}

            @tf.function(input_signature=[tf.TensorSpec([None, 6])])
            def infer(self, x):
                return {"output": self.model(x)}

        module = Tutorial()
        signatures = functions_of(module, "train", "infer")
        tf.saved_model.save(module, str(tmp_path), signatures=signatures)
        (x, y), *_ = classification_batches((6,), 5, steps=1)
        device = LiteRT(convert_saved_model(tmp_path))
        np.testing.assert_allclose(device.run("infer", x=x)["output"], module.model(x), atol=1e-5)
        expected = [float(module.train(x, y)["loss"]) for _ in range(3)]
        np.testing.assert_allclose(device.train([(x, y)] * 3), expected, rtol=1e-4)

    def test_signature_called_serve_when_converted_then_is_one_of_all(self, tmp_path):
        module = Shifting()
        tf.saved_model.save(module, str(tmp_path), functions_of(module, "train", "serve"))
        device = LiteRT(convert_saved_model(tmp_path))
        x = np.ones((2, 2), np.float32)
        assert device.run("serve", x=x)["y"].tolist() == [[1, 2], [1, 2]]
        assert device.run("train", x=x)["loss"] == 7

    def test_archive_of_keras_when_converted_then_has_all_its_endpoints(self, tmp_path):
        model, archive = small_model(), keras.export.ExportArchive()
        archive.track(model)
        for name in ("serve", "train"):
            archive.add_endpoint(name, lambda x: model(x), [tf.TensorSpec([None, 6])])
        archive.write_out(str(tmp_path), verbose=False)
        names = {one.name for one in describe(convert_saved_model(tmp_path)).signatures}
        assert names == {"serve", "serving_default", "train"}

    def test_saved_model_without_signatures_when_converted_then_says_so(self, tmp_path):
        tf.saved_model.save(Shifting(), str(tmp_path))
        with pytest.raises(AuthoringError, match="has no signatures"):
            convert_saved_model(tmp_path)

    def test_module_that_is_not_saved_when_converted_then_says_so(self):
        with pytest.raises(AuthoringError, match=r"comes as its folder's path, not as Shifting\."):
            convert_saved_model(Shifting())

    def test_damaged_saved_model_when_converted_then_says_so(self, tmp_path):
        (tmp_path / "saved_model.pb").write_bytes(b"junk")
        with pytest.raises(AuthoringError, match="cannot read the SavedModel in"):
            convert_saved_model(tmp_path)

    def test_saved_model_when_converted_then_is_loaded_once_beside_the_converter(
        self, tmp_path, monkeypatch
    ):
        module, loads, load = Shifting(), [], tf.saved_model.load
        tf.saved_model.save(module, str(tmp_path), functions_of(module, "train", "serve"))
        monkeypatch.setattr(tf.saved_model, "load", lambda path: loads.append(path) or load(path))
        convert_saved_model(tmp_path)
        assert loads == [str(tmp_path)]


class Writing(Shifting):
    """One that saves as the guides to tf.train.Checkpoint do, which makes paths of the path."""

    def __init__(self):
        super().__init__()
        self.checkpoint = tf.train.Checkpoint(w=self.w)

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def save(self, path):
        return {"path": self.checkpoint.write(path), "where": tf.strings.join([path, ".index"])}


class Noting(tf.Module):
    """It saves a text in a signature of its own, and beside its variable."""

    def __init__(self):
        self.w = tf.Variable([1.0, 2.0], name="w")

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def note(self, path):
        return self.saved(path, "note", "of whom")

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def save(self, path):
        return self.saved(path, "w", self.w.read_value()) | self.note(path)

    def saved(self, path, name, value):
        written = tf.raw_ops.SaveV2(
            prefix=path, tensor_names=[name], shape_and_slices=[""], tensors=[value]
        )
        with tf.control_dependencies([written]):
            return {name: tf.identity(tf.constant(1))}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    module = Writing()
    signatures = functions_of(module, "train", "serve", "save")
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return odt.load_model(convert_saved_model(folder)).session()


class TestSaveOfTensorFlowsCheckpoint:
    def test_it_gives_the_tensors_in_the_paths_place(self, session):
        (save,) = session.model.description.checkpoints
        assert [tensor.name for tensor in save.tensors] == ["w/.ATTRIBUTES/VARIABLE_VALUE"]
        given = session.model.description.signature("save")
        assert [one.name for one in (*given.inputs, *given.outputs)] == [save.tensors[0].key]

    def test_what_it_writes_is_read_by_tensorflows_checkpoint(self, session, tmp_path):
        session.run("train", x=np.array([[3, 4]], np.float32))
        session.save_tf_checkpoint(tmp_path / "mine")
        fresh = Writing()
        fresh.checkpoint.read(str(tmp_path / "mine")).assert_consumed()
        assert fresh.w.numpy().tolist() == [4, 6]

    def test_signature_that_saves_text_alone_is_left_out_and_says_why(self, tmp_path):
        module = Noting()
        signatures = functions_of(module, "note", "save")
        found = odt.load_model(file_of(module, tmp_path, **signatures)).description
        assert [one.message for one in found.missing] == [
            "The signature 'note' needs the op SaveV2: it saves text alone, which is no "
            "checkpoint. Save the variables as well."
        ]
        (kept,) = found.checkpoints
        assert (kept.signature, kept.texts) == ("save", (("note", "of whom"),))


class Doubled(tf.Module):
    """The official tutorial's save and restore on weights that Keras 3 calls the same."""

    def __init__(self, size):
        self.weights = [tf.Variable(tf.ones([n]), name=f"w{at}") for at, n in enumerate((2, size))]

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def infer(self, x):
        return {"y": x * self.weights[0]}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def save(self, path):
        values = [one.read_value() for one in self.weights]
        tf.raw_ops.Save(filename=path, tensor_names=["kernel"] * 2, data=values)
        return {"path": path}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def restore(self, path):
        for one in self.weights:
            got = tf.raw_ops.Restore(file_pattern=path, tensor_name="kernel", dt=one.dtype)
            one.assign(tf.ensure_shape(got, one.shape))
        return {"restored": got}


class TestSaveOfSeveralTensorsUnderOneName:
    @pytest.mark.parametrize("size", [2, 3])
    def test_it_says_so_and_leaves_out_what_would_mix_them_up(self, size, tmp_path):
        module = Doubled(size)
        signatures = functions_of(module, "infer", "save", "restore")
        data = file_of(module, tmp_path, **signatures)
        found = odt.load_model(data).description
        assert [one.signature for one in found.missing] == ["restore", "save"]
        for one in found.missing:
            assert "several tensors are saved as 'kernel'" in one.message
            assert "that is weight.path" in one.message
        assert [one.name for one in found.signatures if one.name in signatures] == ["infer"]
