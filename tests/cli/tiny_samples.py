"""A tiny model that trains, and samples that it learns."""

from __future__ import annotations

import numpy as np

from tests.bright_pixels import some
from tests.cli.command_line import ROOT

MODEL = ROOT / "tests" / "runtime" / "models" / "tiny_momentum.tflite"


def samples(count: int, seed: int) -> dict[str, np.ndarray]:
    given = some(count, seed)
    return {"x": given.x, "y": given.y}
