"""Trainings that go over their batch in parts, in a loop of their own, shuffled or not."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.dialects.contract import LabelKind, OutputKind
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net

BATCH, PART, LABELS = 16, 4, 3


def model_of(
    folder, *, name="train", shuffled="", every=True, numbers=False, values=False
) -> odt.Model:
    """shuffled: before the loop, or in each round. every: a loss for each part, not their mean.
    numbers: labels are class numbers. values: it learns numbers.
    """
    net = Net(LABELS)
    kind = tf.TensorSpec([BATCH], INTS) if numbers else tf.TensorSpec([BATCH, LABELS], FLOATS)

    def losses(y, z):
        if values:
            return tf.reduce_mean(tf.square(y - z), -1)
        if numbers:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(y, z)
        return tf.nn.softmax_cross_entropy_with_logits(y, z)

    @tf.function(input_signature=[tf.TensorSpec([BATCH, WIDTH], FLOATS), kind])
    def train(x, y):
        order = tf.range(BATCH)
        if shuffled:
            order = tf.random.shuffle(order)
        if shuffled == "before":
            x, y = tf.gather(x, order), tf.gather(y, order)
        each, total = tf.TensorArray(FLOATS, BATCH // PART), tf.constant(0.0)
        for k in tf.range(BATCH // PART):
            part = order[k * PART : (k + 1) * PART]
            if shuffled == "before":
                part = tf.range(k * PART, (k + 1) * PART)
            some, theirs = tf.gather(x, part), tf.gather(y, part)
            loss = net.step(lambda some=some, theirs=theirs: losses(theirs, net(some)))
            each, total = each.write(k, loss), total + loss * PART / BATCH
        return {"losses": each.stack()} if every else {"loss": total}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def predict(x):
        return {"output": net(x)}

    return odt.load_model(file_of(net, folder, **{name: train}, predict=predict))


def drawn() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(1).normal(size=(BATCH, WIDTH)).astype(np.float32)
    return x, x[:, :LABELS].argmax(axis=1)


@pytest.mark.parametrize("name", ["train", "train_model", "update"])
@pytest.mark.parametrize("shuffled", ["", "before", "inside"])
def test_softmax_of_parts_is_that_of_labels_whatever_the_signature_is_called(
    name, shuffled, tmp_path
):
    model = model_of(tmp_path, name=name, shuffled=shuffled)
    contract = model.contract
    assert contract.task is odt.Task.CLASSES
    assert (contract.train[0].signature, contract.train[0].labels) == (name, "y")
    assert contract.train[0].label_kind is LabelKind.ONE_HOT
    assert contract.infer.kind is OutputKind.LOGITS
    session, (x, y) = model.session(), drawn()
    losses = [session.train_step(x, y) for _ in range(30)]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("shuffled", ["", "before", "inside"])
def test_labels_may_be_numbers_and_the_loss_a_mean(shuffled, tmp_path):
    contract = model_of(tmp_path, shuffled=shuffled, every=False, numbers=True).contract
    assert contract.task is odt.Task.CLASSES
    assert (contract.train[0].label_kind, contract.train[0].loss) == (LabelKind.INTEGER, "loss")


@pytest.mark.parametrize("shuffled", ["", "before", "inside"])
def test_squared_errors_of_parts_are_those_of_values(shuffled, tmp_path):
    contract = model_of(tmp_path, name="train_model", shuffled=shuffled, values=True).contract
    assert (contract.task, contract.target_shape) == (odt.Task.VALUES, (LABELS,))
