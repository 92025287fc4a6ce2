"""What the converter loses on the way, activations and first weights, is put back or noticed."""

import numpy as np
import pytest
import tensorflow as tf
from side_by_side import LiteRT, classification_batches, keras, train_eagerly, worst_error
from small_models import Small, logits_loss, small_model

from odt_core.authoring import (
    convert_saved_model,
    save_model,
    to_inference_tflite,
    to_trainable_tflite,
    to_tutorial_tflite,
)
from odt_core.authoring.agreement import Agreement, agreement_of
from odt_core.authoring.conversion import state_of
from odt_core.errors import AuthoringError
from odt_core.graph import describe


def trained_by_determinant():
    """A model whose train step holds an op that has no builtin form, and its infer none."""

    def loss(y, logits):
        fixed = tf.stop_gradient(logits)
        added = tf.linalg.det(tf.eye(5) + tf.matmul(fixed, fixed, transpose_a=True))
        return tf.reduce_mean(tf.square(logits - y)) + tf.reduce_mean(added)

    return small_model(optimizer="sgd", loss=loss)


def _tenfold(x):
    return tf.transpose(10.0 * x, [0, 2, 1])


class TestLostActivation:
    """TensorFlow's converter forgets a ReLU after a product of variables without a bias."""

    def layers(self, activation):
        return [
            keras.Input((6,)),
            keras.layers.Dense(6, activation=activation, use_bias=False),
            keras.layers.Reshape((2, 3)),
            keras.layers.Dense(4, activation=activation, use_bias=False),
            keras.layers.Flatten(),
            keras.layers.Dense(5),
        ]

    @pytest.mark.parametrize("activation", ["relu", "relu6", "leaky_relu", "hard_sigmoid", "elu"])
    def test_layer_without_bias_when_converted_then_says_and_learns_what_keras_does(
        self, activation
    ):
        model = keras.Sequential(self.layers(activation))
        model.compile(optimizer="sgd", loss=logits_loss())
        batches = classification_batches((6,), 5, steps=4)
        device = LiteRT(to_trainable_tflite(model))
        said = device.run("infer", x=batches[0][0])["logits"]
        np.testing.assert_allclose(said, model(batches[0][0]), atol=1e-5)
        np.testing.assert_allclose(device.train(batches), train_eagerly(model, batches), rtol=1e-4)
        assert worst_error(device.parameters(), model.get_weights()) < 1e-4

    @pytest.mark.parametrize(
        "between",
        [keras.layers.Permute((2, 1)), keras.layers.Rescaling(1.0), keras.layers.Lambda(_tenfold)],
        ids=["permute", "rescaling", "lambda"],
    )
    def test_op_that_the_converter_folds_before_the_relu_then_both_stay(self, between):
        model = keras.Sequential(
            [
                keras.Input((6,)),
                keras.layers.Dense(6, use_bias=False),
                keras.layers.Reshape((2, 3)),
                between,
                keras.layers.ReLU(),
                keras.layers.Flatten(),
                keras.layers.Dense(5),
            ]
        )
        (x, _), *_ = classification_batches((6,), 5, steps=1)
        said = LiteRT(to_trainable_tflite(model)).run("infer", x=x)["logits"]
        np.testing.assert_allclose(said, model(x), atol=1e-5)

    def test_saved_model_of_nested_functions_when_converted_then_says_the_same(self, tmp_path):
        module = tf.Module()
        module.w = tf.Variable(np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32))
        product = tf.function(lambda x: x @ module.w)
        infer = tf.function(lambda x: {"output": tf.nn.relu(product(x))})
        train = tf.function(lambda w: {"w": module.w.assign(w)})
        signatures = {
            "infer": infer.get_concrete_function(tf.TensorSpec([None, 6])),
            "set": train.get_concrete_function(tf.TensorSpec([6, 5])),
        }
        tf.saved_model.save(module, str(tmp_path), signatures=signatures)
        (x, _), *_ = classification_batches((6,), 5, steps=1)
        said = LiteRT(convert_saved_model(tmp_path)).run("infer", x=x)["output"]
        assert said.min() == 0
        np.testing.assert_allclose(said, infer(x)["output"], atol=1e-5)

    def test_relu_that_only_a_gradient_misses_then_stays(self, tmp_path):
        module = tf.Module()
        module.w = tf.Variable(np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32))
        module.low = tf.Variable(0.0)

        @tf.function
        def train(x):
            with tf.GradientTape(persistent=True) as tape:
                h = tf.nn.relu(x @ module.w)  # without it the answers are the same
                h = tf.quantization.fake_quant_with_min_max_vars(h, module.low, 3.0)
                loss = tf.reduce_mean(h)
            for variable in (module.low, module.w):
                variable.assign_sub(tape.gradient(loss, variable))
            return {"loss": loss}

        signatures = {
            "train": train.get_concrete_function(tf.TensorSpec([None, 6], name="x")),
            "low": tf.function(lambda: {"low": module.low.read_value()}).get_concrete_function(),
        }
        tf.saved_model.save(module, str(tmp_path), signatures=signatures)
        device = LiteRT(convert_saved_model(tmp_path))
        device.run("train", x=np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32))
        assert device.run("low")["low"] == 0

    def test_model_that_no_conversion_agrees_with_then_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(
            "odt_core.authoring.conversion.agreement_of", lambda *_: Agreement(False, True)
        )
        save_model(Small(), tmp_path)
        with pytest.raises(AuthoringError, match="the file answers differently"):
            convert_saved_model(tmp_path)

    @pytest.mark.parametrize(
        "convert",
        [
            lambda: to_inference_tflite(small_model()),
            lambda: to_trainable_tflite(trained_by_determinant(), lowered=False),
        ],
    )
    def test_model_in_one_call_that_no_conversion_agrees_with_then_is_refused(
        self, convert, monkeypatch
    ):
        monkeypatch.setattr(
            "odt_core.authoring.conversion.agreement_of", lambda *_: Agreement(False, True)
        )
        with pytest.raises(AuthoringError, match="the file answers differently"):
            convert()

    def test_step_that_only_flex_does_when_not_lowered_then_the_rest_is_checked(self, monkeypatch):
        compared = []

        def counted(data, about, folder):
            compared.append(sorted(one.name for one in about.signatures))
            return agreement_of(data, about, folder)

        monkeypatch.setattr("odt_core.authoring.conversion.agreement_of", counted)
        data = to_trainable_tflite(trained_by_determinant(), lowered=False)
        assert "MatrixDeterminant" in describe(data).flex_ops
        assert "infer" in compared[0]
        assert "train" not in compared[0]

    def test_layer_that_is_a_function_of_its_own_then_says_what_to_do(self):
        class Own(keras.layers.Layer):
            def build(self, shape):
                self.k = self.add_weight(shape=(shape[-1], 6), name="k")

            @tf.function
            def call(self, x):
                return x @ self.k

        model = keras.Sequential([keras.Input((6,)), Own(), keras.layers.Dense(5)])
        with pytest.raises(AuthoringError, match=r"Leave @tf.function off a layer's call\(\)"):
            to_trainable_tflite(model)


class TestInitialWeights:
    @pytest.mark.parametrize(
        ("convert", "lowered"), [(to_trainable_tflite, True), (to_tutorial_tflite, False)]
    )
    def test_weights_when_lost_in_conversion_then_no_file_is_returned(
        self, convert, lowered, monkeypatch
    ):
        def emptied(*given):
            return {name: np.zeros_like(value) for name, value in state_of(*given).items()}

        monkeypatch.setattr("odt_core.authoring.one_call.state_of", emptied)
        with pytest.raises(AuthoringError, match="lost the initial value of hidden/kernel"):
            convert(small_model(), lowered=lowered)

    def test_tutorial_flavour_when_converted_then_a_fresh_one_holds_the_weights(self):
        model = small_model()
        data = to_tutorial_tflite(model)
        state = state_of(data, describe(data))
        for variable in model.weights:
            name = variable.path.removeprefix(f"{model.name}/")
            np.testing.assert_array_equal(state[name], variable.numpy())
