"""Models that change their pictures themselves while they train, and mirrored or rolled ones."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tf_keras
from drill import Feed, Problem, classification

from zoo.recipes import Spec, checkpoints, concrete, convert, softmax, softmax_loss, tutorial
from zoo.registry import exhibit

PICTURES = Problem("classes", (9, 10, 3), classes=4)
ONE_HOT = Feed("one hot")
X, Y = Spec([None, 9, 10, 3]), Spec([None, 4])
WEIGHTS = {"read": "get_weights", "write": "set_weights"}


def augmented(k: Any, *layers: Any) -> Any:
    """The layers in order, then a small net."""
    first = value = k.Input((9, 10, 3))
    for layer in layers:
        value = layer(value)
    value = k.layers.Conv2D(4, 3, activation="relu")(value)
    return k.Model(first, k.layers.Dense(4)(k.layers.Flatten()(value)))


@exhibit(classification(PICTURES, ONE_HOT, **WEIGHTS))
def turned_pictures_keras3() -> bytes:
    """Flipped, turned, zoomed and moved, with every way to fill the edge; contrast."""
    layers = keras.layers
    model = augmented(
        keras,
        layers.RandomFlip("horizontal", seed=1),
        layers.RandomRotation(0.2, seed=2),
        layers.RandomZoom(0.3, 0.2, fill_mode="constant", fill_value=0.5, seed=3),
        layers.RandomTranslation(0.2, 0.3, fill_mode="wrap", seed=4),
        layers.RandomShear(0.2, 0.3, fill_mode="nearest", interpolation="nearest", seed=5),
        layers.RandomContrast(0.3, seed=6),
    )
    optimizer = keras.optimizers.SGD(0.02)
    return tutorial(model, softmax_loss, optimizer, X, Y, checkpoint="weights")


@exhibit(classification(PICTURES, ONE_HOT, **WEIGHTS))
def turned_pictures_keras2() -> bytes:
    """Keras 2's layers, whose random numbers come from a generator's state."""
    layers = tf_keras.layers
    model = augmented(
        tf_keras,
        layers.RandomFlip(seed=1),
        layers.RandomRotation(0.2, fill_mode="wrap", seed=2),
        layers.RandomZoom(0.3, seed=3),
        layers.RandomTranslation(0.2, 0.3, fill_mode="constant", seed=4),
        layers.RandomContrast(0.3, seed=5),
        layers.RandomBrightness(0.2, value_range=(0, 1), seed=6),
    )
    optimizer = tf_keras.optimizers.SGD(0.02)
    return tutorial(model, softmax_loss, optimizer, X, Y, checkpoint="weights")


@exhibit(classification(PICTURES, ONE_HOT, **WEIGHTS))
def coloured_pictures_module() -> bytes:
    """tf.image's hue, saturation, contrast and crop; mirrored edges around what is learnt."""
    module = tf.Module()
    draw = tf.random.Generator.from_seed(4)
    module.w1 = tf.Variable(draw.normal([3, 3, 3, 4], stddev=0.3), name="w1")
    module.w2 = tf.Variable(draw.normal([8 * 8 * 4, 4], stddev=0.1), name="w2")
    module.step = tf.Variable(0, name="step")

    def scores(x: Any) -> Any:
        hidden = tf.pad(
            tf.nn.conv2d(x, module.w1, 1, "VALID"), [(0, 0), (1, 1), (2, 2), (0, 0)], "REFLECT"
        )
        hidden = tf.nn.relu(tf.roll(hidden, [1, -2], [1, 2]))[:, :8, :8]
        return tf.reshape(hidden, [-1, 8 * 8 * 4]) @ module.w2

    def train(x: Any, y: Any) -> dict[str, Any]:
        seed = tf.stack([module.step.read_value(), 7])
        colour = tf.clip_by_value(x / 4 + 0.5, 0.0, 1.0)
        colour = tf.image.stateless_random_hue(colour, 0.2, seed)
        colour = tf.image.stateless_random_saturation(colour, 0.5, 1.5, seed)
        colour = tf.image.stateless_random_contrast(colour, 0.5, 1.5, seed)
        colour = tf.image.hsv_to_rgb(tf.image.rgb_to_hsv(tf.clip_by_value(colour, 0.0, 1.0)))
        with tf.GradientTape() as tape:
            loss = softmax_loss(y, scores(colour))
        weights = [module.w1, module.w2]
        for weight, slope in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.05 * slope)
        module.step.assign_add(1)
        return {"loss": loss}

    infer = concrete(lambda x: softmax(scores(tf.clip_by_value(x / 4 + 0.5, 0.0, 1.0))), x=X)
    weights = checkpoints({"w1": module.w1, "w2": module.w2}, "weights")
    return convert(module, {"train": concrete(train, x=X, y=Y), "infer": infer, **weights})
