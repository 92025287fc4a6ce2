"""Builds the small models of these tests: `python tests/runtime/build_models.py`. Needs TensorFlow.

A CNN of 8×8×1 -> 4 outputs with 408 weights, once with momentum and once with Adam.
"""

from __future__ import annotations

from pathlib import Path

import keras

from odt_core.authoring import to_inference_tflite, to_trainable_tflite

HERE = Path(__file__).parent / "models"


def small_cnn() -> keras.Model:
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )


def main() -> None:
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    for name, optimizer in (
        ("tiny_momentum", keras.optimizers.SGD(0.05, momentum=0.9)),
        ("tiny_adam", keras.optimizers.Adam(0.01)),
    ):
        data = to_trainable_tflite(small_cnn(), loss=loss, optimizer=optimizer)
        (HERE / f"{name}.tflite").write_bytes(data)
    (HERE / "tiny_inference.tflite").write_bytes(to_inference_tflite(small_cnn()))


if __name__ == "__main__":
    main()
