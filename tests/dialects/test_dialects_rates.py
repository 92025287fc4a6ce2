"""The input that takes the learning rate, whatever it is called."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.errors import SignatureError
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net

X = np.random.default_rng(1).normal(size=(24, WIDTH)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)


def plain(weight, gradient, moments, number):
    weight.assign_sub(number * gradient)


def by_adam(weight, gradient, moments, number):
    mean, square = moments
    mean.assign(0.9 * mean + 0.1 * gradient)
    square.assign(0.99 * square + 0.01 * gradient**2)
    weight.assign_sub(number * mean / (tf.sqrt(square) + 1e-6))


def scaled_loss(weight, gradient, moments, number):
    weight.assign_sub(0.1 * gradient)


def model_with(folder, name, rule):
    """A classifier whose train step takes a number of this name."""
    net = Net(3)
    weights = [net.w, net.v]
    net.moments = [[tf.Variable(tf.zeros_like(w)) for _ in range(2)] for w in weights]

    def train(x, y, **number):
        (number,) = number.values()
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, net(x)))
            loss = loss * number if rule is scaled_loss else loss
        for weight, gradient, pair in zip(
            weights, tape.gradient(loss, weights), net.moments, strict=True
        ):
            rule(weight, gradient, pair, number)
        return {"loss": loss}

    x, y = tf.TensorSpec([None, WIDTH], FLOATS, "x"), tf.TensorSpec([None], INTS, "y")
    number = tf.TensorSpec([], FLOATS, name)
    train = tf.function(train).get_concrete_function(x=x, y=y, **{name: number})

    @tf.function(input_signature=[x])
    def infer(x):
        return {"logits": net(x)}

    return odt.load_model(file_of(net, folder, train=train, infer=infer))


class TestLearningRate:
    @pytest.mark.parametrize("rule", [plain, by_adam])
    @pytest.mark.parametrize("name", ["rate", "alpha"])
    def test_what_multiplies_each_update_is_one(self, name, rule, tmp_path):
        model = model_with(tmp_path, name, rule)
        assert model.contract.train[0].learning_rate == name
        assert not any(name in note for note in model.contract.notes)
        session = model.session()
        session.learning_rate = 0.1
        losses = [session.train_step(X, Y) for _ in range(40)]
        assert losses[-1] < losses[0] / 2

    def test_what_multiplies_the_loss_is_none(self, tmp_path):
        model = model_with(tmp_path, "share", scaled_loss)
        assert model.contract.train[0].learning_rate is None
        chosen = model.with_choice(odt.Choice(learning_rate="share"))
        assert chosen.contract.train[0].learning_rate == "share"

    def test_choice_of_what_is_no_single_number_is_refused(self, tmp_path):
        model = model_with(tmp_path, "learn_rate", plain)
        assert model.contract.train[0].learning_rate == "learn_rate"
        with pytest.raises(SignatureError, match="Choose one of: learn_rate"):
            model.with_choice(odt.Choice(learning_rate="x"))


def of_one_number(folder, *, in_prediction: bool):
    """Learns one number, which is a matrix product of one column; its train step takes a number
    that scales the prediction, or each update.
    """
    net = tf.Module()
    net.w = tf.Variable(tf.ones([WIDTH, 1]) / WIDTH)

    def train(x, y, alpha):
        scale, rate = (alpha, 0.1) if in_prediction else (1.0, alpha)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ net.w * scale - y))
        net.w.assign_sub(rate * tape.gradient(loss, net.w))
        return {"loss": loss}

    x, y = tf.TensorSpec([None, WIDTH], FLOATS, "x"), tf.TensorSpec([None, 1], FLOATS, "y")
    train = tf.function(train).get_concrete_function(x, y, tf.TensorSpec([], FLOATS, "alpha"))
    infer = tf.function(lambda x: {"output": x @ net.w}).get_concrete_function(x)
    return odt.load_model(file_of(net, folder, train=train, infer=infer))


@pytest.mark.parametrize(("in_prediction", "rate"), [(True, None), (False, "alpha")])
def test_what_scales_a_prediction_of_one_number_is_no_rate(in_prediction, rate, tmp_path):
    model = of_one_number(tmp_path, in_prediction=in_prediction)
    assert model.contract.train[0].learning_rate == rate
