"""Models that are told which ids of a sample are padding, as by an attention mask."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.dialects.contract import Contract
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS

LENGTH, LABELS = 5, 3


def model_of(folder, *, mask="attention_mask", kind=INTS, length=LENGTH, types=False):
    """The mean of the embeddings of what is no padding. types: beside words their kinds."""
    draw = np.random.default_rng(0)
    m = tf.Module()
    m.words = tf.Variable(draw.normal(size=(12, 4)), dtype=FLOATS)
    m.kinds = tf.Variable(draw.normal(size=(2, 4)), dtype=FLOATS)
    m.out = tf.Variable(draw.normal(size=(4, LABELS)), dtype=FLOATS)
    ids = tf.TensorSpec([None, length], INTS)
    inputs = {"input_ids": ids, mask: tf.TensorSpec([None, length], kind)}
    if types:
        inputs["token_type_ids"] = ids

    def logits(given):
        counts = tf.cast(given[mask], FLOATS)[..., None]
        each = tf.gather(m.words, given["input_ids"])
        if types:
            each += tf.gather(m.kinds, given["token_type_ids"])
        return tf.reduce_sum(each * counts, 1) / tf.reduce_sum(counts, 1) @ m.out

    def train(labels, **given):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits(given))
            loss = tf.reduce_mean(losses)
        weights = [m.words, m.out]
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.1 * tf.convert_to_tensor(gradient))
        return {"loss": loss}

    labels = tf.TensorSpec([None], INTS)
    return odt.load_model(
        file_of(
            m,
            folder,
            train=tf.function(train).get_concrete_function(labels=labels, **inputs),
            infer=tf.function(lambda **given: {"logits": logits(given)}).get_concrete_function(
                **inputs
            ),
        )
    )


IDS = np.array([[3, 4, 0, 0, 0], [5, 6, 7, 8, 9], [1, 0, 2, 0, 0], [0, 0, 0, 0, 0]], np.int32)
TOLD = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [1, 0, 1, 0, 0], [1, 0, 0, 0, 0]], np.int32)


@pytest.mark.parametrize("kind", [INTS, FLOATS, tf.bool])
@pytest.mark.parametrize("mask", ["attention_mask", "mask", "input_mask"])
def test_mask_is_of_the_ids_that_are_not_0(mask, kind, tmp_path):
    model = model_of(tmp_path, mask=mask, kind=kind)
    contract, session = model.contract, model.session()
    assert contract.train[0].mask == contract.infer.mask == (mask, "input_ids")
    assert any(f"'{mask}' is 0 where 'input_ids' is 0" in note for note in contract.notes)
    assert not any("switch" in note for note in contract.notes)
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract
    wanted = session.run("infer", **{"input_ids": IDS, mask: TOLD.astype(kind.as_numpy_dtype)})
    np.testing.assert_array_equal(session.infer(IDS), wanted["logits"])
    _, feeds = session.train_feeds(IDS, np.zeros(4, int))
    np.testing.assert_array_equal(feeds[mask], TOLD)


def test_open_length_is_masked_too(tmp_path):
    model = model_of(tmp_path, length=None)
    session = model.session()
    wanted = session.run("infer", input_ids=IDS[:, :3], attention_mask=TOLD[:, :3])
    np.testing.assert_array_equal(session.infer(IDS[:, :3]), wanted["logits"])


def test_ids_may_be_one_part_of_a_sample(tmp_path):
    model = model_of(tmp_path, types=True)
    assert [one.name for one in model.contract.sample_inputs] == ["input_ids", "token_type_ids"]
    types = np.ones_like(IDS)
    session = model.session()
    wanted = session.run("infer", input_ids=IDS, token_type_ids=types, attention_mask=TOLD)
    got = session.infer(np.concatenate([IDS, types], axis=1))
    np.testing.assert_array_equal(got, wanted["logits"])


def test_mask_that_may_be_1_at_padding_is_filled_with_ones_and_told_of(tmp_path):
    model = model_of(tmp_path, mask="padding_mask")
    assert model.contract.train[0].mask == ()
    assert any("'padding_mask': it is filled with ones" in note for note in model.contract.notes)
