"""Build assets/models/photos.tflite: EfficientNet-Lite0, frozen, with a head that learns.

    python -m benchmarks.photos.build_photos build/photos_torch.npz

The .npz comes from torch_side.py. The Keras network is compared with PyTorch's own answers to the
pictures in it, and the .tflite with the network, before anything is written.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.photos.backbone import FEATURES, build_backbone, build_classifier
from odt_core.runtime import load_model

MODELS = Path(__file__).resolve().parents[2] / "assets" / "models"
SIZE, OUTPUTS = 160, 32
SHARPNESS = 16.0  # length of the features that the head sees
MOMENTUM, DECAY, RATE = 0.9, 2.0, 0.1
SAME = 1e-3  # largest difference from PyTorch that is taken for rounding


def build_head() -> Any:
    """From features [N, 1280] to 32 logits, all zero as long as it has learnt nothing.

    The features' square roots, brought to one length: distances between such rows are Hellinger
    distances of the features (Arandjelović & Zisserman 2012, "Three things everyone should know to
    improve object retrieval"), and every picture pulls equally hard.
    """
    import keras

    features = keras.layers.Input((FEATURES,), name="bottleneck")
    x = keras.layers.UnitNormalization()(keras.ops.sqrt(features))
    x = keras.layers.Rescaling(SHARPNESS)(x)
    labels = keras.layers.Dense(OUTPUTS, kernel_initializer="zeros", name="labels")
    return keras.Model(features, labels(x), name="head")


def build_optimizer() -> Any:
    """What the head is trained by."""
    import keras

    return keras.optimizers.SGD(RATE, momentum=MOMENTUM, nesterov=True, weight_decay=DECAY)


def convert(backbone: Any, classifier: Any) -> bytes:
    """The .tflite with all its signatures."""
    from odt_core.authoring import to_transfer_tflite

    optimizer = build_optimizer()
    return to_transfer_tflite(backbone, build_head(), classifier=classifier, optimizer=optimizer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("torch", type=Path, help="what torch_side.py wrote")
    parser.add_argument("--out", type=Path, default=MODELS / "photos.tflite")
    parser.add_argument("--check", type=Path, help="measure this .tflite, and write nothing")
    options = parser.parse_args()
    with np.load(options.torch) as arrays:
        weights = {n.removeprefix("w/"): arrays[n] for n in arrays.files if n.startswith("w/")}
        x, features, logits = arrays["x"], arrays["features"], arrays["logits"]
    backbone, classifier = build_backbone(weights, SIZE), build_classifier(weights)
    ported = backbone.predict(x, verbose=0)
    scores = classifier.predict(ported, verbose=0)
    away = max(float(np.abs(ported - features).max()), float(np.abs(scores - logits).max()))
    print(f"Keras against PyTorch, {len(x)} pictures: largest difference {away:.1e}")
    assert away < SAME, "The port does not compute what the original computes."
    data = options.check.read_bytes() if options.check else convert(backbone, classifier)
    session = load_model(data).session()
    bottlenecks = session.bottlenecks(x)
    half = session.run("classify", bottleneck=bottlenecks)["scores"]
    same = float((half.argmax(1) == logits.argmax(1)).mean())
    print(
        f"float16 against PyTorch: features {np.abs(bottlenecks - features).max():.1e}, "
        f"logits {np.abs(half - logits).max():.1e}, same first label {same:.3f}"
    )
    if not options.check:
        options.out.write_bytes(data)
    print(options.check or options.out, len(data), "bytes")


if __name__ == "__main__":
    main()
