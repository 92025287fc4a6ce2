"""Keras models converted in one call: to train, to predict alone, and as the tutorial has them."""

import numpy as np
import pytest
import tensorflow as tf
from side_by_side import LiteRT, classification_batches, keras, train_eagerly, worst_error
from small_models import logits_loss, small_model

from odt_core.authoring import (
    convert_saved_model,
    to_inference_tflite,
    to_trainable_tflite,
    to_tutorial_tflite,
)
from odt_core.errors import AuthoringError
from odt_core.graph import describe


class TestTime:
    def test_model_when_converted_then_is_not_parsed_again_for_each_check(self, monkeypatch):
        """Of a recurrent layer over many steps, parsing was half of the time."""
        parsed = []
        monkeypatch.setattr("odt_core.graph.inspect.read", parsed.append)
        to_trainable_tflite(small_model(optimizer="adam", loss=logits_loss()))
        assert parsed == []


class TestLearningRate:
    def test_learning_rate_when_scheduled_then_cannot_be_set_unless_one_is_given(self):
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
        model = small_model(optimizer=keras.optimizers.SGD(schedule), loss=logits_loss())
        own, given = to_trainable_tflite(model), to_trainable_tflite(model, learning_rate=0.25)
        assert "set_learning_rate" not in {one.name for one in describe(own).signatures}
        assert "set_learning_rate" in {one.name for one in describe(given).signatures}

    def test_learning_rate_when_set_then_counts_from_the_next_step(self):
        model = small_model(optimizer=keras.optimizers.SGD(0.1), loss=logits_loss())
        device = LiteRT(to_trainable_tflite(model, learning_rate=0.25))
        batches = classification_batches((6,), 5, steps=4)
        assert device.run("set_learning_rate", learning_rate=np.float32(0))["learning_rate"] == 0
        before = device.parameters()
        device.train(batches)
        assert worst_error(device.parameters(), before) == 0
        device.run("set_learning_rate", learning_rate=np.float32(0.1))
        expected = train_eagerly(model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)

    def test_learning_rate_when_given_then_what_is_kept_from_decay_still_is(self):
        optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
        optimizer.exclude_from_weight_decay(var_names=["kernel"])
        model = small_model(optimizer=optimizer, loss=logits_loss())
        device = LiteRT(to_trainable_tflite(model, learning_rate=0.1))
        batches = classification_batches((6,), 5, steps=6)
        expected = train_eagerly(model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)


class TestH5Files:
    @pytest.mark.parametrize("loss", ["mse", "MAE", "msle", "kld"])
    def test_short_name_of_a_loss_when_read_then_trains_as_in_keras(self, loss, tmp_path):
        model = small_model(optimizer=keras.optimizers.SGD(0.1), loss=loss, metrics=["mae"])
        model.save(tmp_path / "model.h5")
        batches = classification_batches((6,), 5, steps=3)
        device = LiteRT(to_trainable_tflite(tmp_path / "model.h5"))
        expected = train_eagerly(model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)


