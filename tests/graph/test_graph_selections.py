"""What files hold in a form that goes wrong, against eager TensorFlow: losses over a part of the
batch, whose tensors hold fewer samples than the input, and softplus.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from odt_core import load_model
from tests.converting import file_of

RNG = np.random.default_rng(5)
X = RNG.normal(size=(16, 6)).astype(np.float32)
Y = RNG.normal(size=(16, 2)).astype(np.float32)


def squares(w: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.square(x @ w - y), 1)


def masked_mean(w, x, y):  # type: ignore[no-untyped-def]
    return tf.reduce_mean(tf.boolean_mask(squares(w, x, y), y[:, 0] > 0))


def masked_count(w, x, y):  # type: ignore[no-untyped-def]
    chosen = tf.boolean_mask(y, y[:, 0] > 0)
    return tf.reduce_sum(squares(w, x, y)) / tf.cast(tf.shape(chosen)[0], tf.float32)


def chosen_rows(w, x, y):  # type: ignore[no-untyped-def]
    rows = tf.where(y[:, 1] < 0.3)[:, 0]
    return tf.reduce_mean(squares(w, tf.gather(x, rows), tf.gather(y, rows)))


def hardest_first(w, x, y):  # type: ignore[no-untyped-def]
    order = tf.argsort(tf.stop_gradient(squares(w, x, y)))
    return tf.reduce_mean(tf.gather(squares(w, x, y), order)[::1])


def halves(w, x, y):  # type: ignore[no-untyped-def]
    first, second = tf.split(x @ w, 2, 0)
    apart = tf.reduce_sum(tf.square(first - second), 1)
    return tf.reduce_sum(apart) / tf.cast(tf.shape(first)[0], tf.float32)


def twice(w, x, y):  # type: ignore[no-untyped-def]
    both = tf.concat([x @ w, 2 * (x @ w) + 1], 0)
    return tf.reduce_mean(tf.square(both - tf.concat([y, y], 0)))


def in_batch(w, x, y):  # type: ignore[no-untyped-def]
    """Each sample is to be told from the others of its batch, as in contrastive learning."""
    alike = tf.matmul(x @ w, y, transpose_b=True)
    labels = tf.range(tf.shape(x)[0])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=alike)
    return tf.reduce_mean(losses)


class Chooser(tf.Module):
    """Plain gradient descent on one of these losses."""

    def __init__(self, loss) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.w = tf.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2), name="w")
        self._loss = loss

    def step(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(self.w, x, y)
        gradient = tf.convert_to_tensor(tape.gradient(loss, [self.w])[0])
        self.w.assign_sub(0.05 * gradient)
        return loss


@pytest.mark.parametrize(
    "loss", [masked_mean, masked_count, chosen_rows, hardest_first, halves, twice, in_batch]
)
def test_steps_are_those_of_tensorflow(tmp_path: Path, loss) -> None:  # type: ignore[no-untyped-def]
    module = Chooser(loss)
    x, y = tf.TensorSpec([None, 6], tf.float32, "x"), tf.TensorSpec([None, 2], tf.float32, "y")
    train = tf.function(lambda x, y: {"loss": module.step(x, y)}, input_signature=[x, y])
    infer = tf.function(lambda x: {"output": x @ module.w}, input_signature=[x])
    data = file_of(module, tmp_path, train=train, infer=infer)
    session = load_model(data).session()
    for size in (16, 16, 10):
        expected = float(module.step(tf.constant(X[:size]), tf.constant(Y[:size])))
        assert session.train_step(X[:size], Y[:size]) == pytest.approx(expected, rel=1e-5)
    (weights,) = session.state().values()
    np.testing.assert_allclose(weights, module.w.numpy(), rtol=1e-4, atol=1e-6)


class Sequence(tf.Module):
    """A convolution that shortens a sequence of any length."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(np.linspace(-1, 1, 18, dtype=np.float32).reshape(3, 3, 2), name="w")

    def infer(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        kept = tf.nn.conv1d(x, self.w, 2, "VALID")
        return {"output": tf.reduce_sum(kept, [1, 2]), "length": tf.shape(kept)[1:2]}


def test_convolution_of_an_open_length_gives_its_own_length(tmp_path: Path) -> None:
    module = Sequence()
    spec = tf.TensorSpec([1, None, 3], tf.float32, "x")
    data = file_of(module, tmp_path, infer=tf.function(module.infer, input_signature=[spec]))
    x = RNG.normal(size=(1, 9, 3)).astype(np.float32)
    assert load_model(data).session().run("infer", x=x)["length"] == [4]


class Softplus(tf.Module):
    """What TensorFlow's converter writes as log(1 + exp(x))."""

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
    def infer(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"plus": tf.math.softplus(x), "sigmoid": tf.math.log_sigmoid(x)}


def test_softplus_of_large_numbers_is_that_of_tensorflow(tmp_path: Path) -> None:
    module = Softplus()
    data = file_of(module, tmp_path, infer=module.infer)
    x = np.array([[-500, -3, -1e-6], [0, 2, 87], [90, 1e4, 1e30]], np.float32)
    found, expected = load_model(data).session().run("infer", x=x), module.infer(x)
    for name in ("plus", "sigmoid"):
        np.testing.assert_allclose(found[name], expected[name], rtol=2e-6, atol=2e-7)
