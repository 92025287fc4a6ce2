"""Files of a small network and a loss, made with TensorFlow as people write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from odt_core import load_model
from tests.converting import file_of

WIDTH = 6
Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
FLOATS, INTS = tf.float32, tf.int32


class Net(tf.Module):
    """A layer of tanh and a linear one."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        draw = np.random.default_rng(0)
        self.w = tf.Variable(draw.normal(0, 0.4, (WIDTH, 8)), dtype=FLOATS, name="w")
        self.v = tf.Variable(draw.normal(0, 0.4, (8, outputs)), dtype=FLOATS, name="v")

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return tf.tanh(x @ self.w) @ self.v

    def step(self, losses: Callable[[], tf.Tensor]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(losses())
        weights = [self.w, self.v]
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.2 * gradient)
        return loss


def model_of(
    loss: Loss, folder: Any, *, outputs: int = 1, y: tf.TensorSpec | None = None,
    answer: Callable[[tf.Tensor], tf.Tensor] = lambda z: z, name: str = "logits",
) -> Any:  # fmt: skip
    net = Net(outputs)
    labels = y or tf.TensorSpec([None, outputs], FLOATS)

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS), labels])
    def train(x, y):
        return {"loss": net.step(lambda: loss(y, net(x)))}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return {name: answer(net(x))}

    return load_model(file_of(net, folder, train=train, infer=infer))


def hardest(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """A triplet loss of the farthest that is alike and the nearest that is not."""
    apart = tf.reduce_sum((z[:, None] - z[None]) ** 2.0, -1)
    same = tf.cast(tf.equal(y[:, None], y[None]), FLOATS)
    others = apart + tf.reduce_max(apart, 1, keepdims=True) * (1.0 - same)
    return tf.nn.relu(tf.reduce_max(same * apart, 1) - tf.reduce_min(others, 1) + 0.5)


def tagger(folder: Any, length: int | None = None) -> bytes:
    """A file that learns one of 4 tags for each word of `length`; None: of any number of words."""

    class Tagger(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            draw = np.random.default_rng(0)
            self.table = tf.Variable(draw.normal(0, 0.5, (20, 4)), dtype=FLOATS)

    net = Tagger()
    spec = tf.TensorSpec([None, length], INTS)

    @tf.function(input_signature=[spec, spec])
    def train(tokens, tags):
        with tf.GradientTape() as tape:
            scores = tf.gather(net.table, tokens)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tags, scores))
        gradient = tf.convert_to_tensor(tape.gradient(loss, net.table))
        net.table.assign_sub(5.0 * gradient)
        return {"loss": loss}

    @tf.function(input_signature=[spec])
    def infer(tokens):
        return {"tags": tf.argmax(tf.gather(net.table, tokens), -1)}

    return file_of(net, folder, train=train, infer=infer)
