"""Programs with conditions, spectra, fake quantisation and tables of what came before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from drill import Feed, Problem, classification

from zoo.recipes import Spec, checkpoints, concrete, convert, softmax, softmax_loss, tutorial
from zoo.registry import exhibit

VECTORS = Problem("classes", (6,), classes=4)
SOUNDS = Problem("classes", (512,), classes=4)
ONE_HOT = Feed("one hot")
WEIGHTS = {"read": "get_weights", "write": "set_weights"}
Y = Spec([None, 4])


def _drawn(shape: list[int], scale: float, seed: int) -> tf.Variable:
    return tf.Variable(tf.random.stateless_normal(shape, [seed, 1]) * scale)


def _learner(
    named: dict[str, tf.Variable],
    scores: Callable[[Any], Any],
    remember: Callable[[Any, Any], None] = lambda x, y: None,
    loss: Callable[[Any, Any], Any] = softmax_loss,
    rate: float = 0.1,
) -> bytes:
    """Plain gradient steps on the trainable ones of the named variables."""
    module = tf.Module()
    module.named = named
    trained = [variable for variable in named.values() if variable.trainable]

    def train(x: Any, y: Any) -> dict[str, Any]:
        remember(x, y)
        with tf.GradientTape() as tape:
            value = loss(y, scores(x))
        for variable, slope in zip(trained, tape.gradient(value, trained), strict=True):
            variable.assign_sub(rate * slope)
        return {"loss": value}

    x = Spec([None, 6])
    signatures = {
        "train": concrete(train, x=x, y=Y),
        "infer": concrete(lambda x: softmax(scores(x)), x=x),
        **checkpoints(named, "weights"),
    }
    return convert(module, signatures)


@exhibit(classification(VECTORS, ONE_HOT, **WEIGHTS))
def conditions_module() -> bytes:
    """A condition in a condition, and one in a loop: their gradients hand on optionals."""
    named = {"a": _drawn([6, 8], 0.4, 1), "b": _drawn([8, 8], 0.4, 2), "c": _drawn([8, 4], 0.4, 3)}
    shift = tf.Variable(tf.ones([8]) / 4)
    named["shift"] = shift

    def scores(x: Any) -> Any:
        total, h = tf.reduce_sum(x), x @ named["a"]

        def deep() -> Any:
            return tf.cond(total > 8.0, lambda: tf.sigmoid(h) * shift, lambda: tf.tanh(h) + shift)

        h = tf.cond(total > 0.0, deep, lambda: tf.nn.elu(h))

        def once(i: Any, h: Any) -> Any:
            product = h @ named["b"]
            up = tf.reduce_sum(h) > 0.0
            return i + 1, tf.cond(up, lambda: tf.tanh(product), lambda: tf.nn.softplus(product))

        return tf.while_loop(lambda i, h: i < 3, once, (0, h), maximum_iterations=3)[1] @ named["c"]

    return _learner(named, scores)


@exhibit(classification(VECTORS, ONE_HOT, **WEIGHTS))
def quantisation_aware_module() -> bytes:
    """Weights fake-quantised by channel, what comes of them within bounds that are learnt."""
    named = {
        "a": _drawn([6, 8], 0.4, 1),
        "low": tf.Variable(-0.5 * tf.ones([8])),
        "high": tf.Variable(0.5 * tf.ones([8])),
        "bias": tf.Variable(tf.zeros([8])),
        "least": tf.Variable(-1.0),
        "most": tf.Variable(1.5),
        "b": _drawn([8, 4], 0.4, 2),
    }

    def scores(x: Any) -> Any:
        weights = tf.quantization.fake_quant_with_min_max_vars_per_channel(
            named["a"], named["low"], named["high"], 8, True
        )
        h = tf.quantization.fake_quant_with_min_max_vars(
            tf.tanh(x @ weights + named["bias"]), named["least"], named["most"]
        )
        last = tf.quantization.fake_quant_with_min_max_args(named["b"], -1.0, 1.0)
        return h @ last

    return _learner(named, scores)


@exhibit(classification(VECTORS, ONE_HOT, **WEIGHTS))
def memory_module() -> bytes:
    """Rows of the last batches in a ring, a mean in a slice of it; classes weighted by how often
    they come; similarities of all pairs.
    """
    ring, place = tf.Variable(tf.zeros([16, 6]), trainable=False), tf.Variable(0, trainable=False)
    seen = tf.Variable(tf.zeros([4]), trainable=False)
    named = {"a": _drawn([6, 4], 0.4, 1), "ring": ring, "seen": seen, "place": place}

    def remember(x: Any, y: Any) -> None:
        places = (place + tf.range(tf.shape(x)[0])) % 15
        ring.scatter_nd_update(places[:, None], x)
        ring[15:, :3].assign(tf.reduce_mean(x, 0, keepdims=True)[:, :3])
        ring[15, 4].assign(tf.reduce_sum(x))
        place.assign_add(tf.shape(x)[0])
        classes = tf.argmax(y, 1, output_type=tf.int32)
        counts = tf.math.bincount(classes, minlength=4, maxlength=4, dtype=tf.float32)
        seen.assign(0.9 * seen + counts)

    def loss(y: Any, scores: Any) -> Any:
        weight = tf.reduce_sum(y / (1.0 + seen), 1)
        alike = tf.matmul(scores, scores, transpose_b=True) / 4.0
        own = tf.linalg.diag_part(alike) - tf.reduce_logsumexp(alike, 1)
        running = tf.math.cumulative_logsumexp(tf.matmul(ring, named["a"]), axis=1)
        one = tf.nn.softmax_cross_entropy_with_logits(y, scores)
        return tf.reduce_mean(weight * one - 0.05 * own) + 0.01 * tf.reduce_mean(running)

    return _learner(named, lambda x: x @ named["a"], remember, loss)


@exhibit(classification(SOUNDS, ONE_HOT, **WEIGHTS))
def spectrogram_keras3() -> bytes:
    """Sounds: the magnitudes of a short-time Fourier transform, resized, under a small CNN."""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((31, 17, 1)),
            layers.Resizing(16, 16),
            layers.Normalization(mean=1.0, variance=2.0),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )

    class Heard(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.built = True

        def call(self, x: Any, training: bool = False) -> Any:
            spectrum = tf.abs(tf.signal.stft(x, 32, 16, 32))
            return self.network(spectrum[..., tf.newaxis], training=training)

    optimizer = keras.optimizers.SGD(0.01)
    x = Spec([None, 512])
    return tutorial(Heard(), softmax_loss, optimizer, x, Y, checkpoint="weights")
