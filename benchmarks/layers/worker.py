"""One engine in a process of its own: python -m benchmarks.layers.worker ENGINE FOLDER THREADS.

Reads lines from its input: `net NAME` loads the net and its batch and answers with the losses of
five steps, `turn SECONDS` trains for so long and answers with the median of a step in milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Step = Callable[[], float]
_CHECKED = 5  # steps whose losses are compared


def odt_step(folder: Path, threads: int, x: np.ndarray, y: np.ndarray) -> Step:
    import odt_core

    session = odt_core.load_model(folder / "model.tflite").session(threads=threads)
    return lambda: float(np.ravel(session.train_step(x, y))[0])


def tensorflow_step(folder: Path, threads: int, x: np.ndarray, y: np.ndarray) -> Step:
    """The step of Keras' own custom training loops, as one tf.function."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() != threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
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

    return lambda: float(step(x, y))


ENGINES = {"odt": odt_step, "tf.function": tensorflow_step}


def main() -> None:
    engine, root, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    step: Step = float
    for line in sys.stdin:
        order, _, value = line.strip().partition(" ")
        if order == "net":
            batch = np.load(root / value / "batch.npz")
            step = ENGINES[engine](root / value, threads, batch["x"], batch["y"])
            answer: object = [step() for _ in range(_CHECKED)]
        else:
            answer = _turn(step, float(value))
        print(json.dumps(answer), flush=True)


def _turn(step: Step, seconds: float) -> float:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times[len(times) // 5 :]))


if __name__ == "__main__":
    main()
