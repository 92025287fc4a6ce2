"""Samples that are others over again, to the last number."""

from __future__ import annotations

import numpy as np


def repeated(x: np.ndarray, among: np.ndarray) -> np.ndarray:
    """bool [N]: which of x [N, …] stand among other arrays [M, …], as float32."""
    known = {row.tobytes() for row in np.asarray(among, "<f4", "C")}
    return np.array([row.tobytes() in known for row in np.asarray(x, "<f4", "C")], bool)
