"""Numbers brought from one scale to another, each place of a sample by a line of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

MOST = 1024  # lines of one scaling; with more it is not known
_NEAR = 0.02  # by which two are taken for the same, as division by 255 and by 256


@dataclass(frozen=True)
class Scaling:
    """factor · x + offset. Of several numbers, in C order, each has the next factor and offset;
    after the last comes the first again, as with the columns of rows or the channels of pixels.
    """

    factor: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)

    def of(self, x: np.ndarray) -> np.ndarray:
        """float32, in the shape of x."""
        rows = np.asarray(x, np.float64).reshape(-1, len(self.factor))
        return np.asarray(rows * self.factor + self.offset, np.float32).reshape(np.shape(x))

    def after(self, other: Scaling) -> Scaling | None:
        """The scaling that does what `other` does and then this; None where it has too many
        lines.
        """
        size = math.lcm(len(self.factor), len(other.factor))
        if size > MOST:
            return None
        (a, b), (c, d) = _lines(self, size), _lines(other, size)
        return Scaling.made(a * c, a * d + b)

    def inverse(self) -> Scaling | None:
        """What takes it back; None where nothing does."""
        a, b = _lines(self, len(self.factor))
        return None if not a.all() else Scaling.made(1 / a, -b / a)

    def near(self, other: Scaling) -> bool:
        """Whether both make about the same of numbers, of a size that layers get: about 1."""
        size = math.lcm(len(self.factor), len(other.factor))
        if size > MOST:
            return False
        (a, b), (c, d) = _lines(self, size), _lines(other, size)
        return bool((abs(a - c) <= _NEAR * abs(c)).all() and (abs(b - d) <= _NEAR).all())

    @classmethod
    def made(cls, factor: np.ndarray, offset: np.ndarray) -> Scaling | None:
        """Of arrays that broadcast against each other; None where they hold more than MOST lines,
        or numbers that are not finite.
        """
        a, b = (one.ravel() for one in np.broadcast_arrays(factor, offset))
        if not 0 < a.size <= MOST or not (np.isfinite(a).all() and np.isfinite(b).all()):
            return None
        lines = np.stack([a, b])
        for size in range(1, a.size + 1):  # until they repeat
            if a.size % size == 0 and (lines[:, size:] == lines[:, :-size]).all():
                lines = lines[:, :size]
                break
        return cls(*(tuple(one.tolist()) for one in lines))

    @classmethod
    def from_json(cls, document: dict[str, Iterable[float]] | None) -> Scaling | None:
        """The inverse of dataclasses.asdict; None of None, ValueError where it makes no sense."""
        if document is None:
            return None
        a, b = (tuple(map(float, document[name])) for name in ("factor", "offset"))
        if not a or len(a) != len(b):
            raise ValueError("a scaling has as many offsets as factors, at least one")
        return cls(a, b)

    def __str__(self) -> str:
        """What is done to a number, as the end of a sentence about it."""
        if len(self.factor) > 1:
            return "scaled and moved, each place by numbers of its own"
        (a,), (b,) = self.factor, self.offset
        said = (
            []
            if a == 1
            else [f"divided by {1 / a:.6g}" if 0 < abs(a) < 1 else f"multiplied by {a:.6g}"]
        )
        said += [] if abs(b) < 1e-9 else [f"moved by {b:.6g}"]
        return " and ".join(said).replace("-", "−") or "left as it is"


def _lines(one: Scaling, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Its factors and offsets, so many of each."""
    times = size // len(one.factor)
    return np.tile(one.factor, times), np.tile(one.offset, times)
