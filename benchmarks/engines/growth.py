"""How odt's cost grows with the work: samples, batch, parameters, sessions at once.

Each series is fitted by a straight line through its logarithms: its slope is the exponent, so 1 is
in proportion, 0 free, 2 quadratic. Work and fixed cost mix, so a slope below 1 is the rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import odt_core as odt
from benchmarks.engines.clock import Clock
from benchmarks.engines.environments import BENCH, ENTRANTS
from benchmarks.engines.making import made
from benchmarks.engines.material import write_material
from benchmarks.engines.networks import CNN, MLP, STRIDED, Network, mlp_of
from benchmarks.engines.worker import memory

SAMPLES = (10, 100, 1_000, 10_000, 100_000)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
PARAMETERS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
SESSIONS = (1, 2, 5, 10, 20, 50)


def measure_growth(seconds: float, log: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Every series: {"name", "x", "y", "points": [[x, y], …], "slope", "tail_slope"}."""
    for measure in (_sessions, _batches, _parameters, _samples):
        for one in measure(seconds):
            points = one["points"]
            one |= {"slope": slope(points), "tail_slope": slope(points[-3:])}
            log(f"  {one['name']}: slope {one['slope']:.2f}, at the end {one['tail_slope']:.2f}")
            yield one


def slope(points: list[tuple[float, float]]) -> float:
    """Exponent b of the best y = a·x^b, by least squares on logarithms."""
    x, y = (np.log([point[axis] for point in points]) for axis in (0, 1))
    return float(np.polyfit(x, y, 1)[0])


def _file(network: Network) -> Path:
    material = write_material(network, 32, BENCH / "material")
    return made(ENTRANTS[0], network, "sgd", material) / "model.tflite"


def _series(name: str, x: str, y: str, points: list[tuple[float, float]]) -> dict[str, Any]:
    return {"name": name, "x": x, "y": y, "points": points}


def _samples(seconds: float) -> list[dict[str, Any]]:
    model = odt.load_model(_file(MLP))
    rng = np.random.default_rng(5)
    most = max(SAMPLES)
    x = rng.random((most, *MLP.input_shape), np.float32)
    y = rng.integers(0, MLP.classes, most)
    labels = odt.Labels(tuple(str(k) for k in range(MLP.classes)))
    epoch, judged, divided = [], [], []
    settings = odt.Settings(epochs=1, learning_rate=None, replay=0)
    for count in SAMPLES:
        samples = odt.Samples(x[:count], y[:count], labels)
        session = model.session()
        session.train_step(x[:32], y[:32])
        epoch.append((count, _least(lambda s=samples, m=session: odt.fit(m, s, settings), count)))
        judged.append((count, _least(lambda s=samples, m=session: odt.evaluate(m, s), count)))
        divided.append((count, _least(lambda s=samples: odt.split(s, share=0.5), count)))
    return [
        _series("one epoch of fit()", "samples", "seconds", epoch),
        _series("evaluate()", "samples", "seconds", judged),
        _series("split()", "samples", "seconds", divided),
    ]


def _least(call: Callable[[], object], count: int) -> float:
    """Seconds of the fastest of a few calls."""
    times = []
    for _ in range(1 if count >= 100_000 else 3):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def _batches(seconds: float) -> list[dict[str, Any]]:
    series = []
    for network in (MLP, STRIDED, CNN):
        model = odt.load_model(_file(network))
        points = []
        for batch in BATCHES:
            points.append((batch, _step(model, network, batch, seconds)))
        series.append(_series(f"step, {network.name}", "batch", "milliseconds", points))
    return series


def _step(model: odt.Model, network: Network, batch: int, seconds: float) -> float:
    rng = np.random.default_rng(6)
    x = rng.random((batch, *network.input_shape), np.float32)
    y = np.eye(network.classes, dtype=np.float32)[rng.integers(0, network.classes, batch)]
    session = model.session()
    return Clock(seconds).time([lambda: session.train_features(x, y)]).median


def _parameters(seconds: float) -> list[dict[str, Any]]:
    steps, loads, states = [], [], []
    for count in PARAMETERS:
        network = mlp_of(count)
        path, size = _file(network), network.parameters
        began = time.perf_counter()
        model = odt.load_model(path)
        session = model.session()
        loads.append((size, time.perf_counter() - began))
        steps.append((size, _step(model, network, 32, seconds)))
        states.append((size, Clock(seconds).time([session.state]).median))
    return [
        _series("step, batch 32", "parameters", "milliseconds", steps),
        _series("reading all variables", "parameters", "milliseconds", states),
        _series("load_model() and session()", "parameters", "seconds", loads),
    ]


def _sessions(seconds: float) -> list[dict[str, Any]]:
    """The bundled digits model, one process: memory of so many sessions, a step of each in turn."""
    model = odt.load_model(odt.bundled_models()[0])
    shape = model.contract.input_shape
    x, y = np.zeros((32, *shape), np.float32), np.arange(32) % 10
    before, sessions, held, steps = memory()["pss_mb"], [], [], []
    for count in SESSIONS:
        while len(sessions) < count:
            sessions.append(model.session())
            sessions[-1].train_step(x, y)
        held.append((count, max(memory()["pss_mb"] - before, 0.1)))
        calls = [lambda s=session: s.train_step(x, y) for session in sessions]
        steps.append((count, Clock(max(seconds, count * 0.01)).time(calls).median))
    return [
        _series("memory of all sessions", "interpreters", "megabytes", held),
        _series("a step of one of them", "interpreters", "milliseconds", steps),
    ]
