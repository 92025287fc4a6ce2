"""fit() with frozen layers run once for each sample, and with all layers in each step."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import odt_core as odt
from benchmarks.engines.environments import BENCH, ENTRANTS
from benchmarks.engines.making import made
from benchmarks.engines.material import write_material
from benchmarks.engines.networks import DIGITS
from odt_core.bundled import bundled_models
from odt_core.runtime.model import Model

BATCH, COUNT, EPOCHS = 32, 96, 10


def measure_frozen(rounds: int) -> dict[str, Any]:
    """By model, medians over `rounds` of short turns: whole_ms, once_ms: a run of `fit` on COUNT
    samples of random numbers that no session has seen, divided by its steps; so the second one
    includes the features. difference: of the weights afterwards, at most.
    """
    return {name: _compare(model, rounds) for name, model in _models()}


def _models() -> Iterator[tuple[str, Model]]:
    material = write_material(DIGITS, BATCH, BENCH / "material")
    network = made(ENTRANTS[0], DIGITS, "sgd", material) / "model.tflite"
    yield "digits network", odt.load_model(network)
    yield "bundled digits model, judged on its base test set", odt.load_model(bundled_models()[0])
    yield "MobileNetV2 0.35, 96×96, new head", odt.load_model(_mobile_net())


def _mobile_net() -> bytes:
    import keras

    from odt_core.authoring import to_trainable_tflite

    keras.utils.set_random_seed(0)
    base = keras.applications.MobileNetV2(
        (96, 96, 3), alpha=0.35, weights=None, include_top=False, pooling="avg"
    )
    base.trainable = False
    x = keras.layers.Input((96, 96, 3))
    model = keras.Model(x, keras.layers.Dense(4)(base(x, training=False)))
    return to_trainable_tflite(
        model,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.SGD(0.01),
    )


def _compare(model: Model, rounds: int) -> dict[str, float]:
    times: dict[bool, list[float]] = {True: [], False: []}
    difference = 0.0
    for turn in range(rounds):
        samples = _samples(model, turn)
        states = []
        for whole in times:
            seconds, state = _run(model, samples, whole=whole)
            times[whole].append(1000 * seconds / (EPOCHS * COUNT // BATCH))
            states.append(state)
        one, other = states
        difference = max([difference, *(float(np.abs(one[k] - other[k]).max()) for k in one)])
    return {
        "whole_ms": statistics.median(times[True]),
        "once_ms": statistics.median(times[False]),
        "difference": difference,
        "features": model.features_of_a_sample or 0,
    }


def _samples(model: Model, seed: int) -> odt.Samples:
    rng = np.random.default_rng(seed)
    x = rng.random((COUNT, *model.contract.input_shape), np.float32)
    labels = odt.Labels.numbered(model.contract.outputs or 1)
    return odt.Samples(x, np.arange(COUNT) % len(labels.names), labels)


def _run(model: Model, samples: odt.Samples, *, whole: bool) -> tuple[float, dict[str, np.ndarray]]:
    session = model.session(threads=1, whole=whole)
    settings = odt.Settings(
        epochs=EPOCHS, batch_size=BATCH, learning_rate=0.01, replay=0, augment=0, measure_every=0
    )
    session.train_features(samples.x[:BATCH], samples.y[:BATCH])  # plans its memory
    session.reset()
    began = time.perf_counter()
    odt.fit(session, samples, settings)
    return time.perf_counter() - began, session.state()
