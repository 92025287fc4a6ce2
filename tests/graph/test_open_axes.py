"""Whose size an open axis has: of matrices that compare samples, and of what conditions give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from odt_core.graph import lower
from odt_core.runtime import load_model
from odt_core.runtime.interpreter import Interpreter
from tests.converting import file_of
from tests.zoo_models import zoo_model


class Step(tf.Module):
    """Descends a loss of x [N, 5], labels y [N] and an embedding of x, [N, 3]."""

    def __init__(self, loss: Callable[[Any, Any, Any], Any]) -> None:
        super().__init__()
        draw = np.random.default_rng(0)
        self.w = tf.Variable(draw.normal(size=(5, 3)), dtype=tf.float32)
        self.loss = loss

    @tf.function(
        input_signature=[tf.TensorSpec([None, 5], tf.float32), tf.TensorSpec([None], tf.float32)]
    )
    def train(self, x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = self.loss(x, y, x @ self.w)
        self.w.assign_sub(0.1 * tape.gradient(loss, self.w))
        return {"loss": loss}


def contrastive(x: Any, y: Any, z: Any) -> Any:
    """Each sample is told from all others: a softmax over rows of [N, N]."""
    alike = z @ tf.transpose(z)
    return tf.reduce_mean(tf.reduce_logsumexp(alike, axis=1) - tf.linalg.diag_part(alike))


def distances(x: Any, y: Any, z: Any) -> Any:
    """Pairs of one label are to be near: [N, N] from rows and columns."""
    squares = tf.reduce_sum(z * z, axis=1, keepdims=True)
    apart = squares - 2.0 * z @ tf.transpose(z) + tf.transpose(squares)
    same = tf.cast(tf.equal(y[:, None], y[None]), tf.float32)
    return tf.reduce_mean(same * apart + (1.0 - same) * tf.nn.relu(2.0 - apart))


def hinge(x: Any, y: Any, z: Any) -> Any:
    """Keras' hinge: labels of 0 and 1 become −1 and 1, under a condition."""
    zeros_and_ones = tf.reduce_all(tf.equal(y, 0.0) | tf.equal(y, 1.0))
    signs = tf.cond(zeros_and_ones, lambda: 2.0 * y - 1.0, lambda: y)
    return tf.reduce_mean(tf.nn.relu(1.0 - signs * z[:, 0]))


@pytest.mark.parametrize("loss", [contrastive, distances, hinge])
def test_no_shape_is_left_to_the_run_and_the_numbers_are_tensorflows(loss, tmp_path):
    step = Step(loss)
    data = lower(file_of(step, tmp_path, train=step.train)).data
    assert not load_model(data).shaped_by_data
    call, draw = Interpreter(data).signature("train"), np.random.default_rng(1)
    for count in (4, 1, 7, 4):  # one sample is a size that could be taken for a broadcast
        x = draw.normal(size=(count, 5)).astype(np.float32)
        y = draw.integers(0, 2, count).astype(np.float32)
        expected = float(step.train(x, y)["loss"])
        assert float(call({"x": x, "y": y})["loss"]) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    "name", ["attention_static_keras2", "losses_keras3", "memory_module", "text_mean_keras2"]
)
def test_zoo_models_run_on_xnnpack(name):
    assert not zoo_model(name).shaped_by_data
