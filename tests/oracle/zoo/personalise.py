"""The personalisation sample: a frozen base gives bottlenecks, a small head learns from them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras
from drill import Call, Drill, Feed, Problem

from zoo.recipes import Spec, checkpoints, concrete, convert
from zoo.registry import exhibit

PROBLEM = Problem("classes", (8, 8, 3), classes=4)
FEATURE, BOTTLENECK = Feed("samples"), Feed("bottleneck")


def _train(count: int) -> Call:
    return Call("train", {"bottleneck": BOTTLENECK, "label": Feed("one hot")}, "loss", count)


@exhibit(
    Drill(
        PROBLEM,
        (_train(8), _train(5)),
        (Call("infer", {"feature": FEATURE}, "output", 6),),
        first=("initialize",),
        extract=Call("load", {"feature": FEATURE}, "bottleneck", 8),
        save="save",
        restore="restore",
    )
)
def personalise_keras2() -> bytes:
    """load(feature) -> bottleneck, train(bottleneck, label), infer, save, restore, initialize."""
    layers = tf_keras.layers
    base = tf_keras.Sequential(
        [
            layers.InputLayer((8, 8, 3)),
            layers.Conv2D(6, 3, strides=2, activation="relu"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
        ]
    )
    base.trainable = False
    module = tf.Module()
    module.base = base
    draw = tf.random.Generator.from_seed(3).normal([6, 4], stddev=0.3)
    module.w = tf.Variable(draw, name="head/w")
    module.b = tf.Variable(tf.zeros([4]), name="head/b")
    module.optimizer = tf_keras.optimizers.Adam(0.03)
    head = [module.w, module.b]
    module.optimizer.build(head)

    def train(bottleneck: Any, label: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            logits = bottleneck @ module.w + module.b
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(label, logits))
        module.optimizer.apply_gradients(zip(tape.gradient(loss, head), head, strict=True))
        return {"loss": loss}

    def infer(feature: Any) -> dict[str, Any]:
        return {"output": tf.nn.softmax(base(feature) @ module.w + module.b)}

    def initialize() -> dict[str, Any]:
        module.w.assign(tf.ones([6, 4]) * tf.constant([0.1, -0.1, 0.2, 0.0]))
        module.b.assign(tf.zeros([4]))
        return {"w": module.w.read_value()}

    feature = Spec([None, 8, 8, 3])
    return convert(
        module,
        {
            "load": concrete(lambda feature: {"bottleneck": base(feature)}, feature=feature),
            "train": concrete(train, bottleneck=Spec([None, 6]), label=Spec([None, 4])),
            "infer": concrete(infer, feature=feature),
            "initialize": concrete(initialize),
            **checkpoints({"head/w": module.w, "head/b": module.b}, 1),
        },
    )
