"""Builds a model for each dialect tested here: `python tests/runtime/build_dialects.py`.

Each is a few hundred bytes of weights in plain gradient descent, written the way people write
them: invented names, odd shapes, several outputs, other kinds of labels.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

HERE = Path(__file__).parent / "models"
Spec = tf.TensorSpec
FLOAT, INT32, INT64 = tf.float32, tf.int32, tf.int64


class Learner(tf.Module):
    """Variables, and signatures added to it by name."""

    def __init__(self, **variables: tuple[int, ...]) -> None:
        super().__init__()
        draw = tf.random.Generator.from_seed(5)
        for name, shape in variables.items():
            initial = draw.normal(shape, stddev=0.4) if len(shape) > 1 else tf.zeros(shape)
            setattr(self, name, tf.Variable(initial, name=name))
        self.added: dict[str, Any] = {}

    def add(self, name: str, function: Callable[..., Any], **specs: Any) -> None:
        self.added[name] = tf.function(function).get_concrete_function(**specs)

    def descend(self, tape: tf.GradientTape, loss: tf.Tensor, rate: Any = 0.1) -> list[tf.Tensor]:
        variables = list(self.trainable_variables)
        gradients = tape.gradient(loss, variables)
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign_sub(rate * tf.convert_to_tensor(gradient))
        return gradients

    def write(self, name: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            tf.saved_model.save(self, folder, signatures=self.added)
            converter = tf.lite.TFLiteConverter.from_saved_model(folder)
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.TFLITE_BUILTINS,
                tf.lite.OpsSet.SELECT_TF_OPS,
            ]
            converter.experimental_enable_resource_variables = True
            (HERE / f"{name}.tflite").write_bytes(converter.convert())


def autoencoder() -> None:
    """train takes samples alone; two outputs, of which one has the samples' shape."""
    m = Learner(down=(12, 4), up=(4, 12))

    def both(x: Any) -> tuple[Any, Any]:
        code = tf.nn.relu(x @ m.down)
        return code, code @ m.up

    def step(observation: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(both(observation)[1] - observation))
        m.descend(tape, loss, 0.5)
        return {"mse": loss}

    m.add("learn_step", step, observation=Spec([None, 12], FLOAT))
    m.add(
        "reconstruct",
        lambda observation: dict(zip(("code", "rebuilt"), both(observation), strict=True)),
        observation=Spec([None, 12], FLOAT),
    )
    m.write("dialect_autoencoder")


def regression() -> None:
    """Unknown names, targets of shape [N, 2], several outputs, an input that is not used."""
    m = Learner(w=(3, 2), b=(2,))

    def step(a: Any, b: Any, epoch: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(b @ m.w + m.b - a))
        gradients = m.descend(tape, loss)
        norm = tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(g)) for g in gradients]))
        return {"gradient_norm": norm, "objective": tf.reshape(loss, [1, 1])}

    specs = {"a": Spec([None, 2], FLOAT), "b": Spec([None, 3], FLOAT), "epoch": Spec([], INT32)}
    m.add("adapt", step, **specs)
    m.add("estimate", lambda b: {"value": b @ m.w + m.b}, b=Spec([None, 3], FLOAT))
    m.write("dialect_regression")


