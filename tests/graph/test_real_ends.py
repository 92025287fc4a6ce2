"""Fully quantised models: asked with real numbers, they answer with real numbers."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from odt_core import load_model
from odt_core.baking import bake
from odt_core.dialects.contract import OutputKind
from odt_core.graph import describe, lower
from odt_core.worker.wire import pack_description, unpack_description

PICTURE, SENSOR = (16, 16, 3), (6,)


def quantised(model: tf.keras.Model, calibration: np.ndarray, dtype: tf.DType) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([one[None]] for one in calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = dtype
    return converter.convert()


def pictures(low: float, high: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    given = (rng.random((40, *PICTURE)) * rng.random((40, 1, 1, 3))).astype(np.float32)
    given[0], given[1] = 0, 1
    return low + given * np.float32(high - low)


def classifier(low: float, high: float, dtype: tf.DType) -> tuple[bytes, np.ndarray]:
    tf.keras.utils.set_random_seed(0)
    layers = tf.keras.layers
    spread = tf.keras.initializers.RandomNormal(0, 3)
    model = tf.keras.Sequential(
        [
            layers.Input(PICTURE),
            layers.Rescaling(2 / (high - low), -(high + low) / (high - low)),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", kernel_initializer=spread),
        ]
    )
    x = pictures(low, high)
    return quantised(model, x, dtype), x


def regression(dtype: tf.DType) -> tuple[bytes, np.ndarray]:
    tf.keras.utils.set_random_seed(0)
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [layers.Input(SENSOR), layers.Dense(16, activation="relu"), layers.Dense(2)]
    )
    x = np.random.default_rng(0).normal(size=(60, *SENSOR)).astype(np.float32)
    return quantised(model, x, dtype), x


def by_hand(data: bytes, x: np.ndarray) -> np.ndarray:
    """What LiteRT answers to numbers quantised, and answers dequantised, as the file says."""
    litert = Interpreter(model_content=data)
    given, answer = litert.get_input_details()[0], litert.get_output_details()[0]
    (scale, zero), limits = given["quantization"], np.iinfo(given["dtype"])
    whole = np.clip(np.round(x / scale) + zero, limits.min, limits.max).astype(given["dtype"])
    litert.allocate_tensors()
    rows = []
    for one in whole:
        litert.set_tensor(given["index"], one[None])
        litert.invoke()
        rows.append(litert.get_tensor(answer["index"])[0])
    scale, zero = answer["quantization"]
    return (np.array(rows, np.float32) - zero) * scale


@pytest.mark.parametrize("dtype", [tf.int8, tf.uint8])
class TestQuantisedModel:
    def test_classifier_gives_the_probabilities_that_its_numbers_stand_for(self, dtype):
        data, x = classifier(0, 1, dtype)
        session = load_model(data).session()
        assert session.output_kind is OutputKind.PROBABILITIES
        np.testing.assert_allclose(session.infer(x), by_hand(data, x), atol=1e-6)

    def test_sensor_values_are_not_rounded_to_whole_numbers(self, dtype):
        data, x = regression(dtype)
        expected = by_hand(data, x)
        assert np.ptp(expected) > 1
        np.testing.assert_allclose(load_model(data).session().infer(x), expected, atol=1e-6)

    def test_signature_takes_and_gives_float32_and_lowered_again_is_the_same(self, dtype):
        lowered = lower(regression(dtype)[0]).data
        (signature,) = describe(lowered).signatures
        ends = (*signature.inputs, *signature.outputs)
        assert [(one.dtype, one.shape) for one in ends] == [
            ("float32", (None, 6)),
            ("float32", (None, 2)),
        ]
        assert lower(lowered).data == lowered

    def test_what_became_of_its_numbers_is_told_of_the_rewritten_file_as_well(self, dtype):
        once = load_model(regression(dtype)[0])
        for model in (once, load_model(once.data)):
            ends, weights, _ = model.contract.notes
            assert ends.startswith(
                f"As it was converted, this model took {dtype.name} and gave {dtype.name};"
            )
            assert "float32" in ends
            assert weights.endswith(
                "weights as int8 and computes with them as int8 (fully quantised)."
            )
        assert unpack_description(pack_description(once.description)) == once.description
        baked = load_model(bake(once.data, once.session().state(), inference_only=True))
        assert baked.contract.notes[0] == once.contract.notes[0]


@pytest.mark.parametrize(
    ("types", "told"),
    [
        (
            [],
            ["This file holds weights as int8 and computes with them as float32 (dynamic range)."],
        ),
        ([tf.float16], ["This file holds weights as float16 and computes with them as float32."]),
    ],
)
def test_smaller_weights_of_a_model_that_computes_with_float32_are_told(types, told):
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Input((64,)), layers.Dense(64), layers.Dense(2)])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    plain = load_model(converter.convert())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = types
    smaller = load_model(converter.convert())
    assert plain.description.weights == ()
    assert list(smaller.contract.notes[:-1]) == told


@pytest.mark.parametrize(
    ("low", "high", "scale", "offset"),
    [(0, 1, 1 / 255, 0), (0, 255, 1, 0), (-1, 1, 2 / 255, -1)],
)
def test_pictures_are_scaled_to_what_a_quantised_input_reaches(low, high, scale, offset):
    preprocessing = load_model(classifier(low, high, tf.uint8)[0]).preprocessing
    assert (preprocessing.kind, preprocessing.scale) == ("image", pytest.approx(scale))
    assert preprocessing.offset == offset
