"""Models whose predictions draw random numbers, or remember what they were asked before."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.samples import Samples
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, WIDTH, Net

X = np.random.default_rng(2).normal(size=(12, WIDTH)).astype(np.float32)
SAMPLES = Samples(X, X[:, :1], odt.Labels(()))


def model_of(folder, *, draws: bool):
    net = Net(1)
    net.heard = tf.Variable(0.0, name="heard")

    def step(x, y):
        return {"loss": net.step(lambda: tf.square(net(x) - y))}

    def answer(x):
        if draws:
            return {"output": net(tf.nn.dropout(x, 0.5))}
        net.heard.assign(0.5 * net.heard + tf.reduce_mean(x))
        return {"output": net(x) + net.heard}

    x, y = tf.TensorSpec([None, WIDTH], FLOATS, "x"), tf.TensorSpec([None, 1], FLOATS, "y")
    train = tf.function(step).get_concrete_function(x, y)
    infer = tf.function(answer).get_concrete_function(x)
    return odt.load_model(file_of(net, folder, train=train, infer=infer))


@pytest.fixture(scope="module", params=[True, False], ids=["draws", "remembers"])
def model(request, tmp_path_factory):
    return model_of(tmp_path_factory.mktemp("net"), draws=request.param)


def test_same_question_gets_the_same_answer(model):
    session = model.session()
    first = odt.evaluate(session, SAMPLES).mean_squared_error
    session.infer(X[:3])
    assert odt.evaluate(session, SAMPLES).mean_squared_error == first


def test_judging_changes_nothing_that_is_saved(model):
    session = model.session()
    before = session.state()
    odt.evaluate(session, SAMPLES)
    after = session.state()
    assert all(np.array_equal(before[name], value) for name, value in after.items())


def test_calling_the_signature_itself_goes_on(model):
    session = model.session()
    answers = [session.run("infer", x=X)["output"] for _ in range(2)]
    assert not np.array_equal(*answers)


def test_a_note_tells_it(model):
    assert any("depends on what was asked before" in note for note in model.contract.notes)
