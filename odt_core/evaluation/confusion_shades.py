"""How strongly each cell of a confusion matrix is coloured, on the page and in a bundle alike."""

from __future__ import annotations

import numpy as np

_FAINTEST = 0.7  # of the colour in a cell that is not empty: 3 : 1 or more beside an empty one


def cell_shades(counts: np.ndarray, most: int) -> np.ndarray:
    """float [K, K]: 0 of an empty cell, up to 1 of one with `most` answers. By the square root, so
    that a few answers show beside many.

    counts: int [K, K]. most: in a cell of any matrix that is shown beside this one.
    """
    strength = _FAINTEST + (1 - _FAINTEST) * np.sqrt(counts / max(1, most))
    return np.where(counts > 0, strength, 0.0)