class TestInferenceOnly:
    @pytest.mark.parametrize("suffix", [None, ".keras", ".h5"])
    def test_model_or_file_when_converted_then_predicts_as_keras(self, suffix, tmp_path):
        model, source = small_model(), None
        if suffix:
            source = tmp_path / f"model{suffix}"
            model.save(source)
        data = to_inference_tflite(source or model)
        assert [s.name for s in describe(data).signatures] == ["infer"]
        assert describe(data).variables == ()
        x = classification_batches((6,), 5, steps=1)[0][0]
        logits = LiteRT(data).run("infer", x=x)["logits"]
        assert worst_error([logits], [model(x)]) < 1e-5

    def test_lookup_of_words_when_converted_then_answers_as_keras(self):
        layers = [keras.layers.StringLookup(vocabulary=["a", "b"]), keras.layers.Embedding(3, 4)]
        model = keras.Sequential([keras.Input((1,), dtype="string"), *layers])
        word = np.array([["b"], ["a"], ["z"]], object)
        given = LiteRT(to_inference_tflite(model)).run("infer", x=word)["logits"]
        assert worst_error([given], [model(tf.constant(word))]) < 1e-6

    def test_several_outputs_when_converted_then_each_is_given_by_its_layers_name(self):
        x = keras.Input((6,))
        halves = keras.layers.Dense(2, name="a-half")
        model = keras.Model(x, [keras.layers.Dense(3, name="label")(x), halves(x), halves(2 * x)])
        rows = classification_batches((6,), 5, steps=1)[0][0]
        given = LiteRT(to_inference_tflite(model)).run("infer", x=rows)
        assert sorted(given) == ["a_half", "a_half_1", "label"]
        label, half, other = model(rows)
        order = ("label", "a_half", "a_half_1")
        assert worst_error([given[name] for name in order], [label, half, other]) < 1e-5

    def test_outputs_in_a_dict_when_converted_then_have_its_names(self):
        x = keras.Input((6,))
        dense = keras.layers.Dense
        model = keras.Model(x, {"b": dense(3)(x), "a": [dense(2)(x), dense(1)(x)]})
        rows = classification_batches((6,), 5, steps=1)[0][0]
        given = LiteRT(to_inference_tflite(model)).run("infer", x=rows)
        assert {name: value.shape[1] for name, value in given.items()} == {
            "a_0": 2,
            "a_1": 1,
            "b": 3,
        }

    @pytest.mark.parametrize("suffix", [".keras", ".h5"])
    def test_loss_of_ones_own_when_only_predicting_then_need_not_be_known(self, suffix, tmp_path):
        def own(labels, output):
            return output

        model = small_model(optimizer="sgd", loss=own)
        model.save(tmp_path / f"model{suffix}")
        data = to_inference_tflite(tmp_path / f"model{suffix}")
        x = classification_batches((6,), 5, steps=1)[0][0]
        assert worst_error([LiteRT(data).run("infer", x=x)["logits"]], [model(x)]) < 1e-5

    def test_lambda_layer_when_loaded_then_is_refused(self, tmp_path):
        model = keras.Sequential([keras.Input((6,)), keras.layers.Lambda(lambda x: x * 2)])
        model.add(keras.layers.Dense(2))
        model.save(tmp_path / "model.keras")
        with pytest.raises(AuthoringError, match="Lambda layer"):
            to_inference_tflite(tmp_path / "model.keras")

    @pytest.mark.parametrize("name", ["none.keras", "text.keras", "picture.png"])
    def test_file_that_is_no_model_when_loaded_then_says_so(self, name, tmp_path):
        (tmp_path / "text.keras").write_text("not a model")
        with pytest.raises(AuthoringError, match=r"no file|cannot read|no Keras model"):
            to_inference_tflite(tmp_path / name)

    @pytest.mark.parametrize("convert", [to_inference_tflite, convert_saved_model])
    def test_path_that_the_system_refuses_when_read_then_says_why(self, convert):
        with pytest.raises(AuthoringError, match="cannot be read: File name too long"):
            convert("a" * 300 + ".keras")

    @pytest.mark.parametrize("convert", [to_inference_tflite, to_trainable_tflite])
    def test_what_is_neither_model_nor_path_when_converted_then_says_so(self, convert):
        with pytest.raises(AuthoringError, match=r"a keras.Model of Keras 3 .*, not as Module\."):
            convert(tf.Module())

    def test_file_that_keras_refuses_without_a_word_then_says_of_which_kind_its_error_was(
        self, monkeypatch, tmp_path
    ):
        def refuse(*given, **named):
            raise AssertionError

        monkeypatch.setattr(keras.saving, "load_model", refuse)
        (tmp_path / "model.keras").touch()
        with pytest.raises(AuthoringError, match=r"cannot read .*: AssertionError\. Save it "):
            to_inference_tflite(tmp_path / "model.keras")


