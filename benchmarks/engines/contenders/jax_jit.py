"""JAX: one jitted step over weights and the optimiser's state, whose buffers it reuses."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.engines.contender import BETA_1, BETA_2, EPSILON, Work
from benchmarks.engines.material import read_weights
from benchmarks.engines.networks import Conv, MaxPool, Network

VERSION = f"JAX {jax.__version__}"


class JaxJit:
    """Functions of one network, compiled at their first call."""

    def __init__(self, work: Work, threads: int) -> None:
        network, adam, rate = work.network, work.optimiser == "adam", work.rate
        weights = [jnp.asarray(value) for value in read_weights(work.material, network)]
        self._frozen = [w for w, y in zip(weights, network.trained, strict=True) if not y]
        learning = [w for w, y in zip(weights, network.trained, strict=True) if y]
        slots = [jnp.zeros_like(w) for w in learning] if adam else []
        self._state = (learning, slots, [jnp.zeros_like(m) for m in slots], jnp.zeros(()))

        def merged(learning: list[Any], frozen: list[Any]) -> list[Any]:
            own, other = iter(learning), iter(frozen)
            return [next(own) if yes else next(other) for yes in network.trained]

        def loss_of(learning: list[Any], frozen: list[Any], x: Any, y: Any) -> Any:
            logits = _logits(network, merged(learning, frozen), x)
            return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * y, 1))

        def step(state: Any, frozen: list[Any], x: Any, y: Any) -> Any:
            w, m, v, t = state
            loss, g = jax.value_and_grad(loss_of)(w, frozen, x, y)
            if not adam:
                return loss, ([a - rate * b for a, b in zip(w, g, strict=True)], m, v, t)
            t = t + 1
            m = [a + (b - a) * (1 - BETA_1) for a, b in zip(m, g, strict=True)]
            v = [a + (b * b - a) * (1 - BETA_2) for a, b in zip(v, g, strict=True)]
            scale = rate * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
            w = [a - scale * b / (jnp.sqrt(c) + EPSILON) for a, b, c in zip(w, m, v, strict=True)]
            return loss, (w, m, v, t)

        self._step = jax.jit(step, donate_argnums=0)
        self._answer = jax.jit(
            lambda learning, frozen, x: _logits(network, merged(learning, frozen), x)
        )

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        loss, self._state = self._step(self._state, self._frozen, x, y)
        return float(loss)

    def infer(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self._answer(self._state[0], self._frozen, x))


def _logits(network: Network, weights: list[Any], x: Any) -> Any:
    """[N, *input_shape] -> [N, K]"""
    left = iter(weights)
    for layer in network.layers:
        if isinstance(layer, MaxPool):
            window = (1, layer.size, layer.size, 1)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
            continue
        w, b = next(left), next(left)
        if isinstance(layer, Conv):
            x = jax.lax.conv_general_dilated(
                x,
                w,
                (layer.stride,) * 2,
                layer.padding.upper(),
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            x = jax.nn.relu(x + b)
            continue
        x = x.reshape(x.shape[0], -1) @ w + b
        x = jax.nn.relu(x) if layer.relu else x
    return x


CONTENDER = JaxJit
