"""Samples that a network only tells from made ones, as against targets that it learns."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("at_once", [False, True])
def test_samples_that_a_network_tells_from_made_ones_are_no_labels(at_once, tmp_path):
    """A generative adversarial network: nothing compares the two. at_once: they go through it as
    one batch.
    """
    m = tf.Module()
    m.g = tf.Variable(DRAW.normal(size=(4, 8)), dtype=FLOATS)
    m.d = tf.Variable(DRAW.normal(size=(8, 1)), dtype=FLOATS)
    noise, real = tf.TensorSpec([None, 4], FLOATS), tf.TensorSpec([None, 8], FLOATS)

    def made(noise):
        return tf.tanh(noise @ m.g)

    @tf.function(input_signature=[noise, real])
    def train(noise, real):
        cross = tf.nn.sigmoid_cross_entropy_with_logits
        with tf.GradientTape() as of_d, tf.GradientTape() as of_g:
            if at_once:
                true, fake = tf.split(tf.concat([real, made(noise)], 0) @ m.d, 2)
            else:
                true, fake = real @ m.d, made(noise) @ m.d
            d_loss = tf.reduce_mean(
                cross(tf.ones_like(true), true) + cross(tf.zeros_like(fake), fake)
            )
            g_loss = tf.reduce_mean(cross(tf.ones_like(fake), fake))
        m.d.assign_sub(0.1 * of_d.gradient(d_loss, m.d))
        m.g.assign_sub(0.1 * of_g.gradient(g_loss, m.g))
        return {"d_loss": d_loss, "g_loss": g_loss}

    @tf.function(input_signature=[noise])
    def generate(noise):
        return {"fake": made(noise)}

    contract = odt.load_model(file_of(m, tmp_path, train=train, generate=generate)).contract
    assert not contract.trainable
    assert "'noise', 'real'" in contract.notes[0]
    assert "real samples beside made ones" in contract.notes[0]


def test_target_that_meets_weights_and_answers_is_learnt(tmp_path):
    """As where a decoder is shown the step before the one that it shall give."""
    m = tf.Module()
    m.a = tf.Variable(DRAW.normal(size=(6, 8)), dtype=FLOATS)
    m.b = tf.Variable(DRAW.normal(size=(8, 8)), dtype=FLOATS)
    past, following = tf.TensorSpec([None, 6], FLOATS), tf.TensorSpec([None, 8], FLOATS)

    @tf.function(input_signature=[past, following])
    def train(past, following):
        with tf.GradientTape() as tape:
            answer = past @ m.a + tf.roll(following, 1, -1) @ m.b
            loss = tf.reduce_mean(tf.square(answer - following))
        weights = [m.a, m.b]
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.01 * gradient)
        return {"loss": loss}

    @tf.function(input_signature=[past])
    def infer(past):
        return {"output": past @ m.a}

    contract = odt.load_model(file_of(m, tmp_path, train=train, infer=infer)).contract
    assert contract.trainable
    assert contract.train[0].labels == "following"
