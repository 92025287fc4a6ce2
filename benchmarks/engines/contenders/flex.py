"""What there was before odt: the same step with Flex ops, in TensorFlow 2.18.1's interpreter."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.engines.contender import Work
from benchmarks.engines.networks import Network

VERSION = f"Flex, TensorFlow {tf.__version__}"


class Flex:
    """The trainable .tflite with Flex ops, its inputs sized once."""

    def __init__(self, work: Work, threads: int) -> None:
        self._interpreter = tf.lite.Interpreter(
            model_path=os.fspath(work.made / "model.tflite"), num_threads=threads
        )
        self._train = self._interpreter.get_signature_runner("train")
        self._infer = self._interpreter.get_signature_runner("infer")

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        return float(self._train(x=x, y=y)["loss"])

    def infer(self, x: np.ndarray) -> np.ndarray:
        return self._infer(x=x)["logits"]


def make(network: Network, optimiser: str, material: Path, folder: Path) -> None:
    """The .tflite as TensorFlow's tutorial on on-device training converts it."""
    from benchmarks.engines.tf_network import TfNetwork

    program = TfNetwork(network, optimiser, material)
    x = tf.TensorSpec((None, *network.input_shape), tf.float32, name="x")
    y = tf.TensorSpec((None, network.classes), tf.float32, name="y")
    signatures = {
        "train": tf.function(lambda x, y: {"loss": program.step(x, y)}).get_concrete_function(x, y),
        "infer": tf.function(lambda x: {"logits": program.logits(x)}).get_concrete_function(x),
    }
    with tempfile.TemporaryDirectory() as directory:
        tf.saved_model.save(program, directory, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(directory)
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS,
            tf.lite.OpsSet.SELECT_TF_OPS,
        ]
        converter.experimental_enable_resource_variables = True
        (folder / "model.tflite").write_bytes(converter.convert())


CONTENDER = Flex