def binary() -> None:
    """One logit, whole labels [N]; the rate comes with every call."""
    m = Learner(w=(4, 1), b=(1,))

    def step(x: Any, y: Any, lr: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            logits = tf.reshape(x @ m.w + m.b, [-1])
            given = tf.cast(y, FLOAT)
            loss = tf.reduce_mean(
                tf.nn.relu(logits) - logits * given + tf.math.log(1 + tf.exp(-tf.abs(logits)))
            )
        m.descend(tape, loss, lr)
        return {"loss": tf.reshape(loss, [1])}

    m.add("train_step", step, x=Spec([None, 4], FLOAT), y=Spec([None], INT32), lr=Spec([], FLOAT))
    m.add("forward", lambda x: {"output_0": tf.reshape(x @ m.w + m.b, [-1])}, x=Spec([None, 4]))
    m.write("dialect_binary")


def tokens() -> None:
    """Text: token numbers in, int64 labels, accuracy beside the loss, both kinds of scores."""
    m = Learner(table=(20, 6), w=(6, 3), b=(3,))

    def logits(args_0: Any) -> Any:
        picked = tf.one_hot(args_0, 20) @ m.table
        return tf.reduce_mean(picked, axis=1) @ m.w + m.b

    def step(args_1: Any, args_0: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            scores = logits(args_0)
            loss = -tf.reduce_mean(
                tf.reduce_sum(tf.one_hot(args_1, 3) * tf.nn.log_softmax(scores), axis=1)
            )
        m.descend(tape, loss, 1.0)
        right = tf.equal(tf.argmax(scores, axis=1), tf.cast(args_1, INT64))
        return {"accuracy": tf.reduce_mean(tf.cast(right, FLOAT)), "loss": loss}

    m.add("train", step, args_0=Spec([None, 5], INT32), args_1=Spec([None], INT64))
    m.add(
        "predict",
        lambda args_0: {"a": tf.nn.softmax(logits(args_0)), "b": logits(args_0)},
        args_0=Spec([None, 5], INT32),
    )
    m.write("dialect_tokens")


def fixed_batches() -> None:
    """train_fixed_batch_{xs,s,m}, predict of 4 at a time, labels one-hot."""
    m = Learner(w=(6, 3), b=(3,))

    def step(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(tf.reduce_sum(y * tf.nn.log_softmax(x @ m.w + m.b), axis=1))
        m.descend(tape, loss, 0.5)
        return {"loss": loss}

    for name, size in (("xs", 2), ("s", 5), ("m", 16)):
        specs = {"x": Spec([size, 6], FLOAT), "y": Spec([size, 3], FLOAT)}
        m.add(f"train_fixed_batch_{name}", step, **specs)
    m.add("predict", lambda x: {"output": tf.nn.softmax(x @ m.w + m.b)}, x=Spec([4, 6], FLOAT))
    m.write("dialect_fixed_batches")


def bottleneck(name: str, *, initialised: bool) -> None:
    """load(feature) -> bottleneck, train(bottleneck, label), infer(feature), initialize."""
    m = Learner(w=(4, 3), b=(3,))
    base = tf.random.Generator.from_seed(6).normal([8, 8, 4], stddev=0.2)

    def load(feature: Any) -> Any:
        return tf.nn.relu(tf.tensordot(feature, base, [[1, 2], [0, 1]]))

    def step(bottleneck: Any, label: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            scores = tf.nn.log_softmax(bottleneck @ m.w + m.b)
            loss = -tf.reduce_mean(tf.reduce_sum(label * scores, axis=1))
        m.descend(tape, loss, 0.3)
        return {"loss": loss}

    def initialize() -> dict[str, Any]:
        m.w.assign(tf.ones([4, 3]) * tf.constant([0.1, -0.1, 0.2]))
        m.b.assign(tf.zeros([3]))
        return {"done": tf.constant(1)}

    def restore(w: Any, b: Any) -> dict[str, Any]:
        m.w.assign(w)
        m.b.assign(b)
        return {"done": tf.constant(1)}

    feature = Spec([None, 8, 8], FLOAT)
    m.add("load", lambda feature: {"bottleneck": load(feature)}, feature=feature)
    m.add("train", step, bottleneck=Spec([None, 4], FLOAT), label=Spec([None, 3], FLOAT))
    m.add(
        "infer",
        lambda feature: {"output": tf.nn.softmax(load(feature) @ m.w + m.b)},
        feature=feature,
    )
    if initialised:
        m.add("initialize", initialize)
    else:
        m.add("restore", restore, w=Spec([4, 3], FLOAT), b=Spec([3], FLOAT))
    m.write(name)


def pixels() -> None:
    """The number of a class for each pixel, [N, 8, 8, 1], and 255 where it has none."""
    m = Learner(w=(3, 3, 3, 3), b=(3,))

    def scores(image: Any) -> Any:
        return tf.nn.conv2d(image, m.w, 1, "SAME") + m.b

    def step(image: Any, mask: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            known = mask[..., 0] < 255
            classes = tf.where(known, mask[..., 0], 0)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, scores(image))
            loss = tf.reduce_mean(each * tf.cast(known, FLOAT))
        m.descend(tape, loss)
        return {"loss": loss}

    image = Spec([None, 8, 8, 3], FLOAT)
    m.add("train", step, image=image, mask=Spec([None, 8, 8, 1], INT32))
    m.add("infer", lambda image: {"mask": scores(image)}, image=image)
    m.write("dialect_pixels")


def tags() -> None:
    """The number of a class for each of five words."""
    m = Learner(table=(20, 3))

    def step(words: Any, tags: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            scores = tf.gather(m.table, words)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tags, scores))
        m.descend(tape, loss, 3.0)
        return {"loss": loss}

    words = Spec([None, 5], INT32)
    m.add("train", step, words=words, tags=words)
    m.add("infer", lambda words: {"tags": tf.nn.softmax(tf.gather(m.table, words))}, words=words)
    m.write("dialect_tags")


def alike() -> None:
    """An embedding whose loss asks the labels of a batch only which of them are the same."""
    m = Learner(w=(6, 8))

    def embedding(x: Any) -> Any:
        return tf.math.l2_normalize(x @ m.w, -1)

    def step(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            z = embedding(x)
            same = tf.cast(tf.equal(y[:, None], y[None]), FLOAT)
            loss = tf.reduce_mean((tf.matmul(z, z, transpose_b=True) - same) ** 2)
        m.descend(tape, loss)
        return {"loss": loss}

    x = Spec([None, 6], FLOAT)
    m.add("train", step, x=x, y=Spec([None], INT32))
    m.add("infer", lambda x: {"embedding": embedding(x)}, x=x)
    m.write("dialect_alike")


def several() -> None:
    """Five labels that may all be right at once, and a weight for each sample."""
    m = Learner(w=(4, 5), b=(5,))

    def step(x: Any, y: Any, sample_weight: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            each = tf.nn.sigmoid_cross_entropy_with_logits(y, x @ m.w + m.b)
            loss = tf.reduce_mean(sample_weight[:, None] * each)
        m.descend(tape, loss)
        return {"loss": loss}

    x = Spec([None, 4], FLOAT)
    m.add("train", step, x=x, y=Spec([None, 5], FLOAT), sample_weight=Spec([None], FLOAT))
    m.add("infer", lambda x: {"tags": tf.sigmoid(x @ m.w + m.b)}, x=x)
    m.write("dialect_several")


def ratings() -> None:
    """A sample in three inputs: two ids, each of a table of its own, and two numbers."""
    m = Learner(films=(30, 3), people=(20, 3), w=(2, 3), b=())

    def rating(film: Any, mood: Any, person: Any) -> Any:
        taste = tf.gather(m.people, person) + mood @ m.w
        return tf.reduce_sum(tf.gather(m.films, film) * taste, axis=1) + m.b

    def step(film: Any, mood: Any, person: Any, rated: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(rating(film, mood, person) - rated))
        m.descend(tape, loss, 0.3)
        return {"loss": loss}

    ids, mood = Spec([None], INT32), Spec([None, 2], FLOAT)
    m.add("train", step, film=ids, mood=mood, person=ids, rated=Spec([None], FLOAT))
    m.add(
        "infer",
        lambda film, mood, person: {"rating": rating(film, mood, person)},
        film=ids,
        mood=mood,
        person=ids,
    )
    m.write("dialect_ratings")


def conditional() -> None:
    """An autoencoder of windows that is told something beside each, in an input of its own."""
    m = Learner(down=(8 * 2 + 3, 6), up=(6 + 3, 8 * 2))

    def rebuilt(signal: Any, condition: Any) -> Any:
        code = tf.tanh(tf.concat([tf.reshape(signal, [-1, 16]), condition], -1) @ m.down)
        return tf.reshape(tf.concat([code, condition], -1) @ m.up, [-1, 8, 2])

    def step(signal: Any, condition: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(rebuilt(signal, condition) - signal))
        m.descend(tape, loss, 0.5)
        return {"loss": loss}

    given = {"signal": Spec([None, 8, 2], FLOAT), "condition": Spec([None, 3], FLOAT)}
    m.add("train", step, **given)
    m.add("infer", lambda signal, condition: {"output": rebuilt(signal, condition)}, **given)
    m.write("dialect_conditional")


def over_time(name: str, shape: tuple[int, ...], labels: int) -> None:
    """Windows of sensors or of sound: scores, and a label for each whole window."""
    m = Learner(w=(math.prod(shape), labels), b=(labels,))

    def scores(x: Any) -> Any:
        return tf.reshape(x, [-1, math.prod(shape)]) @ m.w + m.b

    def step(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            right = tf.one_hot(y, labels)
            loss = -tf.reduce_mean(tf.reduce_sum(right * tf.nn.log_softmax(scores(x)), axis=-1))
        m.descend(tape, loss)
        return {"loss": loss}

    m.add("train", step, x=Spec([None, *shape], FLOAT), y=Spec([None], INT32))
    m.add("infer", lambda x: {"output": tf.nn.softmax(scores(x))}, x=Spec([None, *shape], FLOAT))
    m.write(name)


def main() -> None:
    over_time("dialect_gestures", (8, 3), 3)
    over_time("dialect_sounds", (64, 1), 3)
    ratings()
    conditional()
    pixels()
    tags()
    alike()
    several()
    autoencoder()
    regression()
    binary()
    tokens()
    fixed_batches()
    bottleneck("dialect_bottleneck", initialised=True)
    bottleneck("dialect_restore", initialised=False)


if __name__ == "__main__":
    main()
