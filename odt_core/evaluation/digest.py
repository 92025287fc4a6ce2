"""One number that two models share only when all their variables are the same, bit for bit."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping

import numpy as np


def state_digest(state: Mapping[str, np.ndarray]) -> str:
    """SHA-256, 64 hex digits, of the names, dtypes, shapes and bytes of all variables.

    state: as Session.state gives it. The order of the entries does not matter; -0.0 and 0.0, or two
    kinds of nan, are different. To compute it elsewhere, feed these in the order of the names:
    length of name (u32), name (UTF-8), length of dtype (u32), dtype such as "<f4", rank (u32), each
    size (u64), then the values, all little-endian and row by row.
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        array = np.asarray(state[name])
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        for text in (name.encode(), little.dtype.str.encode()):
            digest.update(struct.pack("<I", len(text)) + text)
        digest.update(struct.pack(f"<I{array.ndim}Q", array.ndim, *array.shape))
        digest.update(little.tobytes())
    return digest.hexdigest()
