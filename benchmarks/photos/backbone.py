"""EfficientNet-Lite0 in Keras, filled layer by layer with the weights of its PyTorch port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# (repeats, kernel, stride, expansion, filters) of each stage: efficientnet_lite_builder.py, Lite0.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, FEATURES, LABELS = 32, 1280, 1000
EPSILON = 1e-3  # of its batch norms


def build_backbone(weights: Mapping[str, np.ndarray], size: int) -> Any:
    """The network from pictures [N, size, size, 3] to pooled features [N, 1280].

    weights: by their names in the PyTorch package, such as "_blocks.0._bn1.bias". size: a multiple
    of 32, for which Keras' "same" padding is that of the original.
    """
    import keras

    layers = keras.layers
    used: set[str] = set()

    def take(name: str) -> np.ndarray:
        used.add(name)
        return weights[name]

    def normalised(x: Any, name: str, *, activate: bool = True) -> Any:
        norm = layers.BatchNormalization(epsilon=EPSILON, name=_plain(name))
        x = norm(x)
        norm.set_weights(
            [take(f"{name}.{part}") for part in ("weight", "bias", "running_mean", "running_var")]
        )
        return layers.ReLU(6.0)(x) if activate else x

    def convolved(x: Any, name: str, filters: int, kernel: int, stride: int = 1) -> Any:
        layer = layers.Conv2D(
            filters, kernel, stride, padding="same", use_bias=False, name=_plain(name)
        )
        x = layer(x)
        layer.set_weights([take(f"{name}.weight").transpose(2, 3, 1, 0)])  # [H, W, in, out]
        return x

    def depthwise(x: Any, name: str, kernel: int, stride: int) -> Any:
        layer = layers.DepthwiseConv2D(
            kernel, stride, padding="same", use_bias=False, name=_plain(name)
        )
        x = layer(x)
        layer.set_weights([take(f"{name}.weight").transpose(2, 3, 0, 1)])  # [H, W, channels, 1]
        return x

    picture = layers.Input((size, size, 3), name="feature")
    x = normalised(convolved(picture, "_conv_stem", STEM, 3, 2), "_bn0")
    block, filters_in = 0, STEM
    for repeats, kernel, stride, expansion, filters in STAGES:
        for repeat in range(repeats):
            name, before = f"_blocks.{block}", x
            step = stride if repeat == 0 else 1
            if expansion != 1:
                x = convolved(x, f"{name}._expand_conv", filters_in * expansion, 1)
                x = normalised(x, f"{name}._bn0")
            x = normalised(depthwise(x, f"{name}._depthwise_conv", kernel, step), f"{name}._bn1")
            x = convolved(x, f"{name}._project_conv", filters, 1)
            x = normalised(x, f"{name}._bn2", activate=False)
            if step == 1 and filters == filters_in:
                x = layers.Add()([x, before])
            block, filters_in = block + 1, filters
    x = normalised(convolved(x, "_conv_head", FEATURES, 1), "_bn1")
    x = layers.GlobalAveragePooling2D()(x)
    network = keras.Model(picture, x, name="efficientnet_lite0")
    left = {n for n in weights if not n.endswith("num_batches_tracked")} - used
    assert left == {"_fc.weight", "_fc.bias"}, left
    return network


def build_classifier(weights: Mapping[str, np.ndarray]) -> Any:
    """From pooled features [N, 1280] to the logits of the 1,000 ImageNet labels."""
    import keras

    classifier = keras.Sequential(
        [keras.layers.Input((FEATURES,)), keras.layers.Dense(LABELS, name="labels")],
        name="imagenet",
    )
    classifier.layers[-1].set_weights([weights["_fc.weight"].T, weights["_fc.bias"]])
    return classifier


def _plain(name: str) -> str:
    return name.strip("_").replace(".", "_")
