"""A net in a process of its own, by odt or TensorFlow.

python -m benchmarks.layers.worker odt|tf_function THREADS
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines.clock import Clock
from benchmarks.engines.worker import serve

Step = Callable[[np.ndarray, np.ndarray], float]
_CHECKED = 5  # steps whose losses are compared


def odt_step(folder: Path, threads: int) -> Step:
    """The .tflite's own train signature."""
    import odt_core

    session = odt_core.load_model(folder / "model.tflite").session(threads=threads)
    return lambda x, y: float(np.ravel(session.train_step(x, y))[0])


def tensorflow_step(folder: Path, threads: int) -> Step:
    """The step of Keras' own custom training loops, as one tf.function."""
    import keras
    import tensorflow as tf

    from benchmarks.engines.contenders.keras_batch import use_threads

    use_threads(threads)
    model = keras.models.load_model(folder / "model.keras")
    weights = model.trainable_variables
    model.optimizer.build(weights)

    @tf.function
    def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = model.loss(y, model(x, training=True))
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        model.optimizer.apply(gradients, weights)
        return loss

    return lambda x, y: float(step(x, y))


_STEPS = {"odt": odt_step, "tf_function": tensorflow_step}


class LayersWorker:
    """Trains the net that was opened last, on one batch."""

    def __init__(self, engine: str, threads: int) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self._engine, self._threads = engine, threads
        self.hello = {"engine": engine}
        self._call: Callable[[], float] = float

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Loads the net in a folder, and takes a few steps: their losses."""
        folder = Path(request["folder"])
        step, batch = _STEPS[self._engine](folder, self._threads), np.load(folder / "batch.npz")
        x, y = batch["x"], batch["y"]
        self._call = lambda: step(x, y)
        return {"losses": [self._call() for _ in range(_CHECKED)]}

    def train(self, request: dict[str, Any]) -> dict[str, Any]:
        """Milliseconds of a step."""
        return Clock(request["seconds"]).time([self._call]).to_json()


if __name__ == "__main__":
    serve(lambda: LayersWorker(sys.argv[1], int(sys.argv[2])))
