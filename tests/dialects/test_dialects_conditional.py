"""Samples that are learnt again beside what they depend on."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.cli.sources import open_tests
from odt_core.dialects.contract import Contract
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS

SIGNAL, COND = (8, 2), 5
DRAW = np.random.default_rng(0)


def file_of_conditional(folder, *, predict="infer", channels=2, names=("signal", "cond")):
    """An autoencoder whose decoder is told something beside the code. channels: that it gives
    back.
    """
    signal, cond = names
    m = tf.Module()
    m.down = tf.Variable(DRAW.normal(0, 0.3, (16 + COND, 6)), dtype=FLOATS)
    m.up = tf.Variable(DRAW.normal(0, 0.3, (6 + COND, 8 * channels)), dtype=FLOATS)
    specs = {signal: tf.TensorSpec([None, *SIGNAL], FLOATS), cond: tf.TensorSpec([None, COND])}

    def rebuilt(x, c):
        code = tf.tanh(tf.concat([tf.reshape(x, [-1, 16]), c], -1) @ m.down)
        return tf.reshape(tf.concat([code, c], -1) @ m.up, [-1, 8, channels])

    def errors(x, c):
        return tf.reduce_mean(tf.square(rebuilt(x, c) - x[..., :channels]), [1, 2])

    def train(**given):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(errors(given[signal], given[cond]))
        weights = [m.down, m.up]
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.5 * gradient)
        return {"loss": loss}

    def infer(**given):
        x, c = given[signal], given[cond]
        return {"reconstruction": rebuilt(x, c), "error": errors(x, c)}

    functions = {"train": train, predict: infer}
    return file_of(
        m,
        folder,
        **{k: tf.function(f).get_concrete_function(**specs) for k, f in functions.items()},
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return odt.load_model(file_of_conditional(tmp_path_factory.mktemp("conditional")))


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(1).normal(size=(24, COND + 16)).astype(np.float32)


class TestConditionalAutoencoder:
    def test_signal_and_condition_are_one_sample_of_which_the_signal_is_learnt(self, model):
        contract = model.contract
        assert contract.task is odt.Task.RECONSTRUCTION
        assert [one.name for one in contract.sample_inputs] == ["cond", "signal"]
        assert (contract.given_back, contract.target_shape) == ("signal", SIGNAL)
        assert contract.train[0].labels is None
        assert contract.infer.prediction == "reconstruction"
        assert any("learns to give 'signal' back" in note for note in contract.notes)
        assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract

    def test_each_part_goes_where_it_belongs(self, model, rows):
        _, feeds = model.session().train_feeds(rows, rows)
        np.testing.assert_array_equal(feeds["cond"], rows[:, :COND])
        np.testing.assert_array_equal(feeds["signal"], rows[:, COND:].reshape(-1, *SIGNAL))

    def test_answers_are_compared_with_the_signal_alone(self, model, rows):
        session = model.session()
        samples = odt.Samples(rows, np.zeros((len(rows), 0), np.float32), odt.Labels(()))
        before = odt.evaluate(session, samples)
        answers = session.infer(rows)
        assert answers.shape == (len(rows), *SIGNAL)
        signal = rows[:, COND:].reshape(-1, *SIGNAL)
        assert before.mean_squared_error == pytest.approx(
            np.mean((answers - signal) ** 2), rel=1e-5
        )
        odt.fit(session, samples, odt.Settings(epochs=60, replay=0))
        assert odt.evaluate(session, samples).mean_squared_error < 0.9 * before.mean_squared_error

    def test_samples_come_without_labels_by_the_names_of_their_parts(self, model, rows, tmp_path):
        signal = rows[:, COND:].reshape(-1, *SIGNAL)
        np.savez(tmp_path / "parts.npz", signal=signal, cond=rows[:, :COND])
        given = open_tests([str(tmp_path / "parts.npz")], model, model.labels)[0]
        np.testing.assert_array_equal(given.x, rows)

    @pytest.mark.parametrize("predict", ["eval", "reconstruct", "roundtrip"])
    def test_signature_that_predicts_may_have_any_name(self, predict, tmp_path):
        contract = odt.load_model(file_of_conditional(tmp_path, predict=predict)).contract
        assert (contract.infer.signature, contract.given_back) == (predict, "signal")

    def test_names_of_the_inputs_do_not_count(self, tmp_path):
        names = ("b", "context")
        contract = odt.load_model(file_of_conditional(tmp_path, names=names)).contract
        assert contract.given_back == "b"

    def test_part_of_a_signal_cannot_be_scored(self, tmp_path, rows):
        model = odt.load_model(file_of_conditional(tmp_path, channels=1))
        assert not model.contract.scored
        session = model.session()
        losses = [session.train_step(rows, rows) for _ in range(20)]
        assert losses[-1] < losses[0]
