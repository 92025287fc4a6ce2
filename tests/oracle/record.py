"""Writes the zoo's models and records what real Flex does with every model of the corpus.

Runs in the oracle's environment; see README.md. Usage: record.py [NAME…], default everything.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import gzip
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from corpus import CORPUS, CORPUS_MODELS
from drill import Drill
from zoo import ZOO

from odt_core.checkpoint.tensorflow import write_tf_checkpoint

HERE = Path(__file__).parent
MODELS, RECORDINGS = HERE / "models", HERE / "recordings"
RUNS = 40  # of a model whose random numbers no seed fixes


class Flex:
    """The original .tflite in TensorFlow's own interpreter, Flex ops and all."""

    def __init__(self, data: bytes) -> None:
        self.interpreter = tf.lite.Interpreter(model_content=data, num_threads=1)

    def __call__(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = self.interpreter.get_signature_runner(signature)(**inputs)
        return {name: np.array(value) for name, value in found.items()}

    def checkpoint(self, signature: str | None, drill: Drill, path: str) -> None:
        """Runs `save` or `restore` on a file."""
        assert signature is not None
        wanted = self.interpreter.get_signature_runner(signature).get_input_details()[drill.path]
        self(signature, {drill.path: np.full(wanted["shape"], path.encode())})


def record(name: str, data: bytes, drill: Drill) -> None:
    """Runs the drill and writes the recording: NAME.json, and weights where the model gives any."""
    for old in RECORDINGS.glob(f"{name}.*"):
        old.unlink()
    document: dict[str, Any] = {"drill": drill.to_json()}
    if drill.random:
        document |= _record_means(data, drill)
    else:
        document |= _record_run(name, data, drill)
    path = RECORDINGS / f"{name}.json"
    path.write_text(json.dumps(document, indent=None, separators=(",", ":")) + "\n")


def _record_run(name: str, data: bytes, drill: Drill) -> dict[str, Any]:
    flex = Flex(data)
    _start(flex, drill)
    try:
        losses = drill.losses(flex)
    except RuntimeError as error:
        outputs = drill.outputs(flex)
        return {"refused": str(error), "outputs": [_listed(array) for array in outputs]}
    outputs = drill.outputs(flex)
    found: dict[str, Any] = {"losses": losses, "outputs": [_listed(array) for array in outputs]}
    if drill.read:
        np.savez_compressed(RECORDINGS / f"{name}.npz", **drill.weights(flex))
    if drill.save:
        found |= _record_checkpoint(name, data, drill, flex, outputs)
    return found


def _start(flex: Flex, drill: Drill) -> None:
    drill.prepare(flex)
    if drill.start and drill.restore:
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/start"
            tensors = drill.starting_values()
            tf.raw_ops.Save(filename=path, tensor_names=list(tensors), data=list(tensors.values()))
            flex.checkpoint(drill.restore, drill, path)


def _record_checkpoint(
    name: str, data: bytes, drill: Drill, flex: Flex, outputs: list[np.ndarray]
) -> dict[str, Any]:
    """What `save` writes, and proof that `restore` reads that and a file that odt writes."""
    path = RECORDINGS / f"{name}.ckpt"
    flex.checkpoint(drill.save, drill, str(path))
    reader = tf.train.load_checkpoint(str(path))
    tensors = {key: reader.get_tensor(key) for key in sorted(reader.get_variable_to_shape_map())}
    version = 1 if path.is_file() else 2
    found: dict[str, Any] = {
        "tensors": {
            key: {"dtype": str(value.dtype), "shape": value.shape, "sha256": digest(value)}
            for key, value in tensors.items()
        }
    }
    if not drill.restore:
        return found
    _check_restored(name, data, drill, str(path), outputs)
    with tempfile.TemporaryDirectory() as directory:
        own = Path(directory) / "own"
        files = write_tf_checkpoint(own, tensors, version)
        _check_restored(name, data, drill, str(own), outputs)
        found["odt"] = {
            file.name.removeprefix("own"): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in files
        }
    return found | {"version": version}


def _check_restored(
    name: str, data: bytes, drill: Drill, path: str, outputs: list[np.ndarray]
) -> None:
    other = Flex(data)
    other.checkpoint(drill.restore, drill, path)
    for given, expected in zip(drill.outputs(other), outputs, strict=True):
        if not np.array_equal(given, expected):
            raise SystemExit(f"{name}: what the original restored from {path} predicts otherwise.")


def _record_means(data: bytes, drill: Drill) -> dict[str, Any]:
    """Mean and standard deviation over many runs, for every step."""
    runs = []
    for _ in range(RUNS):
        flex = Flex(data)
        drill.prepare(flex)
        runs.append(drill.losses(flex))
    losses = np.array(runs)
    return {
        "runs": RUNS,
        "mean": losses.mean(axis=0).tolist(),
        "deviation": losses.std(axis=0, ddof=1).tolist(),
    }


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's bytes."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _listed(array: np.ndarray) -> dict[str, Any]:
    return {"shape": array.shape, "values": [float(f"{v:.9g}") for v in array.ravel().tolist()]}


def main(names: list[str]) -> None:
    """Writes and records the models of these names, or all."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    MODELS.mkdir(exist_ok=True)
    RECORDINGS.mkdir(exist_ok=True)
    unknown = set(names) - set(ZOO) - set(CORPUS)
    if unknown:
        raise SystemExit(f"There is no model {', '.join(sorted(unknown))}.")
    for name, drill in CORPUS.items():
        if not names or name in names:
            record(name, (CORPUS_MODELS / f"{name}.tflite").read_bytes(), drill)
            print(name, flush=True)
    for name, exhibit in ZOO.items():
        if not names or name in names:
            for library in (keras, tf_keras):
                library.backend.clear_session()
                library.utils.set_random_seed(1)
            data = exhibit.author()
            packed = gzip.compress(data, 9, mtime=0)
            (MODELS / f"{name}.tflite.gz").write_bytes(packed)
            record(name, data, exhibit.drill)
            print(name, flush=True)
    if not names:
        _remove_strangers()


def _remove_strangers() -> None:
    """Files of models that are in the zoo no more."""
    known = set(ZOO) | set(CORPUS)
    for path in [*MODELS.iterdir(), *RECORDINGS.iterdir()]:
        if path.name.split(".")[0] not in known:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
