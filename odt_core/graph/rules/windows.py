"""Sliding windows along one axis: what each kernel tap reads, and its transpose.

Tap i of a window of stride s, dilation d and leading padding p reads, for output o, the input at

    s·o + i·d − p = s·(o + q) + r,   (q, r) = divmod(i·d − p, s):

a plain slice, offset by q, of phase r (every s-th entry from r on). Phases cost nothing: an axis of
Q·s entries is, in memory, Q groups that lie side by side on the next axis. So everything here is
RESHAPE, SLICE and CONCATENATION, which XNNPACK takes, unlike strided slices and (quick) padding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.checks.operators import MOST_OF_A_WINDOW
from odt_core.graph.flex import FlexOp
from odt_core.graph.tensor import Shape, Tensor

_MOST_PLACES = 2**26  # of a window on an image: about 8,000 a side
_CONCAT_LIMIT = 5  # more parts than this and XNNPACK leaves a CONCATENATION to a slower kernel


@dataclass(frozen=True)
class Window:
    """How a kernel slides along one axis: sizes in entries, `before` the leading padding."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    count: int

    @classmethod
    def of(
        cls,
        size: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        padding: str = "VALID",
        explicit: tuple[int, int] = (0, 0),
    ) -> Window:
        """The window of a TensorFlow op with padding "SAME", "VALID" or "EXPLICIT".

        SAME as in https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2.
        """
        extent = (kernel - 1) * dilation + 1
        if padding == "SAME":
            count = -(-size // stride)
            before = max((count - 1) * stride + extent - size, 0) // 2
        else:
            before, after = explicit if padding == "EXPLICIT" else (0, 0)
            count = (size + before + after - extent) // stride + 1
        return cls(size, kernel, stride, dilation, before, count)

    def place(self, tap: int) -> tuple[int, int]:
        """(q, r): tap reads entry o + q of phase r for output o."""
        return divmod(tap * self.dilation - self.before, self.stride)

    @property
    def places(self) -> list[tuple[int, int]]:
        """`place` of every tap, with q counted from the first tap's."""
        first = self.place(0)[0]
        return [(q - first, r) for q, r in map(self.place, range(self.kernel))]

    @property
    def reach(self) -> int:
        """Where the last window ends, counted from the first entry of the input."""
        return (self.count - 1) * self.stride + (self.kernel - 1) * self.dilation + 1 - self.before

    @property
    def trimmed(self) -> Window:
        """The same over no more of the input than it reads, where no padding gives it otherwise."""
        if self.is_same or self.is_valid:
            return self
        return replace(self, size=min(self.size, self.reach))

    @property
    def is_same(self) -> bool:
        """Whether TensorFlow's SAME padding gives this window."""
        return self == Window.of(self.size, self.kernel, self.stride, self.dilation, "SAME")

    @property
    def is_valid(self) -> bool:
        """Whether TensorFlow's VALID padding gives this window."""
        return self == Window.of(self.size, self.kernel, self.stride, self.dilation)


def windows_of(op: FlexOp, image: Shape, kernel: Sequence[int | None]) -> tuple[Window, Window]:
    """The windows along H and W of an op with strides, dilations and padding attributes.

    image: [N, H, W, C], H and W known; kernel: (kh, kw).
    """
    if None in (*image[1:3], *kernel):
        raise OpenSizeError(
            f"The op {op.op} needs the height and width of an image, the length of a sequence, or "
            "a kernel's size, and these are not known when the model is loaded. Convert the model "
            "with a fixed image size, or a fixed length."
        )
    if op.windows:
        return op.windows
    rows, columns = windows_along(op, image[1:3], kernel)
    return rows, columns


def windows_along(
    op: FlexOp, image: Sequence[int | None], kernel: Sequence[int | None]
) -> list[Window]:
    """How an op with strides, dilations and padding attributes slides along each axis.

    image, kernel: their sizes along these axes, all known. LoweringError for a window that cannot
    be, or that would take endless time and memory to write out.
    """
    axes = len(kernel)
    strides = between(op, "strides", axes)
    dilations = between(op, "dilations", axes) if op.ints("dilations") else [1] * axes
    explicit = _explicit_paddings(op, axes)
    taps = [int(size or 0) for size in kernel]
    if min(taps) < 1 or math.prod(taps) > MOST_OF_A_WINDOW:
        raise LoweringError(
            f"its window has {' × '.join(map(str, taps))} entries. Build the model with windows of "
            f"1 to {MOST_OF_A_WINDOW:,} entries."
        )
    padding = op.text("padding")
    windows = [
        Window.of(int(size or 0), entries, stride, dilation, padding, ends)
        for size, entries, stride, dilation, ends in zip(
            image, taps, strides, dilations, explicit, strict=True
        )
    ]
    counts = [window.count for window in windows]
    if min(counts) < 1 or math.prod(counts) > _MOST_PLACES:
        raise LoweringError(
            f"its window would stand at {' × '.join(map(str, counts))} places of the image. Build "
            f"the model with another window or image, for 1 to {_MOST_PLACES:,} places."
        )
    return windows


def _explicit_paddings(op: FlexOp, axes: int) -> list[tuple[int, int]]:
    """(before, after) for each axis between batch and channels; none but for EXPLICIT padding."""
    if op.text("padding") != "EXPLICIT":
        return [(0, 0)] * axes
    numbers = op.ints("explicit_paddings")
    if len(numbers) != 2 * (axes + 2) or not all(0 <= n <= MOST_OF_A_WINDOW for n in numbers):
        raise LoweringError(
            f"its explicit_paddings are {numbers}. Build the model with two numbers of 0 to "
            f"{MOST_OF_A_WINDOW:,} for each axis."
        )
    return list(zip(numbers[2:-2:2], numbers[3:-2:2], strict=True))


def between(op: FlexOp, key: str, axes: int) -> list[int]:
    """A list attribute's numbers for the axes between batch and channels, such as a pool's ksize.

    LoweringError where the file does not hold them, where batch or channels are not left alone, and
    for numbers that no window or step can have.
    """
    layout = op.text("data_format", "NHWC")
    if layout not in ("NHWC", "NDHWC"):
        raise LoweringError(
            f"The op {op.op} has the layout {layout}; only channels-last layouts are supported. "
            "Convert the model with data_format='channels_last'."
        )
    numbers = op.ints(key)
    if len(numbers) != axes + 2:
        raise LoweringError(
            f"the file does not say its {key}. Convert the model again, with a newer TensorFlow."
        )
    if (numbers[0], numbers[-1]) != (1, 1):
        raise LoweringError(
            f"its {key}, {numbers}, reach over batch or channels. Build the model with 1 for both."
        )
    if not all(1 <= number <= MOST_OF_A_WINDOW for number in numbers):
        raise LoweringError(
            f"its {key}, {numbers}, are not all of 1 to {MOST_OF_A_WINDOW:,}. Build the model with "
            "such numbers."
        )
    return numbers[1:-1]


def take(b: Builder, x: Tensor, axis: int, window: Window, fill: float = 0.0) -> list[Tensor]:
    """For each tap of the window, its input at every output: [..., count, ...]; padding is fill."""
    x = _aligned(b, x, axis, window, fill)
    following = x.dim(axis + 1)
    x = _regroup(b, x, axis, x.dim(axis) // window.stride, window.stride * following)
    taps = []
    for offset, phase in window.places:
        start, extent = [0] * x.rank, list(x.shape)
        start[axis], extent[axis] = offset, window.count
        start[axis + 1], extent[axis + 1] = phase * following, following
        taps.append(b.slice(x, start, extent))
    return taps


def take_both(
    b: Builder, x: Tensor, rows: Window, columns: Window, fill: float = 0.0
) -> list[list[Tensor]]:
    """For each tap [row][column] of a kernel, its input at every output, [N, OH, OW, C].

    The phases of both axes side by side at once: one SLICE a tap.
    """
    channels = x.dim(3)
    x = _aligned(b, _aligned(b, x, 1, rows, fill), 2, columns, fill)
    height, width = x.dim(1) // rows.stride, x.dim(2) // columns.stride
    x = b.reshape(x, (x.shape[0], height, rows.stride * width, columns.stride * channels))
    extent = (x.shape[0], rows.count, columns.count, channels)
    return [
        [
            b.slice(x, (0, down, row * width + right, column * channels), extent)
            for right, column in columns.places
        ]
        for down, row in rows.places
    ]


def _aligned(b: Builder, x: Tensor, axis: int, window: Window, fill: float) -> Tensor:
    """x cut or padded to whole groups of stride entries, from the first tap's group on."""
    first = window.place(0)[0]
    end = window.place(window.kernel - 1)[0] + window.count
    after = end * window.stride - window.size
    if window.stride == 1:  # what is left over does no harm
        after = max(after, 0)
    return pad(b, x, axis, (-first * window.stride, after), fill)


def _regroup(b: Builder, x: Tensor, axis: int, size: int, following: int) -> Tensor:
    shape = list(x.shape)
    shape[axis], shape[axis + 1] = size, following
    return b.reshape(x, shape)


def add_back(b: Builder, taps: Sequence[Tensor], axis: int, window: Window) -> Tensor:
    """The transpose of `take`: each tap's entries added where it had read, [..., size, ...]."""
    last = window.place(window.kernel - 1)[0]
    length = min(last + window.count, -(-window.size // window.stride))
    phases: list[Tensor | None] = [None] * window.stride
    for tap, part in enumerate(taps):
        offset, phase = window.place(tap)
        moved = pad(b, part, axis, (offset, length - window.count - offset))
        before = phases[phase]
        phases[phase] = moved if before is None else b.add(before, moved)
    return interleave(b, phases, axis, window.size)


def interleave(b: Builder, phases: Sequence[Tensor | None], axis: int, size: int) -> Tensor:
    """Phases woven together along an axis and cut to size; None is a phase of zeros."""
    some = next(phase for phase in phases if phase is not None)
    parts = [zeros(b, some, axis, some.dim(axis)) if phase is None else phase for phase in phases]
    woven = concat(b, parts, axis + 1)
    stride, length = len(phases), some.dim(axis)
    woven = _regroup(b, woven, axis, stride * length, some.dim(axis + 1))
    return pad(b, woven, axis, (0, size - stride * length))


def pad(b: Builder, x: Tensor, axis: int, amounts: tuple[int, int], fill: float = 0.0) -> Tensor:
    """`fill` before and after on one axis; a negative amount cuts entries off."""
    before, after = amounts
    left = x.dim(axis) + min(0, before) + min(0, after)
    if left <= 0:
        return zeros(b, x, axis, x.dim(axis) + before + after, fill)
    start, extent = [0] * x.rank, list(x.shape)
    start[axis], extent[axis] = max(0, -before), left
    parts = [b.slice(x, start, extent)]
    if before > 0:
        parts.insert(0, zeros(b, x, axis, before, fill))
    if after > 0:
        parts.append(zeros(b, x, axis, after, fill))
    return b.concat(parts, axis)


def zeros(b: Builder, like: Tensor, axis: int, size: int, fill: float = 0.0) -> Tensor:
    """`fill` in the shape of a tensor but for one axis; only the batch may be dynamic."""
    shape = list(like.shape)
    shape[axis] = size
    known = b.constant(np.array([like.dim(0) if like.shape[0] else 1, *shape[1:]], np.int32))
    if shape[0] is None:
        batch = b.slice(b.shape(like), [0], [1])
        rest = b.constant(np.array(shape[1:], np.int32))
        known = b.concat([batch, rest], 0)
    return b.fill(known, fill, shape, like.dtype.type)


def concat(b: Builder, parts: Sequence[Tensor], axis: int) -> Tensor:
    """Parts side by side, in groups that XNNPACK takes."""
    while len(parts) > 1:
        groups = range(0, len(parts), _CONCAT_LIMIT)
        parts = [b.concat(parts[i : i + _CONCAT_LIMIT], axis) for i in groups]
    return parts[0]


def cut(b: Builder, x: Tensor, count: int) -> list[Tensor]:
    """`count` equal parts along the last axis of [N, H, W, C]; XNNPACK splits in four at most."""
    size = x.dim(3) // count
    extent = (*x.shape[:3], size)
    return [b.slice(x, (0, 0, 0, part * size), extent) for part in range(count)]
