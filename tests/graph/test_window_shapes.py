"""Windows that slide over an image whose height only the sound that it is made of tells: the batch
is open, and the file leaves the height open with it.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from odt_core import load_model
from tests.converting import file_of

FLOATS, SOUND, LABELS = tf.float32, 800, 3
DRAW = np.random.default_rng(0)


def filters(*shape: int) -> tf.Variable:
    return tf.Variable(DRAW.normal(0, 0.4, shape), dtype=FLOATS)


class Heard(tf.Module):
    """The logarithm of a spectrogram [N, 11, 65, 1], windows over it, and a label."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.apart, self.point = filters(3, 3, 1, 2), filters(1, 1, 2, 4)
        self.one, self.two, self.back = (
            filters(3, 3, 1, 4),
            filters(2, 3, 4, 4),
            filters(3, 3, 4, 4),
        )
        self.out = filters(4, LABELS)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        heard = tf.math.log(tf.abs(tf.signal.stft(x, 128, 64, 128)) + 1e-3)[..., None]
        if self.kind == "separable":
            h = tf.nn.separable_conv2d(heard, self.apart, self.point, [1, 1, 1, 1], "SAME")
        elif self.kind == "separable with strides":
            h = tf.nn.separable_conv2d(heard, self.apart, self.point, [1, 2, 2, 1], "VALID")
        else:
            h = tf.nn.relu(tf.nn.conv2d(heard, self.one, [2, 1], "SAME"))
        if self.kind == "pooled":
            h = tf.nn.max_pool2d(h, 2, 2, "VALID")
            h = tf.nn.avg_pool2d(tf.nn.conv2d(h, self.two, 1, "SAME"), 2, 1, "SAME")
        elif self.kind == "dilated":
            h = tf.nn.conv2d(h, self.two, 1, "VALID", dilations=[1, 2])
        elif self.kind == "there and back":
            h = tf.nn.conv2d(h, self.two, 2, "VALID")
            h = tf.image.resize(h, (8, 40))
            h = tf.nn.conv2d(h, self.back, 1, "SAME")
        return tf.reduce_mean(tf.nn.relu(h), [1, 2]) @ self.out

    @tf.function(
        input_signature=[tf.TensorSpec([None, SOUND], FLOATS), tf.TensorSpec([None], tf.int32)]
    )
    def train(self, x, y):
        with tf.GradientTape() as tape:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(y, self(x))
            loss = tf.reduce_mean(each)
        weights = self.trainable_variables
        gradients = tape.gradient(loss, weights)
        for weight, gradient in zip(weights, gradients, strict=True):
            if gradient is not None:
                weight.assign_sub(0.1 * gradient)
        return {"loss": loss}

    @tf.function(input_signature=[tf.TensorSpec([None, SOUND], FLOATS)])
    def infer(self, x):
        return {"logits": self(x)}


@pytest.mark.parametrize(
    "kind", ["separable", "separable with strides", "pooled", "dilated", "there and back"]
)
def test_sizes_are_found_and_training_is_tensorflows(kind, tmp_path):
    heard = Heard(kind)
    model = load_model(file_of(heard, tmp_path, train=heard.train, infer=heard.infer))
    assert not model.contract.notes
    session = model.session()
    for count in (4, 7):
        x = DRAW.normal(size=(count, SOUND)).astype(np.float32)
        y = DRAW.integers(0, LABELS, count)
        wanted = float(heard.train(tf.constant(x), tf.constant(y, tf.int32))["loss"])
        assert session.train_step(x, y) == pytest.approx(wanted, rel=1e-4)
        np.testing.assert_allclose(session.infer(x), heard.infer(x)["logits"], atol=1e-3)
