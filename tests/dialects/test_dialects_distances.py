"""Classifiers whose smallest number is the answer's: distances to what stands for each label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from odt_core import evaluate, load_model
from odt_core.dialects.contract import Choice, OutputKind, Task
from odt_core.errors import SignatureError
from odt_core.graph import ALL_SCORES
from odt_core.samples import Samples
from tests.converting import file_of

WIDTH, LABELS = 6, 4
Answer = Callable[[tf.Tensor], dict[str, tf.Tensor]]
CENTRES = np.random.default_rng(1).normal(0, 2, (LABELS, WIDTH))


def squared(x: Any, centres: Any) -> Any:
    return tf.reduce_sum(tf.square(x[:, None] - centres[None]), -1)


def written_out(x: Any, centres: Any) -> Any:
    """The same, as |x|² − 2xc + |c|²."""
    squares = [tf.reduce_sum(one * one, -1) for one in (x, centres)]
    return squares[0][:, None] - 2 * x @ tf.transpose(centres) + squares[1][None]


def model_of(
    answer: Answer, folder: Any, *, means: bool = False, distance: Callable[..., Any] = squared
) -> Any:
    """Learnt by a cross-entropy of the negated distances; means: as the means of each label."""
    module = tf.Module()
    first = np.random.default_rng(0).normal(0, 0.5, (LABELS, WIDTH))
    module.centres = tf.Variable(np.zeros_like(first) if means else first, dtype=tf.float32)
    module.counts = tf.Variable(tf.zeros([LABELS]))
    row = tf.TensorSpec([None, WIDTH], tf.float32)

    def middle() -> Any:
        return module.centres / tf.maximum(module.counts, 1)[:, None] if means else module.centres

    @tf.function(input_signature=[row, tf.TensorSpec([None], tf.int32)])
    def train(x, y):
        if means:
            right = tf.one_hot(y, LABELS)
            module.centres.assign_add(tf.transpose(right) @ x)
            module.counts.assign_add(tf.reduce_sum(right, 0))
            return {"seen": tf.reduce_sum(module.counts)}
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, -distance(x, middle()))
            loss = tf.reduce_mean(losses)
        module.centres.assign_sub(0.05 * tape.gradient(loss, module.centres))
        return {"loss": loss}

    @tf.function(input_signature=[row])
    def infer(x):
        return answer(distance(x, middle()))

    return load_model(file_of(module, folder, train=train, infer=infer))


def drawn(count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(2)
    y = draw.integers(0, LABELS, count)
    return (CENTRES[y] + draw.normal(0, 0.2, (count, WIDTH))).astype(np.float32), y


def trained(model: Any) -> Any:
    session = model.session()
    x, y = drawn()
    for _ in range(60):
        session.train_step(x, y)
    return session


def both(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"scores": d, "label": tf.argmin(d, -1)}


def best(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"label": tf.argmin(d, -1)}


def of_a_softmax(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"output": d, "sure": tf.reduce_max(tf.nn.softmax(-0.5 * d), -1)}


def called_so(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"distances": d}


def unsaid(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"output": d}


def lengths(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"output": tf.sqrt(d)}


def surprise(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"energy": -tf.nn.log_softmax(-d)}


CASES = [
    *((answer, means, squared) for answer in (both, best, called_so, unsaid, lengths)
      for means in (False, True)),
    *((answer, False, written_out) for answer in (both, best, called_so, unsaid, of_a_softmax)),
    (surprise, False, squared),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "means", "distance"), CASES)
def test_smallest_distance_is_the_answer(answer, means, distance, tmp_path):
    model = model_of(answer, tmp_path, means=means, distance=distance)
    contract = model.contract
    assert (contract.task, contract.outputs) == (Task.CLASSES, LABELS)
    assert contract.infer.kind is OutputKind.DISTANCES
    assert "of which the smallest is the answer" in contract.notes[-1]
    session = trained(model)
    x, y = drawn()
    assert np.array_equal(session.predict_proba(x).argmax(axis=1), y)
    assert np.array_equal(session.infer(x).argmax(axis=1), y)
    assert session.output_kind is OutputKind.LOGITS
    assert evaluate(session, Samples(x, y, model.labels)).accuracy == 1


@pytest.mark.parametrize("answer", [both, best])
def test_baked_file_gives_distances_as_its_author_made_them_and_is_read_alike(answer, tmp_path):
    model = model_of(answer, tmp_path)
    session = trained(model)
    x, y = drawn()
    baked = load_model(session.bake(inference_only=True))
    assert baked.contract.infer.kind is OutputKind.DISTANCES
    said = baked.session()
    assert np.allclose(said.predict_proba(x), session.predict_proba(x), atol=1e-5)
    name = ALL_SCORES if answer is best else "scores"
    raw = said.run("infer", x=x)
    assert (raw[name] >= 0).all()
    assert np.array_equal(raw["label"], y)


def negated(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"distances": -d}


def likeness(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"output": 1 / (1 + d), "label": tf.argmin(d, -1)}


def shares(d: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"distances": tf.nn.softmax(-d), "label": tf.argmin(d, -1)}


@pytest.mark.parametrize("answer", [negated, likeness, shares])
def test_largest_is_the_answer_where_distances_were_turned_round(answer, tmp_path):
    model = model_of(answer, tmp_path)
    assert model.contract.infer.kind is not OutputKind.DISTANCES
    session = trained(model)
    x, y = drawn()
    assert np.array_equal(session.predict_proba(x).argmax(axis=1), y)


class TestChoice:
    def test_a_person_may_say_that_the_largest_wins(self, tmp_path):
        model = model_of(both, tmp_path).with_choice(Choice(output_kind=OutputKind.LOGITS))
        session = trained(model)
        x, y = drawn()
        assert np.array_equal(session.infer(x).argmin(axis=1), y)

    def test_a_person_may_say_that_the_smallest_wins(self, tmp_path):
        model = model_of(negated, tmp_path).with_choice(Choice(output_kind=OutputKind.DISTANCES))
        session = trained(model)
        x, y = drawn()
        assert np.array_equal(session.infer(x).argmin(axis=1), y)

    def test_numbers_are_no_distances(self, tmp_path):
        choice = Choice(task=Task.VALUES, output_kind=OutputKind.DISTANCES)
        with pytest.raises(SignatureError, match="belong to labels of several classes"):
            model_of(both, tmp_path).with_choice(choice)
