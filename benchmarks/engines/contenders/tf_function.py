"""TensorFlow: one tf.function for the step, with plain variables and hand-written updates."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from benchmarks.engines.contender import Work
from benchmarks.engines.tf_network import TfNetwork

VERSION = f"TensorFlow {tf.__version__}"


class TfFunction:
    """A network of tf.Variables, its step and its answer each compiled to one graph."""

    def __init__(self, work: Work, threads: int) -> None:
        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        program = TfNetwork(work.network, work.optimiser, work.material)
        self._step = program.step
        self._logits = program.logits
        # The shapes are fixed, as in the race: the concrete functions skip matching them anew.
        x = tf.TensorSpec((work.batch, *work.network.input_shape), tf.float32)
        y = tf.TensorSpec((work.batch, work.network.classes), tf.float32)
        self._step = tf.function(program.step).get_concrete_function(x, y)
        self._logits = tf.function(program.logits).get_concrete_function(x)
        self._program = program

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        return float(self._step(tf.constant(x), tf.constant(y)))

    def infer(self, x: np.ndarray) -> np.ndarray:
        return self._logits(tf.constant(x)).numpy()


CONTENDER = TfFunction
