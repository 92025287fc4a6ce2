"""Weights as float16: half the file, nearly the same answers."""

import keras
import numpy as np
import pytest

from odt_core.authoring import to_inference_tflite, to_trainable_tflite
from odt_core.errors import ModelError
from odt_core.graph.halve import halve_weights
from odt_core.runtime import load_model


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.layers.Input((16, 16, 3)), keras.layers.Conv2D(16, 3, activation="relu"),
         keras.layers.DepthwiseConv2D(3), keras.layers.Flatten(), keras.layers.Dense(10)]
    )  # fmt: skip


def test_file_when_halved_is_about_half_and_answers_nearly_the_same(model):
    data = to_inference_tflite(model)
    half = halve_weights(data)
    assert len(half) < 0.6 * len(data)
    x = np.random.default_rng(0).random((4, 16, 16, 3), np.float32)
    want, got = (load_model(one).session().infer(x) for one in (data, half))
    assert got == pytest.approx(want, abs=2e-3 * float(np.abs(want).max()))
    assert (got != want).any()


def test_variables_when_halved_stay_float32_and_learn(model):
    session = load_model(halve_weights(to_trainable_tflite(model))).session()
    assert all(values.dtype == np.float32 for values in session.state().values())
    x = np.random.default_rng(0).random((8, 16, 16, 3), np.float32)
    y = np.eye(10, dtype=np.float32)[np.arange(8)]
    losses = [session.train_step(x, y) for _ in range(5)]
    assert losses[-1] < losses[0]


def test_bytes_that_are_no_model_raise():
    with pytest.raises(ModelError):
        halve_weights(b"nothing")
