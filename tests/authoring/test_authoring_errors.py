"""What cannot be trained here is named in words; what only looks like it trains as in Keras."""

import numpy as np
import pytest
import tensorflow as tf
from side_by_side import keras
from small_models import small_model

from odt_core.authoring import (
    BaseTFLiteModel,
    save_model,
    tflite_model_class,
    to_inference_tflite,
    to_trainable_tflite,
)
from odt_core.errors import AuthoringError
from odt_core.runtime import load_model


class TestErrors:
    def test_unbuilt_model_then_says_how_to_build(self):
        model = keras.Sequential([keras.layers.Dense(3)])
        with pytest.raises(AuthoringError, match="has no weights yet"):
            to_trainable_tflite(model)

    def test_compiled_without_loss_then_says_so(self):
        with pytest.raises(AuthoringError, match="compiled without a loss"):
            to_trainable_tflite(small_model(optimizer="sgd"))

    @pytest.mark.parametrize(
        ("optimizer", "message"),
        [
            ("adafactor", "Adafactor is not available"),
            ("nonsense", "knows no optimiser"),
            (keras.optimizers.SGD(0.1, use_ema=True), "use_ema is not available"),
            (keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), "accumulation_steps is not"),
        ],
    )
    def test_optimiser_that_cannot_be_taken_over_then_is_named(self, optimizer, message):
        with pytest.raises(AuthoringError, match=message):
            to_trainable_tflite(small_model(), optimizer=optimizer)

    @pytest.mark.parametrize("convert", [to_trainable_tflite, to_inference_tflite])
    def test_weights_other_than_float32_then_says_so(self, convert):
        out = keras.layers.Dense(5, dtype="float64", name="out")
        model = keras.Sequential([keras.Input((6,)), keras.Sequential([out])])
        model.compile("sgd", "mse")
        with pytest.raises(AuthoringError, match=r"kernel is float64.*float32 .*set_weights"):
            convert(model)

    def test_mixed_precision_in_a_class_of_the_recipe_then_says_so(self, tmp_path):
        @tflite_model_class
        class Mixed(BaseTFLiteModel):
            X_SHAPE, Y_SHAPE = [6], [5]

            def __init__(self):
                out = keras.layers.Dense(5, dtype="mixed_float16", name="out")
                self.model = keras.Sequential([keras.Input((6,)), out])

        with pytest.raises(AuthoringError, match=r"layer 'out' computes in float16.*with float32"):
            save_model(Mixed(), tmp_path)

    @pytest.mark.parametrize("dtype", ["uint8", "float16", "float64"])
    def test_input_of_another_dtype_is_trained(self, dtype):
        layers = [keras.Input((6,), dtype=dtype), keras.layers.Rescaling(0.1)]
        model = keras.Sequential([*layers, keras.layers.Dense(5)])
        model.compile("sgd", "mse")
        session = load_model(to_trainable_tflite(model)).session()
        x, y = np.arange(12).reshape(2, 6).astype(dtype), np.ones((2, 5), np.float32)
        assert session.train_step(x, y) == pytest.approx(model.train_on_batch(x, y), rel=1e-4)

    @pytest.mark.parametrize("convert", [to_trainable_tflite, to_inference_tflite])
    def test_table_that_no_layer_holds_then_says_what_to_do(self, convert):
        number = tf.lookup.KeyValueTensorInitializer(["a", "b"], np.int64([1, 2]))
        elsewhere = [tf.lookup.StaticHashTable(number, 0)]

        class Number(keras.layers.Layer):
            def call(self, x):
                return elsewhere[0].lookup(x)

        rows = keras.layers.Embedding(3, 4)
        layers = [keras.Input((1,), dtype="string"), Number(), rows, keras.layers.Flatten()]
        model = keras.Sequential([*layers, keras.layers.Dense(5)])
        with pytest.raises(AuthoringError, match=r"cannot be saved .*Hold what it uses as an attr"):
            convert(model)

    def test_unknown_layer_to_train_then_lists_the_layers(self):
        with pytest.raises(
            AuthoringError, match=r"no layer last\. Layers with weights: hidden, out"
        ):
            to_trainable_tflite(small_model(), trainable=["last"])

    def test_op_without_builtin_form_then_is_named(self):
        class Bessel(keras.layers.Layer):
            def call(self, inputs):
                return tf.math.special.bessel_j0(inputs)

        dense = keras.layers.Dense(4)
        model = keras.Sequential([keras.Input((6,)), dense, Bessel(), keras.layers.Dense(2)])
        with pytest.raises(AuthoringError, match=r"BesselJ0\b"):
            to_trainable_tflite(model)

    @pytest.mark.parametrize("convert", [to_trainable_tflite, to_inference_tflite])
    def test_op_that_the_converter_refuses_then_is_named_with_its_layer(self, convert):
        class Energy(keras.layers.Layer):
            def call(self, inputs):
                return tf.einsum("abc,abc->a", inputs, inputs)[:, None]

        layers = [keras.Input((2, 3)), keras.layers.Dense(4), Energy(name="energy")]
        model = keras.Sequential([*layers, keras.layers.Dense(2)])
        with pytest.raises(AuthoringError, match=r"its op Einsum in '\w+/energy\w*/.*' is .*\(\S"):
            convert(model)

    def test_grouped_convolution_is_trained(self):
        grouped = keras.layers.Conv2D(4, 3, groups=2)
        layers = [keras.Input((6, 6, 4)), grouped, keras.layers.Flatten(), keras.layers.Dense(3)]
        model = load_model(to_trainable_tflite(keras.Sequential(layers)))
        x = np.random.default_rng(0).normal(size=(12, 6, 6, 4)).astype(np.float32)
        session, y = model.session(), np.arange(12) % 3
        first = session.train_step(x, y)
        assert min(session.train_step(x, y) for _ in range(20)) < first

    @pytest.mark.parametrize("named", [False, True])
    def test_several_inputs_train_as_in_keras(self, named):
        keras.utils.set_random_seed(1)
        person = keras.Input((1,), name="person", dtype="int32")
        mood = keras.Input((3,), name="mood")
        taste = keras.layers.Flatten()(keras.layers.Embedding(9, 4)(person))
        joined = keras.layers.Concatenate()([taste, mood])
        answer = keras.layers.Dense(1)(keras.layers.Dense(5, "tanh")(joined))
        given = {"mood": mood, "person": person} if named else [person, mood]
        model = keras.Model(given, answer)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        draw = np.random.default_rng(0)
        x, y = draw.normal(size=(16, 3)).astype(np.float32), draw.normal(size=(16, 1))
        ids = draw.integers(0, 9, (16, 1))
        mine = load_model(to_trainable_tflite(model))
        assert [part.name for part in mine.contract.sample_inputs] == ["mood", "person"]
        session, rows = mine.session(), np.hstack([x, ids])
        fed = {"mood": x, "person": ids} if named else [ids, x]
        for _ in range(5):
            expected = model.train_on_batch(fed, y)
            assert session.train_step(rows, y) == pytest.approx(expected, rel=1e-5)
        expected = model.predict(fed, verbose=0)
        assert np.allclose(session.infer(rows), expected, atol=1e-6)
        fixed = load_model(to_inference_tflite(model))
        assert np.allclose(fixed.session().infer(rows), expected, atol=1e-6)

    def test_input_called_like_the_labels_says_so(self):
        a, b = keras.Input((3,), name="x"), keras.Input((3,), name="y")
        model = keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Add()([a, b])))
        with pytest.raises(AuthoringError, match=r"named x, y\. Give each a name of its own"):
            to_trainable_tflite(model)

    def test_recipe_takes_one_input_and_says_what_takes_more(self):
        @tflite_model_class
        class Two(BaseTFLiteModel):
            X_SHAPE = [3]  # noqa: RUF012
            Y_SHAPE = [2]  # noqa: RUF012

            def __init__(self):
                a, b = keras.Input((3,)), keras.Input((3,))
                self.model = keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Add()([a, b])))
                self.model.compile("sgd", "mse")

        with pytest.raises(AuthoringError, match="has 2 inputs, and this takes one"):
            save_model(Two(), "unused")
