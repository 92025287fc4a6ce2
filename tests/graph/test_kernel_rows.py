"""A convolution by strips is one CONV_2D once its weights are constants."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.baking import bake
from odt_core.graph import describe, lower
from odt_core.graph.rules import strips
from odt_core.runtime.interpreter import Interpreter
from tests.converting import file_of, functions_of


class Layer(tf.Module):
    """A convolution with bias and ReLU of x [N, *image], whose kernel a call of `train` sets."""

    def __init__(self, image, kernel, **how):
        rows, columns, outputs = kernel
        start = tf.random.stateless_normal([rows, columns, image[2], outputs], [1, 2])
        self.w, self.b = tf.Variable(start, name="w"), tf.Variable(tf.ones(outputs), name="b")
        x = tf.TensorSpec([None, *image])

        @tf.function(input_signature=[x])
        def infer(x):
            return {"y": tf.nn.relu(tf.nn.conv2d(x, self.w, **how) + self.b)}

        @tf.function(input_signature=[tf.TensorSpec(start.shape)])
        def train(w):
            self.w.assign(w)
            return {"done": tf.reduce_sum(w)}

        self.infer, self.train = infer, train

    def file(self, folder: Path) -> bytes:
        return lower(file_of(self, folder, **functions_of(self, "infer", "train"))).data


def baked(data: bytes) -> bytes:
    session = odt.load_model(data).session()
    return bake(data, session.state(), inference_only=True)


class TestConvolutionByStrips:
    @pytest.mark.parametrize(
        ("image", "kernel", "how"),
        [
            ((16, 16, 8), (3, 3, 8), {"strides": 1, "padding": "SAME"}),
            ((16, 18, 8), (3, 3, 4), {"strides": 1, "padding": "VALID"}),
            ((16, 16, 8), (5, 3, 8), {"strides": 1, "padding": "SAME"}),
            ((17, 16, 8), (3, 3, 2), {"strides": [1, 1, 2, 1], "padding": "SAME"}),
            ((24, 24, 8), (3, 3, 4), {"strides": 1, "padding": "SAME", "dilations": 2}),
            ((16, 16, 8), (3, 3, 1), {"strides": 1, "padding": "SAME"}),
            (
                (20, 20, 8),
                (3, 3, 4),
                {"strides": 1, "padding": [[0, 0], [2, 0], [0, 1], [0, 0]]},
            ),
        ],
        ids=["same", "valid", "5 rows", "columns' stride", "dilated", "one output", "explicit"],
    )
    def test_layer_when_weights_are_constant_then_is_one_convolution(
        self, image, kernel, how, tmp_path
    ):
        layer = Layer(image, kernel, **how)
        data = layer.file(tmp_path)
        assert "CONV_2D" not in describe(data).signature("infer").ops
        small = baked(data)
        ops = describe(small).operators
        assert ops.pop("PAD", 1) == 1  # where no padding of CONV_2D's fits
        assert ops == {"CONV_2D": 1}
        x = np.random.default_rng(0).normal(size=(3, *image)).astype(np.float32)
        expected = layer.infer(tf.constant(x))["y"].numpy()
        for each in (data, small):
            got = Interpreter(each).signature("infer")({"x": x})["y"]
            np.testing.assert_allclose(got, expected, rtol=0, atol=3e-5)

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (np.s_[:, :14, :, :4], np.s_[:, 2:, :, 4:8]),
            (np.s_[:, :5, :, :6], np.s_[:, :5, :, 6:]),
        ],
        ids=["two of three kernel rows", "the upper part of both"],
    )
    def test_sum_of_a_part_of_the_product_then_stays_a_sum(self, first, second, tmp_path):
        class Two(tf.Module):
            def __init__(self):
                self.w = tf.Variable(tf.random.stateless_normal([8, 12], [1, 2]), name="w")

            @tf.function(input_signature=[tf.TensorSpec([None, 16, 16, 8])])
            def infer(self, x):
                all_rows = tf.reshape(tf.reshape(x, [-1, 8]) @ self.w, [-1, 16, 16, 12])
                return {"y": all_rows[first] + all_rows[second]}

            @tf.function(input_signature=[tf.TensorSpec([8, 12])])
            def train(self, w):
                self.w.assign(w)
                return {"done": tf.reduce_sum(w)}

        net = Two()
        small = baked(lower(file_of(net, tmp_path, **functions_of(net, "infer", "train"))).data)
        assert describe(small).operators["ADD"] == 1
        x = np.random.default_rng(0).normal(size=(2, 16, 16, 8)).astype(np.float32)
        got = Interpreter(small).signature("infer")({"x": x})["y"]
        expected = net.infer(tf.constant(x))["y"].numpy()
        np.testing.assert_allclose(got, expected, rtol=0, atol=3e-5)


class TestConvolutionByPatches:
    def test_one_output_when_constant_then_is_one_convolution(self, tmp_path, monkeypatch):
        """In training it is a sum of products of its image's patches."""
        monkeypatch.setattr(strips, "WORTH", 0)
        layer = Layer((8, 8, 6), (3, 3, 1), strides=2, padding="SAME")
        data = layer.file(tmp_path)
        assert "SUM" in describe(data).signature("infer").ops
        assert describe(baked(data)).operators == {"CONV_2D": 1}
