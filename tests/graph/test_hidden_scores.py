"""Models whose `infer` gives the best label alone: what it is picked from becomes an output."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from odt_core import Task, load_model
from odt_core.dialects.contract import OutputKind
from odt_core.graph import ALL_SCORES, describe, lower
from tests.converting import file_of

LABELS, WIDTH = 5, 6
Answer = Callable[[tf.Tensor], dict[str, tf.Tensor]]
_NAMES = tf.constant(["ant", "bee", "cat", "dog", "elk"])


def trainable(answer: Answer, tmp_path) -> bytes:
    """A .tflite whose `infer` gives what `answer` makes of logits [N, K]."""
    module = tf.Module()
    module.w = tf.Variable(np.random.default_rng(0).normal(size=(WIDTH, LABELS)), dtype=tf.float32)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, WIDTH], tf.float32),
            tf.TensorSpec([None], tf.int32),
        ]
    )
    def train(x, y):
        with tf.GradientTape() as tape:
            logits = x @ module.w
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
        module.w.assign_sub(0.5 * tape.gradient(losses, module.w))
        return {"loss": tf.reduce_mean(losses)}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], tf.float32)])
    def infer(x):
        return answer(x @ module.w + 0.0)

    return file_of(module, tmp_path / "saved", train=train, infer=infer)


def best(z: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"output": tf.argmax(z, -1)}


def best_as_float(z: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"output": tf.expand_dims(tf.cast(tf.argmax(tf.nn.softmax(z), -1), tf.float32), -1)}


def best_and_how_sure(z: tf.Tensor) -> dict[str, tf.Tensor]:
    shares = tf.nn.softmax(z)
    return {"label": tf.argmax(shares, -1), "confidence": tf.reduce_max(shares, -1)}


def best_three(z: tf.Tensor) -> dict[str, tf.Tensor]:
    shares, places = tf.math.top_k(tf.nn.softmax(z), 3)
    return {"scores": shares, "classes": places}


def all_in_order(z: tf.Tensor) -> dict[str, tf.Tensor]:
    shares, places = tf.math.top_k(z, LABELS)
    return {"scores": shares, "classes": places}


def its_name(z: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"label": tf.gather(_NAMES, tf.argmax(z, -1))}


@pytest.mark.parametrize(
    "answer", [best, best_as_float, best_and_how_sure, best_three, all_in_order, its_name]
)
def test_model_that_hides_its_scores_is_read_as_a_classifier_and_learns(answer, tmp_path):
    model = load_model(trainable(answer, tmp_path))
    contract = model.contract
    assert (contract.task, contract.outputs) == (Task.CLASSES, LABELS)
    assert contract.infer.prediction == ALL_SCORES
    x = np.random.default_rng(1).normal(size=(40, WIDTH)).astype(np.float32)
    y = x[:, :LABELS].argmax(axis=1)
    session = model.session()
    for _ in range(60):
        session.train_step(x, y)
    shares = session.predict_proba(x)
    assert shares.shape == (40, LABELS)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert (shares.argmax(axis=1) == y).mean() > 0.9


def test_label_of_every_place_is_picked_from_scores_too(tmp_path):
    def tags(z):
        return {"tags": tf.argmax(z[:, None, :] * tf.ones((1, 3, 1)), -1)}

    infer = describe(lower(trainable(tags, tmp_path)).data).signature("infer")
    assert [one.name for one in infer.outputs] == ["tags", ALL_SCORES]


def test_scores_are_those_that_the_answer_is_picked_from(tmp_path):
    model = load_model(trainable(best, tmp_path))
    assert model.contract.infer.kind is OutputKind.LOGITS
    x = np.random.default_rng(1).normal(size=(7, WIDTH)).astype(np.float32)
    said = model.session().run("infer", x=x)
    weights = np.random.default_rng(0).normal(size=(WIDTH, LABELS)).astype(np.float32)
    assert np.allclose(said[ALL_SCORES], x @ weights, atol=1e-5)
    assert np.array_equal(said["output"], said[ALL_SCORES].argmax(axis=1))


def shown_too(z: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"label": tf.argmax(z, -1), "probabilities": tf.nn.softmax(z)}


def along_another_axis(z: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"mask": tf.argmax(tf.reshape(z, (-1, LABELS, 1, 1)) * tf.ones((1, 1, 4, 4)), 1)}


@pytest.mark.parametrize("answer", [shown_too, along_another_axis])
def test_model_that_shows_what_it_has_is_left_as_it_is(answer, tmp_path):
    data = trainable(answer, tmp_path)
    names = [one.name for one in describe(lower(data).data).signature("infer").outputs]
    assert names == [one.name for one in describe(data).signature("infer").outputs]
