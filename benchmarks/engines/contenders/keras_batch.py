"""Keras as most people train with it: compile, train_on_batch, predict_on_batch."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.engines.contender import Work
from benchmarks.engines.keras_network import keras_loss, keras_network, keras_optimiser

VERSION = f"Keras {keras.__version__}, TensorFlow {tf.__version__}"


class KerasBatch:
    """A compiled Keras model."""

    def __init__(self, work: Work, threads: int) -> None:
        use_threads(threads)
        keras.backend.clear_session()
        self._model = keras_network(work.network, work.material)
        self._model.compile(optimizer=keras_optimiser(work.optimiser), loss=keras_loss())

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        # Keras returns the mean over all batches since its metrics were last reset.
        self._model.reset_metrics()
        return float(self._model.train_on_batch(x, y))

    def infer(self, x: np.ndarray) -> np.ndarray:
        return self._model.predict_on_batch(x)


def use_threads(threads: int) -> None:
    """TensorFlow takes this once in a process, before the first op."""
    if tf.config.threading.get_intra_op_parallelism_threads() != threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


CONTENDER = KerasBatch
