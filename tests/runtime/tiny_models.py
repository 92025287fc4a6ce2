"""Models whose sessions are looked at, and samples of the tiny ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from odt_core.runtime import load_model

OWN = Path(__file__).parent / "models"
PUBLIC = Path(__file__).parents[1] / "models"
ORACLE = Path(__file__).parents[1] / "oracle" / "models"
X = np.random.default_rng(3).random((12, 8, 8, 1), dtype=np.float32)
Y = np.arange(12) % 4


def of_the_zoo(name):
    with gzip.open(ORACLE / f"{name}.tflite.gz") as file:
        return load_model(file.read())
