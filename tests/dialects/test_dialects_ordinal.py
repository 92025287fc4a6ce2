"""Ordinal regression: a label's grade is compared with thresholds, an output for each."""

from __future__ import annotations

import pytest
import tensorflow as tf

import odt_core as odt
from tests.dialects.small_nets import INTS, model_of

LABELS = tf.TensorSpec([None], INTS)


def graded(y, z):
    passed = tf.cast(y[:, None] > tf.range(3), tf.float32)
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=passed, logits=z)


def sparse(y, z):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=z)


def ignoring(y, z):
    there = y >= 0
    return sparse(tf.where(there, y, 0), z) * tf.cast(there, tf.float32)


def test_grades_are_refused_in_words_unless_the_signature_is_chosen(tmp_path):
    model = model_of(graded, tmp_path, outputs=3, y=LABELS, answer=tf.sigmoid, name="cumulative")
    assert not model.contract.trainable
    assert "compares its labels ('y') with thresholds" in model.contract.notes[0]
    assert model.with_choice(odt.Choice(train="train")).contract.trainable


@pytest.mark.parametrize("loss", [sparse, ignoring])
def test_labels_that_name_an_output_are_learnt(loss, tmp_path):
    assert model_of(loss, tmp_path, outputs=3, y=LABELS).contract.trainable
