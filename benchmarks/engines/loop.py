"""What odt's own code costs around LiteRT: import, a session's memory, fit() over the bare call."""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import odt_core as odt
from benchmarks.engines.environments import BENCH, ENTRANTS, ROOT
from benchmarks.engines.frozen import measure_frozen
from benchmarks.engines.making import made
from benchmarks.engines.material import write_material
from benchmarks.engines.networks import HEAD, MLP, STRIDED, Network
from benchmarks.engines.worker import memory
from odt_core.runtime.interpreter import Interpreter

BATCH = 32
_BATCHES = 50  # different ones
_WARM = 20  # steps that are not timed
_IMPORT = """
import json, time, resource
began = time.perf_counter()
import odt_core
if {everything}:
    for name in odt_core.__all__: getattr(odt_core, name)
from benchmarks.engines.worker import memory
print(json.dumps({{"seconds": time.perf_counter() - began, **memory()}}))
"""


def measure_loop(rounds: int) -> dict[str, Any]:
    """import: of odt_core alone and with every public name. session: megabytes on top of the
    model's variables. overhead: by net, bare call, train_features and fit in ms a step. frozen:
    what measure_frozen gives.
    """
    return {
        "import": _import(everything=False, times=rounds),
        "import_everything": _import(everything=True, times=rounds),
        "session": {network.name: _session(network) for network in (MLP, STRIDED)},
        "overhead": {network.name: _overhead(network, rounds) for network in (HEAD, MLP, STRIDED)},
        "frozen": measure_frozen(rounds),
    }


def _import(*, everything: bool, times: int) -> dict[str, float]:
    runs = []
    for _ in range(times):
        run = subprocess.run(
            [sys.executable, "-c", _IMPORT.format(everything=everything)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        runs.append(json.loads(run.stdout))
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def _file(network: Network) -> Path:
    material = write_material(network, BATCH, BENCH / "material")
    return made(ENTRANTS[0], network, "sgd", material) / "model.tflite"


def _batch(network: Network) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.random((BATCH, *network.input_shape), np.float32)
    return x, rng.integers(0, network.classes, BATCH)


def _session(network: Network) -> dict[str, float]:
    """Of the 2nd to the 11th session in one process, each after a step and an answer."""
    model = odt.load_model(_file(network))
    x, y = _batch(network)
    sessions, before = [], 0.0
    for index in range(11):
        session = model.session()
        session.train_step(x, y)
        session.infer(x)
        sessions.append(session)
        if index == 0:
            before = memory()["pss_mb"]
    a_session = (memory()["pss_mb"] - before) / 10
    variables = sum(array.nbytes for array in sessions[0].state().values()) / 2**20
    return {"mb": a_session, "variables_mb": variables, "file_mb": len(model.data) / 2**20}


def _overhead(network: Network, rounds: int) -> dict[str, float]:
    """Milliseconds a step: the signature alone with arrays that fit, a session's train_features on
    one-hot labels, and fit() from its 21st step to the last. All go through the same samples, the
    first two in batches that lie ready. They take short turns, each between two of the bare call,
    and each is the median over the turns; the ratio is the median of those of each turn.
    """
    model = odt.load_model(_file(network))
    rng = np.random.default_rng(4)
    count = _BATCHES * BATCH
    names = tuple(str(k) for k in range(network.classes))
    samples = odt.Samples(
        rng.random((count, *network.input_shape), np.float32),
        rng.integers(0, network.classes, count),
        odt.Labels(names),
    )
    hot = np.eye(network.classes, dtype=np.float32)[samples.y]
    cuts = [slice(at, at + BATCH) for at in range(0, count, BATCH)]
    batches = itertools.cycle([(samples.x[cut], hot[cut]) for cut in cuts])
    bare, stepping = Interpreter(model.data).signature("train"), model.session()

    def call() -> None:
        x, y = next(batches)
        bare.invoke({"x": x, "y": y})
        float(bare.output("loss"))

    settings = odt.Settings(
        epochs=8, batch_size=BATCH, learning_rate=None, replay=0, measure_every=0
    )

    def fit() -> float:
        records = odt.fit(model.session(), samples, settings).records
        return (records[-1].seconds - records[_WARM - 1].seconds) / (len(records) - _WARM) * 1000

    turns: dict[str, Callable[[], float]] = {
        "train_features": lambda: _steps(lambda: stepping.train_features(*next(batches)), 400),
        "fit": fit,
    }
    found: dict[str, list[float]] = {"bare": [_steps(call, 400)], **{name: [] for name in turns}}
    ratios: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(2 * max(rounds, 3)):
        for name, turn in turns.items():
            found[name].append(turn())
            found["bare"].append(_steps(call, 400))
            ratios[name].append(found[name][-1] / statistics.mean(found["bare"][-2:]))
    result = {name: statistics.median(times) for name, times in found.items()}
    return result | {f"{name}_over_bare": statistics.median(ratios[name]) - 1 for name in turns}


def _steps(call: Callable[[], object], count: int) -> float:
    for _ in range(_WARM):
        call()
    began = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - began) / count * 1000
