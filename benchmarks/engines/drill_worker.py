"""A trainable .tflite of others in a process of its own: by odt, or by real Flex.

python -m benchmarks.engines.drill_worker odt|flex THREADS
"""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines.clock import Clock
from benchmarks.engines.worker import serve
from tests.oracle.drill import Call, Drill

Arrays = Mapping[str, np.ndarray]
Run = Callable[[str, dict[str, np.ndarray]], Arrays]
TURNS = 4  # different batches that are trained on in turn


def odt_runner(data: bytes, drill: Drill, threads: int) -> Run:
    """The lowered model in a session, ready for its first step."""
    import odt_core
    from odt_core.checkpoint.tensorflow import write_tf_checkpoint

    session = odt_core.load_model(data).session(threads=threads)
    if drill.start:
        with tempfile.TemporaryDirectory() as directory:
            write_tf_checkpoint(Path(directory) / "start", drill.starting_values())
            session.load_tf_checkpoint(Path(directory) / "start")
    return lambda signature, inputs: session.run(signature, **inputs)


def flex_runner(data: bytes, drill: Drill, threads: int) -> Run:
    """The original file in TensorFlow's interpreter, ready for its first step."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_content=data, num_threads=threads)
    runners: dict[str, Any] = {}

    def run(signature: str, inputs: dict[str, np.ndarray]) -> Arrays:
        if signature not in runners:
            runners[signature] = interpreter.get_signature_runner(signature)
        found: Arrays = runners[signature](**inputs)
        return found

    if drill.start and drill.restore:
        wanted = interpreter.get_signature_runner(drill.restore).get_input_details()[drill.path]
        with tempfile.TemporaryDirectory() as directory:
            path, tensors = f"{directory}/start", drill.starting_values()
            tf.raw_ops.Save(filename=path, tensor_names=list(tensors), data=list(tensors.values()))
            run(drill.restore, {drill.path: np.full(wanted["shape"], path.encode())})
    return run


_RUNNERS = {"odt": odt_runner, "flex": flex_runner}


class DrillWorker:
    """Answers one request at a time, about the model that was opened last."""

    def __init__(self, engine: str, threads: int) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self._engine, self._threads = engine, threads
        self.hello = {"engine": engine}
        self._train: list[Callable[[], object]] = []
        self._infer: list[Callable[[], object]] = []

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Loads a model, and takes the drill's steps: their losses.

        request: "model", a path; "drill"; "batch", samples a step, or null for the drill's own.
        """
        path, drill = Path(request["model"]), Drill.from_json(request["drill"])
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        began = time.perf_counter()
        run = _RUNNERS[self._engine](data, drill, self._threads)
        load = time.perf_counter() - began
        drill.prepare(run)
        losses = drill.losses(run)
        self._train = _calls(drill, run, max(drill.train, key=lambda c: c.batch), request["batch"])
        self._infer = _calls(drill, run, drill.infer[0], request["batch"]) if drill.infer else []
        for call in (*self._train, *self._infer):
            call()
        return {"load_s": load, "losses": losses, "answers": bool(self._infer)}

    def train(self, request: dict[str, Any]) -> dict[str, Any]:
        """Milliseconds of a step."""
        return Clock(request["seconds"]).time(self._train).to_json()

    def infer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Milliseconds of an answer."""
        return Clock(request["seconds"]).time(self._infer).to_json()


def _calls(drill: Drill, run: Run, call: Call, batch: int | None) -> list[Callable[[], object]]:
    """The call on a few batches that are ready in memory."""
    if batch is not None and all(feed.what != "counting" for feed in call.inputs.values()):
        call = Call(call.signature, call.inputs, call.output, batch)
    feeds = [drill.inputs(run, call, 9000 + turn) for turn in range(TURNS)]
    return [lambda inputs=inputs: run(call.signature, inputs) for inputs in feeds]


def main() -> None:
    serve(lambda: DrillWorker(sys.argv[1], int(sys.argv[2])))


if __name__ == "__main__":
    main()
