"""Samples that the tiny models learn."""

from __future__ import annotations

import numpy as np

from odt_core.samples import Labels, Samples

LABELS = Labels.numbered(4)


def some(count: int, seed: int = 0, labels: Labels = LABELS) -> Samples:
    """A kind of pictures for each of at most four labels: one bright pixel on the diagonal, in
    noise.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(count) % len(labels)
    x = rng.random((count, 8, 8, 1), dtype=np.float32) * 0.3
    x[np.arange(count), y * 2, y * 2] = 1
    return Samples(x, y, labels)
