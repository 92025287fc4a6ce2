"""Trains a Keras model on LiteRT and in eager Keras: same weights, batches and optimiser."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

BATCH_SIZES = (8, 5, 1, 8, 3)  # a train step of any size follows any other


def classification_batches(
    shape: Sequence[int], classes: int, steps: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Learnable noise: x float32 [N, *shape], y one-hot float32 [N, classes]."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(classes, *shape)).astype(np.float32)
    batches = []
    for step in range(steps):
        label = rng.integers(0, classes, BATCH_SIZES[step % len(BATCH_SIZES)])
        noise = rng.normal(size=(len(label), *shape)).astype(np.float32)
        batches.append((centres[label] + noise, np.eye(classes, dtype=np.float32)[label]))
    return batches


class LiteRT:
    """The converted model in a fresh interpreter."""

    def __init__(self, data: bytes) -> None:
        self.interpreter = Interpreter(model_content=data, num_threads=1)

    def run(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of a signature."""
        return self.interpreter.get_signature_runner(signature)(**inputs)

    def train(self, batches: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[float]:
        """The loss of every step."""
        runner = self.interpreter.get_signature_runner("train")
        return [float(runner(x=x, y=y)["loss"]) for x, y in batches]

    def parameters(self) -> list[np.ndarray]:
        """a0, a1, … in order."""
        found = self.run("parameters")
        return [found[f"a{i}"] for i in range(len(found))]


def train_eagerly(
    model: keras.Model, batches: Sequence[tuple[np.ndarray, np.ndarray]]
) -> list[float]:
    """The loss of every step, by Keras' own loss and optimiser, run eagerly."""
    losses = []
    for x, y in batches:
        with tf.GradientTape() as tape:
            output = model(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=output)
        weights = model.trainable_variables
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        model.optimizer.apply(gradients, weights)
        losses.append(float(loss))
    return losses


def worst_error(actual: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """The largest difference, relative to the largest magnitude of its array."""
    pairs = [(np.asarray(a), np.asarray(e)) for a, e in zip(actual, expected, strict=True)]
    for a, e in pairs:
        assert a.shape == e.shape
    return max(float(np.abs(a - e).max() / max(np.abs(e).max(), 1e-3)) for a, e in pairs)
