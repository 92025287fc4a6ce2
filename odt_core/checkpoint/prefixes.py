"""Several groups of named arrays in one: each name begins with that of its group."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays whose name starts with `prefix`, without it."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def prefixed(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inverse of `under`."""
    return {prefix + name: array for name, array in arrays.items()}
