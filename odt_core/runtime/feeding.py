"""Arrays in the form that a signature wants them: dtype, shape, batch size, what else it takes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from odt_core.dialects.contract import LabelKind, TrainRole
from odt_core.dialects.targets import check_range, encode, filling
from odt_core.errors import SignatureError
from odt_core.runtime.rows import Rows

Wanted = tuple[np.dtype[Any], tuple[int, ...]]  # -1 for a dynamic dimension

_NUMBERED = (LabelKind.INTEGER, LabelKind.SIGNS)  # arrays that look alike before and after


class TrainInputs:
    """Batches as what a `train` signature takes."""

    def __init__(
        self,
        role: TrainRole,
        inputs: dict[str, Wanted],
        outputs: int | None,
        labels: int | None = None,
    ) -> None:
        """inputs: the signature's. outputs: K of one-hot labels, where the signature leaves it
        open. labels: how many there are, where that is known.
        """
        self._role, self._inputs = role, inputs
        self.targets: Wanted | None = None  # what the labels' input takes
        if role.labels is not None:
            dtype, shape = inputs[role.labels]
            if role.label_kind is LabelKind.ONE_HOT and shape[-1] == -1:
                shape = (*shape[:-1], outputs or -1)
            self.targets = dtype, shape
        self.labels = labels
        self._count = labels if role.label_kind is LabelKind.INTEGER else None
        self._parts = (role.samples, *role.beside)
        self._nothing_else = inputs.keys() == {*self._parts, role.labels}
        self._last: tuple[Any, ...] = ()  # shapes and dtypes that could be taken as they are

    def of(
        self, x: np.ndarray | Rows, y: np.ndarray | Rows, rate: float | None
    ) -> dict[str, np.ndarray | Rows]:
        """The arrays of a call. rate: for a signature that takes it with every step."""
        role, targets = self._role, self.targets
        if (x.shape, y.shape, x.dtype, y.dtype) == self._last and _in_order(x) and _in_order(y):
            if self._count and type(y) is not Rows:  # rows of labels have been looked at already
                check_range(y, self._count)  # type: ignore[arg-type]
            return {role.samples: x, role.labels: y}  # type: ignore[dict-item]
        if role.scaling is not None:
            x = role.scaling.of(np.asarray(x))
        feeds = feed_parts(x, self._parts, self._inputs)
        if role.labels is not None and targets is not None:
            looked_at = type(y) is Rows or role.label_kind not in _NUMBERED
            ready = _is_ready(y, targets) and looked_at
            feeds[role.labels] = y if ready else encode(np.asarray(y), role, *targets, self.labels)
            # here, so that labels which were encoded before are not moved twice
            if role.first_label:
                numbers = np.asarray(feeds[role.labels])
                feeds[role.labels] = (numbers + role.first_label).astype(numbers.dtype)
            if role.target_scaling is not None:
                numbers = np.asarray(feeds[role.labels])
                feeds[role.labels] = role.target_scaling.of(numbers).astype(numbers.dtype)
        if self._nothing_else:  # nearly always
            as_is = feeds[role.samples] is x and feeds[role.labels] is y  # type: ignore[index]
            if as_is and role.scaling is None and role.label_kind is not LabelKind.SIGNS:
                self._last = x.shape, y.shape, x.dtype, y.dtype
            return feeds
        if role.learning_rate is not None:
            feeds[role.learning_rate] = filled(rate, *self._inputs[role.learning_rate])
        return fill(feeds, self._inputs, training=True, mask=role.mask, blank=role.blank)


def _is_ready(array: np.ndarray | Rows, wanted: Wanted) -> bool:
    return fits_as_is(array, wanted) and _in_order(array)


def _in_order(array: np.ndarray | Rows) -> bool:
    return type(array) is Rows or array.flags.c_contiguous  # type: ignore[union-attr]


def feed_parts(
    x: np.ndarray | Rows, names: Sequence[str], inputs: Mapping[str, Wanted]
) -> dict[str, np.ndarray | Rows]:
    """Samples [N, …] for the input that takes them. Of rows of numbers [N, M] for several inputs
    the first takes as many as it has room for, the next those that follow.
    """
    if len(names) == 1:
        return {names[0]: feed(x, inputs[names[0]])}
    feeds: dict[str, np.ndarray | Rows] = {}
    rows, at = np.asarray(x), 0
    for name in names:
        size = math.prod(inputs[name][1][1:])
        feeds[name] = feed(rows[:, at : at + size], inputs[name])
        at += size
    return feeds


def feed(x: np.ndarray | Rows, wanted: Wanted) -> np.ndarray | Rows:
    """Samples [N, …] as a signature's input: its dtype, and its arrangement of the same numbers.

    Numbers for an input of whole numbers are rounded, and kept within what its dtype can hold
    (ids are not: SampleCheck refuses those that it cannot hold).
    """
    if _is_ready(x, wanted):
        return x
    dtype, shape = wanted
    array = np.asarray(x)
    if array.dtype != dtype:
        if dtype.kind in "iu" and array.dtype.kind in "iuf":
            array = _held(array, np.iinfo(dtype))
        elif dtype.kind == "b" and array.dtype.kind == "f":
            array = np.rint(array)
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


def _held(array: np.ndarray, limits: np.iinfo) -> np.ndarray:
    """Numbers as whole ones within limits."""
    if array.dtype.kind != "f":
        own = np.iinfo(array.dtype)
        return np.clip(array, max(limits.min, own.min), min(limits.max, own.max))
    top = float(limits.max)
    if int(top) > limits.max:  # of 64 bits the largest is none of a float's numbers
        top = float(np.nextafter(top, 0))
    return np.clip(np.rint(array, dtype=np.float64), limits.min, top)


def fits_as_is(x: np.ndarray | Rows, wanted: Wanted) -> bool:
    """Whether it can be a signature's input as it is, but for its place in memory."""
    dtype, shape = wanted
    return x.dtype == dtype and x.shape[1:] == shape[1:] and shape[:1] in ((-1,), x.shape[:1])


def fill(
    feeds: dict[str, np.ndarray | Rows],
    inputs: dict[str, Wanted],
    *,
    training: bool,
    mask: tuple[str, ...] = (),
    blank: Collection[str] = (),
) -> dict[str, np.ndarray | Rows]:
    """`feeds` with the inputs that must be given too, filled as `filling` says. mask: of a role, 1
    where the ids are not 0. blank: of a role, 0.
    """
    if feeds.keys() == inputs.keys():
        return feeds
    if mask:
        name, ids = mask
        feeds[name] = _unpadded(np.asarray(feeds[ids]), inputs[name][0])
    count = len(next(iter(feeds.values()), (0,)))
    for name, (dtype, shape) in inputs.items():
        if name not in feeds:
            value = filling(name, dtype.name, shape, training=training)
            value = 0 if name in blank else value
            sizes = [
                size if size > 0 else (count if at == 0 else 1) for at, size in enumerate(shape)
            ]
            feeds[name] = np.full(sizes, value, dtype)
    return feeds


def _unpadded(ids: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Which of ids [N, L] are not padding. The first of a sample without any counts as one: over
    none at all, a mean or a softmax is no number.
    """
    told = ids != 0
    told[~told.any(axis=1), 0] = True
    return told.astype(dtype)


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


@lru_cache(maxsize=64)
def filled(value: float | None, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
    """An array of one number; kept, as a learning rate mostly is that of the step before."""
    array = np.full([max(size, 1) for size in shape], value, dtype)
    array.setflags(write=False)
    return array
