"""Arrays that come from files of other machines: the same numbers in this machine's byte order."""

from __future__ import annotations

import numpy as np


def native(array: np.ndarray) -> np.ndarray:
    """The array itself, or a copy in the order that LiteRT and raw bytes go by: a dtype's name, by
    which arrays are checked, does not tell which order its numbers are in.
    """
    if array.dtype.isnative:
        return array
    return array.astype(array.dtype.newbyteorder("="))
