"""What a max pool leaves over at an image's edge is not computed.

Windows of 2×2 do not reach the last row and column of an image of 11×11, and what nobody reads is
worked on in vain, back to the convolution before and the image that it slides over, and so are the
gradients there, which are zeros: a sixth of a layer of 11×11, a quarter of one of 7×7. So of every
image in a graph its extent is found: how many rows and columns, from the first on, somebody needs.
Images that are worked on number by number share one; convolutions and pools need what their windows
reach; everything else needs images whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp, read_flex
from odt_core.graph.operators import inputs_of, name_of, outputs_of, readers_of
from odt_core.graph.rules.conv import shape_of_gradient
from odt_core.graph.rules.windows import Window, between, windows_of
from odt_core.graph.tensor import declare_shape
from odt_core.graph.window_ops import MAX_POOLS, kernel_of_variables, window_op

Extent = tuple[int, int]  # rows and columns, from the first on
Windows = tuple[Window, Window]

_ROUNDS = 100
_EACH_NUMBER = frozenset(
    {
        "ABS", "ADD", "DIV", "ELU", "EXP", "FlexEluGrad", "FlexLeakyReluGrad", "FlexRelu6Grad",
        "FlexReluGrad", "FlexSigmoidGrad", "FlexTanhGrad", "HARD_SWISH", "LEAKY_RELU", "LOG",
        "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "NEG", "RELU", "RELU6", "RSQRT", "SQRT", "SQUARE",
        "SUB", "TANH",
    }
)  # fmt: skip
# which input is the gradient: their result is zero where that is
_GRADIENT_AT = {
    "FlexEluGrad": 0, "FlexLeakyReluGrad": 0, "FlexRelu6Grad": 0, "FlexReluGrad": 0,
    "FlexSigmoidGrad": 1, "FlexTanhGrad": 1,
}  # fmt: skip


def crop(b: Builder) -> None:
    """Declares the images of a graph that is to be lowered as large as they are needed, and notes
    how convolutions slide over them (`Builder.windows`).
    """
    if any(name_of(b.model, operator) in MAX_POOLS for operator in b.graph.operators):
        _Crop(b).apply()


class _Crop:
    def __init__(self, b: Builder) -> None:
        self.b = b
        self.images = dict(_images(b))  # tensor -> its whole extent
        self._joined: dict[int, int] = {}  # images that have their extent in common
        self._needed: dict[int, Extent] = defaultdict(lambda: (1, 1))
        self._filled: dict[int, Extent] = {}  # beyond it an image is all zeros
        self._demands: list[Callable[[], None]] = []
        self._sliding: list[tuple[schema.OperatorT, Windows, int, int]] = []
        self._results = {int(index) for index in b.graph.outputs}
        self._readers = readers_of(b.graph)

    def apply(self) -> None:
        graph = self.b.graph
        made = {index for operator in graph.operators for index in outputs_of(operator)}
        self._whole(index for index in self.images if index not in made)
        self._whole(self._results)
        for operator in graph.operators:
            images = [i for i in (*inputs_of(operator), *outputs_of(operator)) if i in self.images]
            if images and not self._understood(operator):
                self._whole(images)
        if not self._settled():
            return
        self._declare({i for i, whole in self.images.items() if self.extent(i) != whole})

    def _settled(self) -> bool:
        """Whether all demands came to be met. Where an image is added to what was made of it, each
        round may ask for a row more, up to the whole image: that is not worth waiting for.
        """
        for _ in range(_ROUNDS):
            before = dict(self._needed)
            for demand in self._demands:
                demand()
            if before == self._needed:
                return True
        return False

    def _declare(self, cropped: set[int]) -> None:
        for operator, windows, image, outputs in self._sliding:
            if {image, outputs} & cropped:
                sizes = zip(windows, self.extent(image), self.extent(outputs), strict=True)
                rows, columns = (replace(w, size=size, count=count) for w, size, count in sizes)
                self.b.windows[id(operator)] = rows, columns
        for index in cropped:
            batch, *_, channels = self.b.tensor(index).shape
            declare_shape(self.b.graph.tensors[index], (batch, *self.extent(index), channels))

    # --- extents ---------------------------------------------------------------------------

    def extent(self, index: int) -> Extent:
        """How much of an image is needed, as far as is known yet."""
        return self._needed[self._root(index)]

    def _root(self, index: int) -> int:
        while index in self._joined:
            index = self._joined[index]
        return index

    def _join(self, indices: Sequence[int]) -> None:
        first = self._root(indices[0])
        for index in indices[1:]:
            other = self._root(index)
            if other != first:
                self._joined[other] = first
                self._need(first, self._needed.pop(other, (1, 1)))

    def _need(self, index: int, extent: Iterable[int]) -> None:
        """At least so much, and no more than there is."""
        rows, columns = extent
        (height, width), (old_rows, old_columns) = self.images[index], self.extent(index)
        larger = min(height, max(rows, old_rows)), min(width, max(columns, old_columns))
        self._needed[self._root(index)] = larger

    def _whole(self, indices: Iterable[int]) -> None:
        for index in indices:
            if index in self.images:
                self._need(index, self.images[index])

    def _filled_to(self, index: int) -> Extent:
        return self._filled.get(index, self.images[index])

    # --- ops -------------------------------------------------------------------------------

    def _understood(self, operator: schema.OperatorT) -> bool:
        """Notes what an op needs of its images; whether it is known."""
        name = name_of(self.b.model, operator)
        try:
            if name in _EACH_NUMBER:
                return self._each_number(operator, name)
            match name:
                case _ if name in MAX_POOLS:
                    x, y = inputs_of(operator)[0], outputs_of(operator)[0]
                    return self._pool(operator, x, y) is not None
                case "FlexMaxPoolGrad":
                    return self._pool_gradient(operator)
                case "CONV_2D" | "FlexConv2D":
                    return self._convolution(operator)
                case "FlexConv2DBackpropFilter":
                    return self._filter_gradient(operator)
                case "TRANSPOSE_CONV" | "FlexConv2DBackpropInput":
                    return self._input_gradient(operator)
                case "SUM" | "FlexBiasAddGrad":
                    return self._sum(operator, name)
                case "SHAPE":
                    return self._only_batch(outputs_of(operator)[0])
        except LoweringError:  # sizes that are not known, a layout that is not supported
            pass
        return False

    def _each_number(self, operator: schema.OperatorT, name: str) -> bool:
        (output,) = outputs_of(operator)
        inputs = inputs_of(operator)
        whole = self.images.get(output)
        alike = [index for index in inputs if self.images.get(index) == whole]
        others = [self.b.tensor(index).shape for index in inputs if index not in alike]
        if whole is None or not alike or any(set(shape[:-1]) - {1} for shape in others):
            return False
        self._join([output, *alike])
        filled = [self._filled_to(index) for index in alike]
        if name in _GRADIENT_AT and inputs[_GRADIENT_AT[name]] in alike:
            self._filled[output] = self._filled_to(inputs[_GRADIENT_AT[name]])
        elif name == "MUL":
            self._filled[output] = _both(min, filled)
        elif name in ("ADD", "SUB") and not others:
            self._filled[output] = _both(max, filled)
        return True

    def _pool(self, operator: schema.OperatorT, x: int, y: int) -> Windows | None:
        """How a pool, or its gradient, slides over a whole x; None where that is not known."""
        op = window_op(self.b, operator, "MaxPool")
        windows = self._windows(op, x, between(op, "ksize", 2), y)
        padding = op.text("padding")
        same = padding == "SAME"
        if windows is None or padding == "EXPLICIT" or any(window.before for window in windows):
            return None
        if same and any(window.kernel != window.stride for window in windows):
            return None

        def demand() -> None:
            self._need(x, _reached(windows, self.extent(y)))
            sizes = zip(windows, self.extent(x), strict=True)
            self._need(y, [_count(window, size, same) for window, size in sizes])

        self._demands.append(demand)
        return windows

    def _pool_gradient(self, operator: schema.OperatorT) -> bool:
        x, y, dy = inputs_of(operator)
        (dx,) = outputs_of(operator)
        windows = self._pool(operator, x, y)
        whole = [self.images.get(index) for index in (dx, dy)]
        if windows is None or whole != [self.images[x], self.images[y]]:
            return False
        self._join([x, dx])
        self._join([y, dy])
        self._filled[dx] = _reached(windows, self._filled_to(dy))
        return True

    def _convolution(self, operator: schema.OperatorT) -> bool:
        x = inputs_of(operator)[0]
        (y,) = outputs_of(operator)
        windows = self._by_variables(operator, "Conv2D", x, y)
        if windows is None:
            return False
        self._demands.append(lambda: self._need(x, _reached(windows, self.extent(y))))
        self._sliding.append((operator, windows, x, y))
        return True

    def _filter_gradient(self, operator: schema.OperatorT) -> bool:
        x, sizes, dy = inputs_of(operator)
        op = window_op(self.b, operator, "Conv2DBackpropFilter")
        kernel = shape_of_gradient(op, self.b.tensor(sizes))[:2]
        windows = self._windows(op, x, kernel, dy)
        if windows is None:
            return False

        def demand() -> None:
            self._need(dy, self._filled_to(dy))
            self._need(x, _reached(windows, self.extent(dy)))

        self._demands.append(demand)
        self._sliding.append((operator, windows, x, dy))
        return True

    def _input_gradient(self, operator: schema.OperatorT) -> bool:
        _, _, dy, *bias = inputs_of(operator)
        (dx,) = outputs_of(operator)
        windows = self._by_variables(operator, "Conv2DBackpropInput", dx, dy)
        if windows is None:
            return False

        def demand() -> None:
            reading = [_reading(w, size) for w, size in zip(windows, self.extent(dx), strict=True)]
            self._need(dy, _both(min, [reading, self._filled_to(dy)]))

        self._demands.append(demand)
        if not bias:
            self._filled[dx] = _reached(windows, self._filled_to(dy))
        self._sliding.append((operator, windows, dx, dy))
        return True

    def _sum(self, operator: schema.OperatorT, name: str) -> bool:
        x = inputs_of(operator)[0]
        if x not in self.images:
            return False
        if name == "SUM":
            axes = self.b.tensor(inputs_of(operator)[1]).const
            if axes is None or not {1, 2} <= {int(axis) % 4 for axis in axes.ravel()}:
                return False
        elif read_flex(self.b.model, operator).text("data_format", "NHWC") != "NHWC":
            return False
        self._need(x, self._filled_to(x))
        self._whole(outputs_of(operator))
        return True

    def _only_batch(self, shape: int) -> bool:
        """Whether of an image's shape no more is read than the batch, but where it is the size of a
        gradient, which is known.
        """
        if shape in self._results:
            return False
        for reader in self._readers[shape]:
            name, inputs = name_of(self.b.model, reader), inputs_of(reader)
            if name in ("TRANSPOSE_CONV", "FlexConv2DBackpropInput") and inputs[0] == shape:
                continue
            bounds = [self.b.tensor(index).const for index in inputs[1:3]]
            first = [None if bound is None else bound.tolist() for bound in bounds] == [[0], [1]]
            if name != "STRIDED_SLICE" or not first:
                return False
        return True

    def _by_variables(
        self, operator: schema.OperatorT, name: str, image: int, outputs: int
    ) -> Windows | None:
        kernel = kernel_of_variables(self.b, operator)
        if kernel is None:
            return None
        return self._windows(window_op(self.b, operator, name), image, kernel, outputs)

    def _windows(
        self, op: FlexOp, image: int, kernel: Sequence[int | None], outputs: int
    ) -> Windows | None:
        """How a kernel slides over a whole image, where that gives just the outputs declared."""
        if image not in self.images or outputs not in self.images:
            return None
        rows, columns = windows_of(op, self.b.tensor(image).shape, kernel)
        return (rows, columns) if self.images[outputs] == (rows.count, columns.count) else None


def _images(b: Builder) -> Iterator[tuple[int, Extent]]:
    for index in range(len(b.graph.tensors)):
        tensor = b.tensor(index)
        if tensor.rank == 4 and tensor.const is None and tensor.dtype == np.float32:
            _, height, width, _ = tensor.shape
            if height and width:
                yield index, (height, width)


def _both(choose: Callable[[Iterable[int]], int], extents: Sequence[Iterable[int]]) -> Extent:
    rows, columns = zip(*extents, strict=True)
    return choose(rows), choose(columns)


def _reached(windows: Windows, counts: Iterable[int]) -> Extent:
    """Where the first windows end."""
    rows, columns = (
        min(window.size, replace(window, count=count).reach)
        for window, count in zip(windows, counts, strict=True)
    )
    return rows, columns


def _count(window: Window, size: int, same: bool) -> int:
    """How many windows an image of another size has, by the same padding."""
    padding = "SAME" if same else "VALID"
    return Window.of(size, window.kernel, window.stride, window.dilation, padding).count


def _reading(window: Window, size: int) -> int:
    """How many windows begin within an image's first entries."""
    return min(window.count, -(-(size + window.before) // window.stride))
