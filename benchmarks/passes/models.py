"""The models whose train step is timed: four that odt_core authors, and the bundled ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_BUNDLED = Path(__file__).parents[2] / "assets" / "models"


def model_files() -> dict[str, bytes]:
    """Name -> a trainable .tflite; those of Keras with the Flex ops their converter left."""
    import keras

    from odt_core.authoring import to_trainable_tflite

    keras.utils.set_random_seed(0)
    made = {
        name: to_trainable_tflite(keras.Sequential(layers), learning_rate=0.01, lowered=False)
        for name, layers in _networks(keras).items()
    }
    names = ("digits", "photos")
    return made | {name: (_BUNDLED / f"{name}.tflite").read_bytes() for name in names}


def _networks(keras: Any) -> dict[str, list[Any]]:
    """The nets of the engines' benchmark: mlp, strided, cnn with pools, head on 1280 features."""
    layers, image = keras.layers, (28, 28, 1)

    def end() -> list[Any]:
        return [layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(10)]

    strided = {"strides": 2, "padding": "same", "activation": "relu"}
    return {
        "mlp": [keras.Input((784,)), layers.Dense(128, "relu"), layers.Dense(10)],
        "strided": [
            keras.Input(image),
            layers.Conv2D(16, 3, **strided),
            layers.Conv2D(32, 3, **strided),
            *end(),
        ],
        "cnn": [
            keras.Input(image),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            *end(),
        ],
        "head": [keras.Input((1280,)), layers.Dense(4)],
    }