class TestTutorialFlavour:
    def test_checkpoint_when_lowered_then_is_tensors(self):
        data = to_tutorial_tflite(small_model(optimizer="adam", loss=logits_loss()))
        found = describe(data)
        assert found.flex_ops == ()
        save = next(c for c in found.checkpoints if c.kind == "save")
        assert (save.version, save.path) == (1, "checkpoint_path")
        assert [t.name for t in save.tensors] == [
            "hidden/kernel:0",
            "hidden/bias:0",
            "out/kernel:0",
            "out/bias:0",
        ]
        device = LiteRT(data)
        batches = classification_batches((6,), 5, steps=3)
        device.train(batches)
        x = batches[0][0]
        trained = device.run("infer", x=x)
        assert worst_error([trained["output"].sum(-1)], [np.ones(len(x))]) < 1e-6
        fresh = LiteRT(data)
        fresh.run("restore", **device.run("save"))
        np.testing.assert_array_equal(fresh.run("infer", x=x)["logits"], trained["logits"])

    def test_checkpoint_when_not_lowered_then_is_a_path(self):
        data = to_tutorial_tflite(small_model(), lowered=False)
        found = describe(data)
        assert {"Save", "Restore"} <= set(found.flex_ops)
        (path,) = found.signature("save").inputs
        assert (path.name, path.dtype) == ("checkpoint_path", "string")

    @pytest.mark.parametrize(
        ("loss", "squashed"),
        [
            (logits_loss(), lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True)),
            (
                keras.losses.CategoricalFocalCrossentropy(from_logits=True),
                lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True),
            ),
            (keras.losses.BinaryCrossentropy(from_logits=True), lambda z: 1 / (1 + np.exp(-z))),
            (
                keras.losses.BinaryFocalCrossentropy(from_logits=True),
                lambda z: 1 / (1 + np.exp(-z)),
            ),
        ],
    )
    def test_output_is_what_the_loss_makes_of_logits(self, loss, squashed):
        x = classification_batches((6,), 5, steps=1)[0][0]
        model = small_model(loss=loss, optimizer="sgd")
        said = LiteRT(to_tutorial_tflite(model)).run("infer", x=x)
        logits = np.asarray(model(x))
        assert worst_error([said["logits"]], [logits]) < 1e-5
        assert worst_error([said["output"]], [squashed(logits)]) < 1e-5

    @pytest.mark.parametrize("loss", ["mse", "mae", lambda y, z: keras.ops.mean((y - z) ** 2, -1)])
    def test_output_of_a_model_of_values_is_its_own_and_called_no_logits(self, loss):
        x = classification_batches((6,), 5, steps=1)[0][0]
        model = small_model(loss=loss, optimizer="sgd")
        said = LiteRT(to_tutorial_tflite(model)).run("infer", x=x)
        assert said.keys() == {"output"}
        assert worst_error([said["output"]], [model(x)]) < 1e-5

    @pytest.mark.parametrize(
        ("activation", "loss"),
        [("softmax", "categorical_crossentropy"), ("sigmoid", "binary_crossentropy")],
    )
    @pytest.mark.parametrize("further", [[], [keras.layers.Reshape((5,))]])
    def test_probabilities_are_the_models_own_and_never_squashed_again(
        self, activation, loss, further
    ):
        last = keras.layers.Dense(5, activation=activation)
        model = keras.Sequential([keras.Input((6,)), last, *further])
        model.compile(loss=loss, optimizer="sgd")
        x = classification_batches((6,), 5, steps=1)[0][0]
        said = LiteRT(to_tutorial_tflite(model)).run("infer", x=x)
        assert ("logits" in said) == (not further)  # Keras tells them of a last layer alone
        assert worst_error([said["output"]], [model(x)]) < 1e-5
