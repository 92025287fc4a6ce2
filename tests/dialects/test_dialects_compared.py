"""Samples that are compared with each other: triplets, and pairs that are near or far."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import tensorflow as tf

import odt_core as odt
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net, model_of

DRAW = np.random.default_rng(0)
ID = tf.TensorSpec([None], INTS)
ROW = tf.TensorSpec([None, WIDTH], FLOATS)


def test_item_that_a_pair_is_compared_with_is_no_target(tmp_path):
    """Bayesian personalised ranking: a film that somebody liked, and one that they did not."""
    net = tf.Module()
    net.people = tf.Variable(DRAW.normal(size=(8, 4)), dtype=FLOATS)
    net.films = tf.Variable(DRAW.normal(size=(9, 4)), dtype=FLOATS)

    def rated(user, item):
        return tf.reduce_sum(tf.gather(net.people, user) * tf.gather(net.films, item), -1)

    @tf.function(input_signature=[ID, ID, ID])
    def train(user, pos_item, neg_item):
        weights = [net.people, net.films]
        with tf.GradientTape() as tape:
            lead = rated(user, pos_item) - rated(user, neg_item)
            loss = -tf.reduce_mean(tf.math.log_sigmoid(lead))
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.1 * tf.convert_to_tensor(gradient))
        return {"loss": loss}

    @tf.function(input_signature=[ID, ID])
    def infer(user, item):
        return {"score": rated(user, item)}

    contract = odt.load_model(file_of(net, tmp_path, train=train, infer=infer)).contract
    assert not contract.trainable
    assert "pairs or triplets" in contract.notes[0]


def test_distance_that_tells_yes_from_no_is_told_of(tmp_path):
    net = Net(4)

    def distance(x1, x2):
        return tf.sqrt(tf.reduce_sum((net(x1) - net(x2)) ** 2.0, -1) + 1e-6)

    @tf.function(input_signature=[ROW, ROW, tf.TensorSpec([None], FLOATS)])
    def train(x1, x2, same):
        def losses():
            away = distance(x1, x2)
            return same * away**2.0 + (1.0 - same) * tf.nn.relu(1.0 - away) ** 2.0

        return {"loss": net.step(losses)}

    @tf.function(input_signature=[ROW, ROW])
    def infer(x1, x2):
        return {"distance": distance(x1, x2)}

    contract = odt.load_model(file_of(net, tmp_path, train=train, infer=infer)).contract
    assert contract.task is odt.Task.BINARY
    assert any("'distance' looks like a distance" in note for note in contract.notes)


def test_targets_that_no_answer_is_compared_with_need_be_no_probabilities(tmp_path):
    """As the letters of a CTC loss are, of which an answer says nothing by itself."""
    net = Net(3)

    @tf.function(input_signature=[ROW, tf.TensorSpec([None, 3], FLOATS)])
    def train(x, y):
        return {"loss": net.step(lambda: tf.nn.sigmoid_cross_entropy_with_logits(y, net(x)))}

    model = odt.load_model(file_of(net, tmp_path, train=train))
    contract = replace(
        model.contract, task=odt.Task.VALUES, target_shape=(3,), targets_are_probabilities=True
    )
    letters = np.array([[2.0, 3.0, 0.0]], np.float32)
    assert contract.why_not_learnt(letters) is not None
    assert replace(contract, comparable=False).why_not_learnt(letters) is None


def test_what_learns_from_samples_alone_is_trained_once_it_is_chosen(tmp_path):
    """Means of groups, each moved towards the samples that are nearest."""
    net = tf.Module()
    net.means = tf.Variable(DRAW.normal(size=(4, WIDTH)), dtype=FLOATS)

    def away(x):
        return tf.reduce_sum((x[:, None] - net.means[None]) ** 2.0, -1)

    @tf.function(input_signature=[ROW])
    def train(x):
        mine = tf.one_hot(tf.argmin(away(x), -1), 4)
        count = tf.maximum(tf.reduce_sum(mine, 0)[:, None], 1.0)
        net.means.assign_add(0.5 * (tf.transpose(mine) @ x / count - net.means))
        return {"inertia": tf.reduce_mean(tf.reduce_min(away(x), -1))}

    @tf.function(input_signature=[ROW])
    def predict(x):
        return {"distance": tf.sqrt(away(x))}

    model = odt.load_model(file_of(net, tmp_path, train=train, predict=predict))
    assert any("--use train=train" in note for note in model.contract.notes)
    session = model.with_choice(odt.Choice(train="train")).session()
    x = DRAW.normal(size=(32, WIDTH)).astype(np.float32)
    losses = [session.train_step(x, x) for _ in range(10)]
    assert losses[-1] < losses[0]


def test_best_few_of_some_scores_answer_where_they_are_what_is_learnt(tmp_path):
    model = model_of(
        lambda y, z: tf.square(y - tf.math.top_k(z, 3)[0]), tmp_path, outputs=5,
        y=tf.TensorSpec([None, 3], tf.float32), answer=lambda z: tf.math.top_k(z, 3)[0],
        name="highest",
    )  # fmt: skip
    assert (model.contract.infer.prediction, model.contract.target_shape) == ("highest", (3,))
    assert model.contract.scored
