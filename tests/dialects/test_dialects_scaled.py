"""Samples and targets that training and predicting take on different scales."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.dialects import Contract
from odt_core.worker.wire import pack_description, unpack_description
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net

X = np.random.default_rng(1).normal(size=(24, WIDTH)).astype(np.float32)
MEAN = np.array([50, 170, 3, 900, 0, 1], np.float32)
SPREAD = np.array([10, 8, 1, 100, 1, 2], np.float32)
PICTURES = np.random.default_rng(2).integers(0, 256, (24, 8, 8, 3)).astype(np.float32)
COLOURS = np.array([120, 110, 100], np.float32)


def same(x):
    return x


def model_of(
    folder, *, trained=same, asked=same, given=same, learnt=same, numbers=False, dtype=FLOATS
):
    """trained, asked: what the two signatures do to samples. given: what predicting does to
    answers, learnt: what training does to targets.
    """
    net = Net(1 if numbers else 3)
    rows = tf.TensorSpec([None, WIDTH], FLOATS)

    @tf.function(
        input_signature=[
            rows,
            tf.TensorSpec([None, 1], FLOATS) if numbers else tf.TensorSpec([None], INTS),
        ]
    )
    def train(x, y):
        def loss():
            if numbers:
                return tf.square(net(trained(x)) - learnt(y))
            return tf.nn.sparse_softmax_cross_entropy_with_logits(y, net(trained(x)))

        return {"loss": net.step(loss)}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], dtype)])
    def infer(x):
        return {"logits": given(net(asked(tf.cast(x, FLOATS))))}

    return odt.load_model(file_of(net, folder, train=train, infer=infer))


def fed(model, x, y):
    return model.session().train_feeds(x, y)[1]


@pytest.mark.parametrize(
    ("scales", "dtype", "wanted", "said"),
    [
        ({"asked": lambda x: x / 255}, FLOATS, lambda x: x / 255, "divided by 255"),
        ({"trained": lambda x: x / 255}, FLOATS, lambda x: x * 255, "multiplied by 255"),
        (
            {"asked": lambda x: x / 127.5 - 1},
            tf.uint8,
            lambda x: x / 127.5 - 1,
            "divided by 127.5 and moved by −1",
        ),
        (
            {"asked": lambda x: (x - MEAN) / SPREAD},
            FLOATS,
            lambda x: (x - MEAN) / SPREAD,
            "scaled and moved, each place by numbers of its own",
        ),
        (
            {"asked": lambda x: x / 255, "trained": lambda x: 2 * x - 1},
            FLOATS,
            lambda x: x / 510 + 0.5,
            "divided by 510 and moved by 0.5",
        ),
    ],
)
def test_training_is_given_what_its_first_layer_gets_in_predicting(
    tmp_path, scales, dtype, wanted, said
):
    model = model_of(tmp_path, dtype=dtype, **scales)
    x = np.rint(100 * np.abs(X))
    given = fed(model, x, np.zeros(24, np.int64))["x"]
    np.testing.assert_allclose(given, wanted(x), rtol=1e-5, atol=1e-5)
    assert any(f"their numbers are {said}, so that both see the same" in n for n in notes(model))


def notes(model):
    return model.contract.notes


@pytest.mark.parametrize(
    "scale",
    [same, lambda x: x / 255, lambda x: (x - MEAN) / SPREAD, lambda x: x + tf.random.normal([6])],
)
def test_samples_that_both_scale_alike_or_by_no_constant_stay_as_they_are(tmp_path, scale):
    model = model_of(tmp_path, trained=scale, asked=scale)
    assert (model.contract.train[0].scaling, model.contract.train[0].target_scaling) == (None, None)
    y = np.zeros(24, np.int32)
    assert fed(model, X, y)["x"] is X or np.array_equal(fed(model, X, y)["x"], X)


def test_division_by_256_and_by_255_are_not_told_apart(tmp_path):
    model = model_of(tmp_path, trained=lambda x: x / 256, asked=lambda x: x / 255)
    assert model.contract.train[0].scaling is None


@pytest.mark.parametrize(
    ("scales", "wanted"),
    [
        ({"given": lambda z: 300 * z + 1000}, [0.0, 1.0]),
        (
            {"given": lambda z: 300 * z + 1000, "learnt": lambda y: (y - 1000) / 300},
            [1000.0, 1300.0],
        ),
        ({"learnt": lambda y: y / 300}, [300_000.0, 390_000.0]),
    ],
)
def test_targets_are_brought_to_what_training_compares_answers_with(tmp_path, scales, wanted):
    model = model_of(tmp_path, numbers=True, **scales)
    y = np.array([[1000.0], [1300.0]], np.float32)
    np.testing.assert_allclose(fed(model, X[:2], y)["y"].ravel(), wanted, atol=1e-3)
    moved = wanted != [1000.0, 1300.0]
    assert any("Give targets as 'infer' gives them" in note for note in notes(model)) is moved


def test_model_whose_app_normalises_before_training_learns_from_raw_rows(tmp_path):
    model = model_of(tmp_path, asked=lambda x: (x - MEAN) / SPREAD)
    x, y = X * SPREAD + MEAN, X[:, :3].argmax(axis=1)
    session = model.session()
    for _ in range(60):
        session.train_step(x, y)
    assert (session.infer(x).argmax(axis=1) == y).mean() > 0.9


def test_targets_that_were_encoded_before_are_brought_there_once(tmp_path):
    model = model_of(tmp_path, numbers=True, given=lambda z: 300 * z + 1000)
    session = model.session()
    y = session.targets(np.array([[1300.0]], np.float32))
    assert session.train_feeds(X[:1], y)[1]["y"].tolist() == [[1.0]]


class Pictures(tf.Module):
    """A convolution, which odt writes as windows and a product."""

    def __init__(self):
        super().__init__()
        draw = np.random.default_rng(0)
        self.k = tf.Variable(draw.normal(0, 0.2, (3, 3, 3, 4)), dtype=FLOATS, name="k")
        self.w = tf.Variable(draw.normal(0, 0.2, (64, 2)), dtype=FLOATS, name="w")

    def __call__(self, x):
        z = tf.nn.relu(tf.nn.conv2d(x, self.k, 2, "SAME"))
        return tf.reshape(z, [-1, 64]) @ self.w

    @tf.function(
        input_signature=[tf.TensorSpec([None, 8, 8, 3], FLOATS), tf.TensorSpec([None], INTS)]
    )
    def train(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, self(x)))
        weights = [self.k, self.w]
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.1 * gradient)
        return {"loss": loss}

    @tf.function(input_signature=[tf.TensorSpec([1, 8, 8, 3], tf.uint8)])
    def infer(self, x):
        return {"logits": self((tf.cast(x, FLOATS) - COLOURS) / 60)}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    net = Pictures()
    folder = tmp_path_factory.mktemp("pictures")
    return odt.load_model(file_of(net, folder, train=net.train, infer=net.infer))


def test_channels_that_predicting_alone_normalises_are_normalised_before_they_train(pictures):
    given = fed(pictures, PICTURES, np.zeros(24, np.int64))["x"]
    np.testing.assert_allclose(given, (PICTURES - COLOURS) / 60, atol=1e-5)


def test_scalings_come_through_json_and_a_workers_pipe(pictures):
    contract, about = pictures.contract, pictures.description
    assert contract.train[0].scaling is not None
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract
    assert unpack_description(json.loads(json.dumps(pack_description(about)))) == about
