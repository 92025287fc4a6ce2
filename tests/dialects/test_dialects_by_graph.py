"""Signatures whose names tell nothing, or something else than what they do."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.dialects import propose
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net, hardest

X = tf.TensorSpec([None, WIDTH], FLOATS, "x")
Y = tf.TensorSpec([None], INTS, "y")


def model_with(folder, *, train: str, infer: str | None, scoring: bool = False):
    """A classifier of three labels whose signatures are called so; scoring: one more counts how
    often it was right, in a variable.
    """
    net = Net(3)
    net.seen = tf.Variable(0.0, name="seen")

    def loss(x, y):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(y, net(x))

    @tf.function(input_signature=[X, Y])
    def step(x, y):
        return {"loss": net.step(lambda: loss(x, y))}

    @tf.function(input_signature=[X])
    def answer(x):
        return {"output": tf.nn.softmax(net(x))}

    @tf.function(input_signature=[X, Y])
    def score(x, y):
        net.seen.assign_add(tf.cast(tf.size(y), FLOATS))
        return {"loss": tf.reduce_mean(loss(x, y)) + 0.0 * net.seen}

    @tf.function(input_signature=[X])
    def inner(x):
        return {"h": tf.tanh(x @ net.w)}

    made = {train: step, "inner_layer": inner}
    made |= {infer: answer} if infer else {}
    made |= {"score": score} if scoring else {}
    return odt.load_model(file_of(net, folder, **made))


class TestNoNameTells:
    @pytest.mark.parametrize("infer", ["eval", "test", "get_output", "model", "features"])
    def test_what_predicts_is_found_by_what_it_computes(self, infer, tmp_path):
        contract = model_with(tmp_path, train="train", infer=infer).contract
        assert (contract.infer.signature, contract.infer.prediction) == (infer, "output")
        assert contract.evaluate is None

    @pytest.mark.parametrize("train", ["update_weights", "loss_and_update"])
    def test_what_trains_is_found_by_what_it_changes(self, train, tmp_path):
        model = model_with(tmp_path, train=train, infer="evaluate", scoring=True)
        (role,) = model.contract.train
        assert (role.signature, role.samples, role.labels) == (train, "x", "y")
        assert any(f"'{train}' was taken" in note for note in model.contract.notes)
        x = np.random.default_rng(1).normal(size=(30, WIDTH)).astype(np.float32)
        session, y = model.session(), x[:, :3].argmax(axis=1)
        losses = [session.train_step(x, y) for _ in range(60)]
        assert losses[-1] < losses[0] / 2

    @pytest.mark.parametrize("infer", ["rate", "prognosis"])
    def test_what_predicts_from_several_inputs_is_found_by_them(self, infer, tmp_path):
        net = Net(1)
        net.places = tf.Variable(tf.ones([4, 1]), name="places")
        place = tf.TensorSpec([None], INTS, "place")
        target = tf.TensorSpec([None, 1], FLOATS, "outcome")

        def answer(history, place):
            return net(history) + tf.gather(net.places, place)

        def step(history, place, outcome):
            return {"mae": net.step(lambda: tf.abs(answer(history, place) - outcome))}

        history = tf.TensorSpec([None, WIDTH], FLOATS, "history")
        train = tf.function(step).get_concrete_function(history, place, target)
        predict = tf.function(lambda history, place: {"said": answer(history, place)})
        predict = predict.get_concrete_function(history, place)
        made = {"train": train, infer: predict}
        model = odt.load_model(file_of(net, tmp_path, **made))
        assert model.contract.infer.signature == infer
        assert [part.name for part in model.contract.sample_inputs] == ["history", "place"]
        assert model.contract.train[0].labels == "outcome"
        x = np.concatenate([np.ones([5, WIDTH]), np.arange(5)[:, None] % 4], 1).astype(np.float32)
        session = model.session()
        assert session.infer(x).shape == (5, 1)
        assert np.isfinite(session.train_step(x, np.ones([5, 1], np.float32)))

    @pytest.mark.parametrize("compared", ["triplets", "labels"])
    def test_what_makes_the_answers_that_training_compares_with_each_other_predicts(
        self, compared, tmp_path
    ):
        net = Net(4)

        def of_triplets(anchor, positive, negative):
            def apart(one, two):
                return tf.reduce_sum((net(one) - net(two)) ** 2.0, -1)

            def loss():
                return tf.nn.relu(apart(anchor, positive) - apart(anchor, negative) + 0.3)

            return {"loss": net.step(loss)}

        def of_labels(x, y):
            return {"loss": net.step(lambda: hardest(y, net(x)))}

        of_three = [tf.TensorSpec([None, WIDTH], FLOATS, one) for one in ("a", "p", "n")]
        step, specs = {"triplets": (of_triplets, of_three), "labels": (of_labels, [X, Y])}[compared]
        train = tf.function(step).get_concrete_function(*specs)
        embed = tf.function(lambda x: {"embedding": net(x)}).get_concrete_function(X)
        model = odt.load_model(file_of(net, tmp_path, train=train, embed=embed))
        contract = model.contract
        assert (contract.infer.signature, contract.infer.prediction) == ("embed", "embedding")
        assert (contract.task, contract.scored) == (odt.Task.VALUES, False)
        assert contract.trainable is (compared == "labels")
        assert model.session().infer(np.ones((2, WIDTH), np.float32)).shape == (2, 4)

    def test_nothing_predicts_where_no_output_is_an_answer(self, tmp_path):
        contract = model_with(tmp_path, train="train", infer=None).contract
        assert contract.infer is None  # a layer of eight numbers is no answer of three

    def test_signatures_that_may_train_are_named_where_nothing_tells_which_does(self, tmp_path):
        net = Net(3)

        def step(x, y, rate):
            given = tf.one_hot(y, 3)
            return {"loss": net.step(lambda: rate * tf.reduce_mean((given - net(x)) ** 2.0, -1))}

        made = {
            name: tf.function(lambda x, y, rate=rate: step(x, y, rate)).get_concrete_function(X, Y)
            for name, rate in (("update_weights", 0.1), ("loss_and_update", 1.0))
        }
        infer = tf.function(lambda x: {"output": net(x)}).get_concrete_function(X)
        contract = odt.load_model(file_of(net, tmp_path, **made, infer=infer)).contract
        assert not contract.trainable
        (note,) = contract.notes
        assert "'loss_and_update', 'update_weights'" in note
        assert "--use train=loss_and_update" in note

    def test_notes_do_not_contradict_each_other(self):
        notes = propose([]).notes
        assert not any("can still be used for predictions" in note for note in notes)
        assert len(notes) == 2
