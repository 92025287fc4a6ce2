"""Features that are yes or no, and switches that only look like them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.errors import SignatureError
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net

YES_OR_NO = tf.TensorSpec([None, WIDTH], tf.bool, "symptoms")
LABELS = tf.TensorSpec([None], INTS, "diagnosis")


def model_of(folder, *beside: tf.TensorSpec):
    net = Net(3)

    def answer(symptoms):
        return net(tf.cast(symptoms, FLOATS))

    def step(symptoms, diagnosis, *kept):
        weight = tf.cast(kept[0], FLOATS) if kept else 1.0
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits
        return {"loss": net.step(lambda: weight * losses(diagnosis, answer(symptoms)))}

    train = tf.function(step).get_concrete_function(YES_OR_NO, LABELS, *beside)
    infer = tf.function(lambda symptoms: {"logits": answer(symptoms)})
    infer = infer.get_concrete_function(YES_OR_NO)
    return odt.load_model(file_of(net, folder, train=train, infer=infer))


def test_features_of_yes_or_no_are_learnt(tmp_path):
    model = model_of(tmp_path)
    contract = model.contract
    assert (contract.train[0].samples, contract.train[0].labels) == ("symptoms", "diagnosis")
    assert (contract.input_shape, contract.input_dtype, contract.outputs) == ((WIDTH,), "bool", 3)
    x = (np.random.default_rng(0).random((60, WIDTH)) < 0.5).astype(np.float32)
    session, y = model.session(), x[:, :3].argmax(axis=1)
    losses = [session.train_step(x, y) for _ in range(80)]
    assert losses[-1] < losses[0] / 2
    assert np.array_equal(session.infer(x), session.infer(x.astype(bool)))


def test_a_switch_for_each_sample_is_no_feature(tmp_path):
    contract = model_of(tmp_path, tf.TensorSpec([None], tf.bool, "keep")).contract
    assert (contract.train[0].samples, contract.train[0].labels) == ("symptoms", "diagnosis")
    assert contract.sample_inputs == ()


def test_what_is_neither_yes_nor_no_is_refused(tmp_path):
    session = model_of(tmp_path).session()
    with pytest.raises(SignatureError, match=r"takes 1 or 0 \(bool\); got 0.3"):
        session.infer(np.full((2, WIDTH), 0.3, np.float32))
