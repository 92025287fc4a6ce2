"""A file that only predicts is judged as the model that it came from."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from odt_core import Choice, Labels, Task, evaluate, load_model
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.record import read_record, write_record
from odt_core.samples import Samples
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, model_of

DRAW = np.random.default_rng(4)
COUNT = 12


def cross_entropy(y, z):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y, z)


def sigmoids(y, z):
    return tf.nn.sigmoid_cross_entropy_with_logits(y, z)


def apart(y, z):
    return tf.square(y - tf.sigmoid(z))


def in_places(*shape):
    return lambda z: tf.reshape(z, [-1, *shape])


def floats(*shape):
    return tf.TensorSpec([None, *shape], FLOATS)


def ints(*shape):
    return tf.TensorSpec([None, *shape], INTS)


CASES = {
    # loss, form of the answers, form of the targets, the targets of the samples
    "mask": (sigmoids, (2, 2, 1), floats(2, 2, 1), DRAW.integers(0, 2, (COUNT, 2, 2, 1))),
    "mask of classes": (cross_entropy, (2, 2, 3), ints(2, 2), DRAW.integers(0, 3, (COUNT, 2, 2))),
    "tags": (cross_entropy, (4, 3), ints(4), DRAW.integers(0, 3, (COUNT, 4))),
    "shares": (apart, (3,), floats(3), DRAW.random((COUNT, 3))),
    "several labels": (sigmoids, (3,), floats(3), DRAW.integers(0, 2, (COUNT, 3))),
    "numbers": (lambda y, z: tf.square(y - z), (3,), floats(3), DRAW.random((COUNT, 3))),
}  # fmt: skip


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """A session that has learnt, and samples."""
    loss, form, targets, y = CASES[request.param]
    places = in_places(*form)
    model = model_of(
        lambda y, z: loss(y, places(z)), tmp_path_factory.mktemp("net"), outputs=int(np.prod(form)),
        y=targets, answer=places, name="answer",
    )  # fmt: skip
    if request.param == "several labels":
        model = model.with_choice(Choice(task=Task.VALUES))
    session, x = model.session(), DRAW.normal(0, 1, (COUNT, WIDTH)).astype(np.float32)
    session.train_step(x, y)
    return session, Samples(x, y.astype(np.float32), Labels(()))


def test_its_figures_are_those_of_the_session(case):
    session, samples = case
    alone = load_model(session.bake(inference_only=True)).session()
    theirs, mine = evaluate(session, samples), evaluate(alone, samples)
    figures, same = theirs.to_json(), mine.to_json()
    assert figures.keys() == same.keys()
    for name, value in figures.items():
        exact = value is None or isinstance(value, (str, dict))
        assert same[name] == (value if exact else pytest.approx(value, rel=1e-5))
    assert np.allclose(mine.predictions, theirs.predictions, atol=1e-6)


def test_it_refuses_the_targets_that_the_model_refuses(case):
    session, samples = case
    contract = load_model(session.bake(inference_only=True)).contract
    for wrong in (samples.y + 0.5, samples.y + 7):
        assert contract.why_not_learnt(wrong) == session.contract.why_not_learnt(wrong)


def test_what_is_chosen_by_hand_counts_for_more(case):
    session, _ = case
    baked = load_model(session.bake(inference_only=True))
    other = baked.with_choice(Choice(task=Task.RECONSTRUCTION)).contract
    assert (other.task, other.scores_each) == (Task.RECONSTRUCTION, 0)


def tags(folder):
    loss, form, targets, _ = CASES["tags"]
    places = in_places(*form)
    model = model_of(
        lambda y, z: loss(y, places(z)), folder, outputs=12, y=targets, answer=places, name="answer"
    )
    return model.session().bake(inference_only=True)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"scores_each": 4},
        {"scores_each": "many"},
        {"scores_each": float("inf")},
        {"target_shape": [-4]},
        {"target_shape": [5]},
        {"target_shape": 4},
        {"free_targets": [7]},
        {"activation": "tanh"},
        {"given_back": "nothing"},
    ],
    ids=json.dumps,
)
def test_a_word_that_makes_no_sense_is_none(nonsense, tmp_path):
    data = tags(tmp_path)
    model = read(data)
    record = read_record(model)
    assert record.taken_for["scores_each"] == 3
    record.taken_for.update(nonsense)
    write_record(model, record)
    contract = load_model(write(model)).contract
    assert (contract.scores_each, contract.target_shape) == (0, (4, 3))


def word_of(loss, folder, answer=lambda z: z):
    model = model_of(loss, folder, outputs=3, y=floats(3), answer=answer, name="answer")
    return read_record(read(model.session().bake(inference_only=True))).taken_for


def test_a_file_that_tells_it_by_itself_has_no_word(tmp_path):
    assert word_of(tf.nn.softmax_cross_entropy_with_logits, tmp_path, tf.nn.softmax) == {}


def test_a_word_says_no_more_than_it_must(tmp_path):
    told = word_of(CASES["numbers"][0], tmp_path)
    assert told.keys() == {"infer", "infer_samples", "prediction", "output_kind", "task"}
