"""Patches of an image and one-hot rows give what TensorFlow's own ops give."""

import numpy as np
import pytest
import tensorflow as tf
from one_op import normal, run_lowered, run_tensorflow

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core import load_model
from tests.converting import file_of

WINDOWS = [
    # size, stride, rate, padding
    ((4, 4), (4, 4), (1, 1), "VALID"),
    ((3, 2), (2, 3), (1, 1), "VALID"),
    ((3, 3), (2, 2), (1, 1), "SAME"),
    ((2, 3), (1, 1), (2, 1), "SAME"),
]


def attributes_of(size, stride, rate, padding):
    return {
        "ksizes": [1, *size, 1],
        "strides": [1, *stride, 1],
        "rates": [1, *rate, 1],
        "padding": padding,
    }


class TestExtractImagePatches:
    @pytest.mark.parametrize("window", WINDOWS)
    @pytest.mark.parametrize("channels", [1, 3, 8])
    def test_patches_equal_tensorflow(self, window, channels):
        inputs, attributes = {"images": normal(0, 2, 9, 8, channels)}, attributes_of(*window)
        (actual,) = run_lowered("ExtractImagePatches", inputs, attributes, dynamic=["images"])
        (expected,) = run_tensorflow("ExtractImagePatches", inputs, attributes)
        np.testing.assert_array_equal(actual, expected)

    @pytest.mark.parametrize("window", WINDOWS)
    def test_patches_of_whole_numbers_are_exact(self, window):
        images = np.arange(2**40, 2**40 + 72, dtype=np.int64).reshape(1, 9, 8, 1)
        attributes = attributes_of(*window)
        (actual,) = run_lowered("ExtractImagePatches", {"images": images}, attributes)
        (expected,) = run_tensorflow("ExtractImagePatches", {"images": images}, attributes)
        np.testing.assert_array_equal(actual, expected)

    @pytest.mark.parametrize("window", [WINDOWS[0], WINDOWS[2]])
    def test_layer_before_the_patches_learns_as_in_tensorflow(self, window, tmp_path):
        size, stride, rate, padding = window
        net = tf.Module()
        net.before = tf.Variable(normal(1, 3, 3, 1, 2), name="before")
        net.after = tf.Variable(normal(2, 2 * size[0] * size[1], 3), name="after")

        def answer(x):
            x = tf.tanh(tf.nn.conv2d(x, net.before, 1, "SAME"))
            form = ([1, *size, 1], [1, *stride, 1], [1, *rate, 1])
            read = tf.image.extract_patches(x, *form, padding)
            return tf.reduce_mean(tf.tanh(tf.tensordot(read, net.after, 1)), [1, 2])

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, 12, 12, 1], tf.float32),
                tf.TensorSpec([None, 3], tf.float32),
            ]
        )
        def train(x, y):
            weights = [net.before, net.after]
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(answer(x) - y))
            for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
                weight.assign_sub(0.5 * gradient)
            return {"loss": loss}

        session = load_model(file_of(net, tmp_path, train=train)).session()
        x, y = normal(3, 5, 12, 12, 1), normal(4, 5, 3)
        for _ in range(3):
            np.testing.assert_allclose(
                session.run("train", x=x, y=y)["loss"], train(x, y)["loss"], rtol=1e-5
            )
        state = session.state()
        np.testing.assert_allclose(state["before"], net.before.numpy(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(state["after"], net.after.numpy(), rtol=1e-4, atol=1e-6)


class TestOneHot:
    @pytest.mark.parametrize("dtype", [np.uint8, np.int8])
    @pytest.mark.parametrize("axis", [-1, 0, 1])
    def test_rows_equal_tensorflow(self, dtype, axis):
        inputs = {
            "indices": np.array([[2, 0, 1], [3, 7, 1]], dtype),
            "depth": np.array(4, np.int32),
            "on_value": np.array(0.9, np.float32),
            "off_value": np.array(0.1, np.float32),
        }
        attributes = {"axis": axis}
        (expected,) = run_tensorflow("OneHot", inputs, attributes)
        (actual,) = run_lowered(
            "OneHot", inputs, attributes, constant=["depth", "on_value", "off_value"]
        )
        np.testing.assert_array_equal(actual, expected)
