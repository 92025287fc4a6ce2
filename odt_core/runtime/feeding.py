"""Arrays in the form that a signature wants them: dtype, shape, batch size, what else it takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from odt_core.errors import SignatureError
from odt_core.runtime.rows import Rows
from odt_core.runtime.targets import filling

Wanted = tuple[np.dtype[Any], tuple[int, ...]]  # -1 for a dynamic dimension


def feed(x: np.ndarray | Rows, wanted: Wanted) -> np.ndarray | Rows:
    """Samples [N, …] as a signature's input: its dtype, and its arrangement of the same numbers.

    Numbers for an input of whole numbers are rounded, and kept within what its dtype can hold.
    """
    dtype, shape = wanted
    if fits_as_is(x, wanted):  # nearly every train step
        return x if isinstance(x, Rows) or x.flags.c_contiguous else np.ascontiguousarray(x)
    array = np.asarray(x)
    if array.dtype != dtype:
        if dtype.kind in "iu" and array.dtype.kind == "f":
            limits = np.iinfo(dtype)
            array = np.clip(np.rint(array), limits.min, limits.max)
        array = array.astype(dtype)
    if array.ndim != len(shape) or any(
        w not in (-1, g) for w, g in zip(shape, array.shape, strict=True)
    ):
        rest = shape[1:] if len(shape) and shape[0] in (-1, len(array)) else None
        if rest is not None and -1 not in rest:
            array = (
                array.reshape((len(array), *rest))
                if array[:1].size == int(np.prod(rest))
                else array
            )
        elif len(array) == 1 and array.size == int(np.prod(shape)) and -1 not in shape:
            array = array.reshape(shape)  # one sample, no batch dimension
    return np.ascontiguousarray(array)


def fits_as_is(x: np.ndarray | Rows, wanted: Wanted) -> bool:
    """Whether it can be a signature's input as it is, but for its place in memory."""
    dtype, shape = wanted
    return x.dtype == dtype and x.shape[1:] == shape[1:] and shape[:1] in ((-1,), x.shape[:1])


def fill(
    feeds: dict[str, np.ndarray | Rows], inputs: dict[str, Wanted], *, training: bool
) -> dict[str, np.ndarray | Rows]:
    """`feeds` with the inputs that must be given too: switches off while predicting, sample weights
    and masks 1, everything else 0.
    """
    if feeds.keys() == inputs.keys():
        return feeds
    count = len(next(iter(feeds.values()), (0,)))
    for name, (dtype, shape) in inputs.items():
        if name not in feeds:
            value = filling(name, dtype.name) if training or dtype.kind != "b" else 0
            sizes = [
                size if size > 0 else (count if at == 0 else 1) for at, size in enumerate(shape)
            ]
            feeds[name] = np.full(sizes, value, dtype)
    return feeds


@lru_cache(maxsize=64)
def calls(count: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Batch sizes of the fewest calls that take `count` samples exactly, largest first.

    sizes: what the model's `train` signatures take. Raises SignatureError when no sum of them is
    `count`.
    """
    best: list[tuple[int, ...] | None] = [()]
    for total in range(1, count + 1):
        options = [
            (size, *before)
            for size in sizes
            if size <= total and (before := best[total - size]) is not None
        ]
        best.append(min(options, key=len) if options else None)
    found = best[count]
    if found is None:
        raise SignatureError(
            f"This model trains on exactly {', '.join(map(str, sizes))} samples at a time; {count} "
            f"is not a multiple. Pass another number of samples, or use fit(), which sees to it."
        )
    return tuple(sorted(found, reverse=True))
