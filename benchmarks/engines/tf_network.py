"""A network of the race on plain tf.Variables, for tf.function and for Flex."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from benchmarks.engines.contender import BETA_1, BETA_2, EPSILON, RATES
from benchmarks.engines.material import read_weights
from benchmarks.engines.networks import Conv, MaxPool, Network


class TfNetwork(tf.Module):
    """Weights, the optimiser's state, a step and an answer; variables are the module's own."""

    def __init__(self, network: Network, optimiser: str, material: Path) -> None:
        super().__init__(name="network")
        self._network, self._rate = network, RATES[optimiser]
        self.w = [
            tf.Variable(value, name=f"w{i}")
            for i, value in enumerate(read_weights(material, network))
        ]
        self._learning = [w for w, yes in zip(self.w, network.trained, strict=True) if yes]
        self._adam = optimiser == "adam"
        if self._adam:
            self.m = [tf.Variable(tf.zeros_like(w), name=f"m{i}") for i, w in self._numbered()]
            self.v = [tf.Variable(tf.zeros_like(w), name=f"v{i}") for i, w in self._numbered()]
            self.t = tf.Variable(0.0, name="t")

    def _numbered(self) -> Any:
        return enumerate(self._learning)

    def logits(self, x: Any) -> Any:
        """[N, *input_shape] -> [N, K]"""
        weights = iter(self.w)
        for layer in self._network.layers:
            if isinstance(layer, MaxPool):
                x = tf.nn.max_pool2d(x, layer.size, layer.size, "VALID")
                continue
            w, b = next(weights), next(weights)
            if isinstance(layer, Conv):
                x = tf.nn.conv2d(x, w, layer.stride, layer.padding.upper())
                x = tf.nn.relu(tf.nn.bias_add(x, b))
                continue
            x = tf.matmul(tf.reshape(x, [-1, w.shape[0]]), w) + b
            if layer.relu:
                x = tf.nn.relu(x)
        return x

    def step(self, x: Any, y: Any) -> Any:
        """One step on a batch; its mean cross-entropy before."""
        with tf.GradientTape() as tape:
            losses = tf.nn.softmax_cross_entropy_with_logits(y, self.logits(x))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, self._learning)
        if self._adam:
            self._apply_adam(gradients)
        else:
            for w, g in zip(self._learning, gradients, strict=True):
                w.assign_sub(self._rate * g)
        return loss

    def _apply_adam(self, gradients: list[Any]) -> None:
        t = self.t.assign_add(1.0)
        rate = self._rate * tf.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
        for w, m, v, g in zip(self._learning, self.m, self.v, gradients, strict=True):
            m_new = m.assign_add((g - m) * (1 - BETA_1))
            v_new = v.assign_add((tf.square(g) - v) * (1 - BETA_2))
            w.assign_sub(rate * m_new / (tf.sqrt(v_new) + EPSILON))
