"""Rows of arrays that are gathered where they are needed, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np

Part = tuple[np.ndarray, np.ndarray]  # an array, and the indices of its rows


class Rows:
    """Chosen rows of one or more arrays, one part below the other: [N, *shape], not copied yet.

    What a train step is made of: LiteRT gets the rows gathered into its own memory, so that they
    are copied once; measuring a step, now and then, gathers them for itself.
    """

    __slots__ = ("dtype", "parts", "shape")

    def __init__(self, *parts: Part) -> None:
        """parts: at least one, indices in 0..len(array)-1; all arrays of one dtype and one shape of
        a row.
        """
        array = parts[0][0]
        self.parts = parts
        self.dtype: np.dtype[Any] = array.dtype
        self.shape = (sum([len(rows) for _, rows in parts]), *array.shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """How many dimensions, that of the rows included."""
        return len(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        made = np.empty(self.shape, self.dtype)
        self.into(made)
        return made if dtype is None else made.astype(dtype, copy=False)

    def __getitem__(self, rows: slice) -> Rows:
        """Consecutive rows, at least one, as of an array."""
        start, stop, _ = rows.indices(len(self))
        kept, at = [], 0
        for array, chosen in self.parts:
            inside = chosen[max(start - at, 0) : max(stop - at, 0)]
            if len(inside):
                kept.append((array, inside))
            at += len(chosen)
        return Rows(*kept)

    def into(self, out: np.ndarray) -> None:
        """Gather into `out`, of the same shape and dtype."""
        at = 0
        for array, rows in self.parts:
            # "clip" writes into `out` itself, where the check of "raise" goes through a copy.
            array.take(rows, axis=0, out=out[at : at + len(rows)], mode="clip")
            at += len(rows)
