"""The models whose train step is timed: eight that odt_core authors, one of words that Keras 2 made
(tests/oracle), and the bundled ones.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from benchmarks.engines.networks import CNN, HEAD, MLP, STRIDED

_ROOT = Path(__file__).parents[2]
_BUNDLED = _ROOT / "assets" / "models"
_WORDS = _ROOT / "tests" / "oracle" / "models" / "text_lstm_unrolled_keras2.tflite.gz"


def model_files() -> dict[str, bytes]:
    """Name -> a trainable .tflite; those of Keras with the Flex ops their converter left."""
    import keras

    from benchmarks.engines.keras_network import fresh_network
    from odt_core.authoring import to_trainable_tflite

    keras.utils.set_random_seed(0)
    made = {
        network.name: to_trainable_tflite(fresh_network(network), learning_rate=0.01, lowered=False)
        for network in (MLP, STRIDED, CNN, HEAD)
    }
    made["adam"] = to_trainable_tflite(fresh_network(MLP), optimizer="adam", lowered=False)
    layers, squares = keras.layers, keras.losses.MeanSquaredError()
    for name, network in {
        "value": [keras.Input((1280,)), layers.Dense(1)],
        "channel": [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.Conv2D(1, 3, padding="same"),
        ],
        "normalised": [
            keras.Input((32, 32, 3)),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ],
    }.items():
        model = keras.Sequential(network)
        made[name] = to_trainable_tflite(model, loss=squares, learning_rate=0.01, lowered=False)
    made["words"] = gzip.decompress(_WORDS.read_bytes())
    names = ("digits", "photos")
    return made | {name: (_BUNDLED / f"{name}.tflite").read_bytes() for name in names}
