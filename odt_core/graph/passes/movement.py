"""Recognising a convolution's windows in ops that only move numbers about.

Lowering writes the patches that a convolution reads (im2col) as slices, concatenations and one-hot
filters, since weights are variables there. Once they are constants a CONV_2D is faster. To find it
again, the ops that only move numbers are run on the numbers 1, 2, 3, … in place of the image (0
where they fill in zeros): the result says of every patch entry where it came from, whatever ops
brought it there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.rules.windows import Window
from odt_core.graph.tensor import Tensor

_IMAGES = 2  # run on this many images, to see that each one's patches are its own
_MOST_ENTRIES = 2**26  # of one result
_MOVES = frozenset(
    {
        "CONCATENATION", "CONV_2D", "EXPAND_DIMS", "FILL", "PAD", "RESHAPE", "SLICE", "SQUEEZE",
        "STRIDED_SLICE", "TRANSPOSE",
    }
)  # fmt: skip


class _NoMovementError(Exception):
    """The ops do more than move numbers about."""


@dataclass(frozen=True)
class Patches:
    """What is read of an image [N, H, W, C] for every output place.

    rows, columns: how the window slides. taps: for each patch entry (kernel row, kernel column,
    channel), or None for an entry that is always zero.
    """

    image: Tensor
    rows: Window
    columns: Window
    taps: tuple[tuple[int, int, int] | None, ...]

    def convolved(self, b: Builder, filters: np.ndarray) -> Tensor:
        """CONV_2D of the image with filters [O, kernel rows, kernel columns, C]: [N, OH, OW, O]."""
        windows = (self.rows, self.columns)
        image, same = self.image, all(window.is_same for window in windows)
        if not same and not all(window.is_valid for window in windows):
            margins = [(w.before, max(0, w.reach - w.size)) for w in windows]
            image = b.pad(image, [(0, 0), *margins, (0, 0)])
        return b.conv2d(
            image,
            filters,
            (self.rows.stride, self.columns.stride),
            (self.rows.dilation, self.columns.dilation),
            same=same,
        )


def find_patches(b: Builder, tensor: Tensor, grid: tuple[int, int]) -> Patches | None:
    """The image and windows whose patches a tensor holds, or None when it holds something else.

    tensor: [..., K], with N·rows·columns patches of K entries; grid: (rows, columns).
    """
    for image in _images(b, tensor):
        try:
            origins = _Run(b, image).value(tensor)
            found = _recognised(image, origins, grid)
        except (_NoMovementError, ValueError, IndexError, TypeError):
            continue
        if found is not None:
            return found
    return None


def _images(b: Builder, tensor: Tensor) -> list[Tensor]:
    """Tensors [N, H, W, C] that `tensor` may be made of by moving alone, the earliest first."""
    seen: dict[int, Tensor] = {}
    waiting = [tensor.index]
    while waiting:
        index = waiting.pop()
        if index in seen or index < 0:
            continue
        seen[index] = b.tensor(index)
        producer = b.producer(seen[index])
        if producer is not None and name_of(b.model, producer) in _MOVES:
            waiting += inputs_of(producer)
    places = {i: n for n, operator in enumerate(b.operators) for i in outputs_of(operator)}
    found = [
        t
        for t in seen.values()
        if t.rank == 4 and None not in t.shape[1:] and t.const is None and t.dtype == np.float32
    ]
    return sorted(found, key=lambda t: places.get(t.index, -1))


class _Run:
    """The moving ops, run on numbered entries: entry k of the images is k + 1, zeros are 0."""

    def __init__(self, b: Builder, image: Tensor) -> None:
        self.b = b
        count = image.shape[0] or _IMAGES
        shape = (count, *(int(size or 0) for size in image.shape[1:]))
        if np.prod(shape, dtype=np.int64) > _MOST_ENTRIES:
            raise _NoMovementError
        numbers = np.arange(1, np.prod(shape) + 1, dtype=np.int32).reshape(shape)
        self.known: dict[int, np.ndarray] = {image.index: numbers}

    def value(self, tensor: Tensor) -> np.ndarray:
        """Where the entries of a tensor come from, or, of an integer tensor, its content."""
        found = self.known.get(tensor.index)
        if found is None:
            found = self._computed(tensor)
            if found.size > _MOST_ENTRIES:
                raise _NoMovementError
            self.known[tensor.index] = found
        return found

    def _computed(self, tensor: Tensor) -> np.ndarray:
        if tensor.const is not None:
            if tensor.dtype == np.float32 and tensor.const.any():
                raise _NoMovementError
            return tensor.const.astype(np.int32)
        operator = self.b.producer(tensor)
        if operator is None:
            raise _NoMovementError
        name, options = name_of(self.b.model, operator), operator.builtinOptions
        inputs = [self.b.tensor(i) for i in inputs_of(operator) if i >= 0]
        if name == "SHAPE":
            # every batch is the images'; where it is not, sizes do not fit and nothing is found
            return np.array([s if s is not None else _IMAGES for s in inputs[0].shape], np.int32)
        if name == "CONV_2D":
            return self._gathered(inputs, options)
        values = [self.value(part) for part in inputs]
        return _moved(name, values, options, self.b.tensor(outputs_of(operator)[0]))

    def _gathered(self, inputs: Sequence[Tensor], options: Any) -> np.ndarray:
        """CONV_2D by a constant filter that takes one entry each."""
        weights, bias = inputs[1].const, inputs[2].const if len(inputs) > 2 else None
        if weights is None or (bias is not None and bias.any()):
            raise _NoMovementError
        flat = weights.reshape(len(weights), -1)
        one_hot = (np.count_nonzero(flat, 1) == 1).all() and (flat.max(1) == 1).all()
        if not one_hot or options.fusedActivationFunction:
            raise _NoMovementError
        x = self.value(inputs[0])
        padding = "SAME" if options.padding == schema.Padding.SAME else "VALID"
        steps = (
            (options.strideH, options.dilationHFactor),
            (
                options.strideW,
                options.dilationWFactor,
            ),
        )
        windows = [
            Window.of(x.shape[axis], weights.shape[axis], *steps[axis - 1], padding)
            for axis in (1, 2)
        ]
        after = [max(0, window.reach - window.size) for window in windows]
        margins = [(window.before, end) for window, end in zip(windows, after, strict=True)]
        padded = _padded(x, [(0, 0), *margins, (0, 0)])
        planes = []
        for position in flat.argmax(1):
            row, column, channel = np.unravel_index(position, weights.shape[1:])
            taps = [
                slice(t * w.dilation, t * w.dilation + (w.count - 1) * w.stride + 1, w.stride)
                for t, w in zip((int(row), int(column)), windows, strict=True)
            ]
            planes.append(padded[:, taps[0], taps[1], channel])
        return np.stack(planes, -1)


def _moved(name: str, values: Sequence[np.ndarray], options: Any, output: Tensor) -> np.ndarray:
    x = values[0]
    match name:
        case "RESHAPE":
            target = values[1] if len(values) > 1 else options.newShape
            return x.reshape([int(size) for size in target])
        case "SQUEEZE" | "EXPAND_DIMS":
            sizes = [-1 if size is None else size for size in output.shape]
            return x.reshape(sizes)
        case "SLICE":
            box = [
                slice(int(b), None if s < 0 else int(b) + int(s))
                for b, s in zip(values[1], values[2], strict=True)
            ]
            return x[tuple(box)]
        case "STRIDED_SLICE" if not options.newAxisMask and not options.ellipsisMask:
            return x[_box(values[1:], options)]
        case "CONCATENATION" if not options.fusedActivationFunction and _are_few(values):
            return np.concatenate(values, options.axis)
        case "PACK":
            return np.stack(values, options.axis)
        case "PAD":
            return _padded(x, [(int(b), int(a)) for b, a in values[1]])
        case "TRANSPOSE":
            return x.transpose([int(axis) for axis in values[1]])
        case "FILL" if not values[1].any() and np.prod(x, dtype=np.float64) <= _MOST_ENTRIES:
            return np.zeros([int(size) for size in x], np.int32)
        case "MUL" if output.dtype == np.int32 and x.size < 16:
            return values[0] * values[1]
    raise _NoMovementError


def _are_few(parts: Sequence[np.ndarray]) -> bool:
    return sum(part.size for part in parts) <= _MOST_ENTRIES


def _padded(x: np.ndarray, margins: Sequence[tuple[int, int]]) -> np.ndarray:
    sizes = (size + sum(ends) for size, ends in zip(x.shape, margins, strict=True))
    if math.prod(sizes) > _MOST_ENTRIES:
        raise _NoMovementError
    return np.pad(x, margins)


def _box(bounds: Sequence[np.ndarray], options: Any) -> tuple[slice | int, ...]:
    """What a STRIDED_SLICE takes of each axis. bounds: begin, end and strides."""

    def taken(axis: int, begin: int, end: int, step: int) -> slice | int:
        if options.shrinkAxisMask >> axis & 1:
            return begin
        first = None if options.beginMask >> axis & 1 else begin
        return slice(first, None if options.endMask >> axis & 1 else end, step)

    each = zip(*(part.tolist() for part in bounds), strict=True)
    return tuple(taken(axis, *bound) for axis, bound in enumerate(each))


def _recognised(image: Tensor, origins: np.ndarray, grid: tuple[int, int]) -> Patches | None:
    height, width, channels = (int(size or 0) for size in image.shape[1:])
    count = image.shape[0] or _IMAGES
    each = height * width * channels
    places = origins.reshape(count, *grid, -1)  # [N, rows, columns, K]
    first = places[0]
    for number in range(1, count):
        if not np.array_equal(places[number], np.where(first > 0, first + number * each, 0)):
            return None
    real = first > 0
    at_row, at_column, channel = np.unravel_index(
        np.maximum(first, 1) - 1, (height, width, channels)
    )
    rows = _slide(at_row, real, 0)
    columns = _slide(at_column, real, 1)
    if rows is None or columns is None:
        return None
    (row_step, row_at), (column_step, column_at) = rows, columns
    entry_channel = np.where(real, channel, -1).max((0, 1))
    down = row_step * np.arange(grid[0])[:, None, None] + row_at
    right = column_step * np.arange(grid[1])[None, :, None] + column_at
    inside = (down >= 0) & (down < height) & (right >= 0) & (right < width) & (entry_channel >= 0)
    expected = (down * width + right) * channels + entry_channel + 1
    if not np.array_equal(first, np.where(inside, expected, 0)):
        return None
    used = entry_channel >= 0
    vertical = _window(row_at[used], row_step, height, grid[0])
    horizontal = _window(column_at[used], column_step, width, grid[1])
    if vertical is None or horizontal is None:
        return None
    if vertical.kernel * horizontal.kernel * channels > 4 * len(used):
        return None  # so sparse that the filter would be mostly zeros
    taps = tuple(
        (
            (int(row_at[k]) + vertical.before) // vertical.dilation,
            (int(column_at[k]) + horizontal.before) // horizontal.dilation,
            int(entry_channel[k]),
        )
        if used[k]
        else None
        for k in range(len(used))
    )
    return Patches(image, vertical, horizontal, taps)


def _slide(at: np.ndarray, real: np.ndarray, axis: int) -> tuple[int, np.ndarray] | None:
    """(step from one output to the next or 0 where it never shows, offset of each entry)."""
    outputs = np.arange(at.shape[axis]).reshape([-1 if a == axis else 1 for a in range(3)])
    outputs = np.broadcast_to(outputs, at.shape)
    big = np.iinfo(np.int64).max
    low = np.where(real, outputs, big).min((0, 1))
    high = np.where(real, outputs, -1).max((0, 1))
    low_at = np.where(real & (outputs == low), at, -1).max((0, 1))
    high_at = np.where(real & (outputs == high), at, -1).max((0, 1))
    spread = high > low
    step = 0
    if spread.any():
        steps, rest = np.divmod((high_at - low_at)[spread], (high - low)[spread])
        if rest.any() or (steps != steps[0]).any() or steps[0] < 1:
            return None
        step = int(steps[0])
    offsets = np.where(high >= 0, low_at - step * np.where(high >= 0, low, 0), 0)
    return step, offsets


def _window(offsets: np.ndarray, step: int, size: int, count: int) -> Window | None:
    if not len(offsets):
        return None
    first = int(offsets.min())
    distances = offsets - first
    dilation = int(np.gcd.reduce(distances)) or 1
    kernel = int(distances.max()) // dilation + 1
    window = Window(size, kernel, step or 1, dilation, -first, count)
    if step:
        return window if fits(window) else None
    # the step never shows where there is but one output
    choices = [replace(window, stride=stride) for stride in (1, size)]
    choices.sort(key=lambda w: not (w.is_same or w.is_valid))
    return next((w for w in choices if fits(w)), None)


def fits(window: Window) -> bool:
    """Whether a convolution with zeros before and after gives just this window."""
    after = max(0, window.reach - window.size)
    extent = (window.kernel - 1) * window.dilation + 1
    padded = window.size + window.before + after
    return window.before >= 0 and (padded - extent) // window.stride + 1 == window.count
