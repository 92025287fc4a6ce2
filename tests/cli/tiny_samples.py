"""A tiny model that trains, and samples that it learns."""

from __future__ import annotations

import numpy as np

from tests.cli.command_line import ROOT

MODEL = ROOT / "tests" / "runtime" / "models" / "tiny_momentum.tflite"


def samples(count: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 4
    x = rng.random((count, 8, 8, 1), dtype=np.float32) * 0.3
    x[np.arange(count), y * 2, y * 2] = 1
    return {"x": x, "y": y}
