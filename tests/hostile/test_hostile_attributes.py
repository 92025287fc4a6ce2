"""Numbers in a few bytes of a .tflite that ask for hours or many gigabytes while it is lowered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph import lower
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import write
from odt_core.graph.tensor import Tensor
from tests.graph.graphs import empty
from tests.hostile.flex_files import Attributes, add_flex, add_signature, flex_file

pytestmark = pytest.mark.usefixtures("a_minute")

HUGE = 10**9
MANY = 2**30 - 1  # entries of a tensor that is declared, and nowhere stored
IMAGE, HALF, VOLUME, HALVED = (1, 8, 8, 3), (1, 4, 4, 3), (1, 4, 8, 8, 3), (1, 2, 4, 4, 3)
KERNEL, DEEP = (3, 3, 3, 4), (3, 3, 3, 3, 4)

POOLS = {
    "MaxPool": ([IMAGE], HALF),
    "AvgPool": ([IMAGE], HALF),
    "MaxPoolGrad": ([IMAGE, HALF, HALF], IMAGE),
    "AvgPoolGrad": ([np.array(IMAGE, np.int32), HALF], IMAGE),
    "MaxPool3D": ([VOLUME], HALVED),
    "AvgPool3D": ([VOLUME], HALVED),
    "MaxPool3DGrad": ([VOLUME, HALVED, HALVED], VOLUME),
    "AvgPool3DGrad": ([np.array(VOLUME, np.int32), HALVED], VOLUME),
}
CONVOLUTIONS = {
    "Conv2D": ([IMAGE, KERNEL], (1, 8, 8, 4)),
    "Conv2DBackpropFilter": ([IMAGE, np.array(KERNEL, np.int32), (1, 8, 8, 4)], KERNEL),
    "Conv2DBackpropInput": ([np.array(IMAGE, np.int32), KERNEL, (1, 8, 8, 4)], IMAGE),
    "DepthwiseConv2dNative": ([IMAGE, (3, 3, 3, 1)], IMAGE),
    "DepthwiseConv2dNativeBackpropFilter": (
        [IMAGE, np.array((3, 3, 3, 1), np.int32), IMAGE],
        (3, 3, 3, 1),
    ),
    "Conv3D": ([VOLUME, DEEP], (1, 4, 8, 8, 4)),
    "Conv3DBackpropInputV2": ([np.array(VOLUME, np.int32), DEEP, (1, 4, 8, 8, 4)], VOLUME),
}


def inner(op: str, number: int) -> list[int]:
    """The number for each axis between batch and channels."""
    return [1, *[number] * (3 if "3D" in op else 2), 1]


class TestWindows:
    @pytest.mark.parametrize("number", [HUGE, 2**62, 0, -1])
    @pytest.mark.parametrize("padding", ["SAME", "VALID"])
    @pytest.mark.parametrize("key", ["ksize", "strides"])
    @pytest.mark.parametrize("op", POOLS)
    def test_pool_when_a_number_of_it_makes_no_sense_is_refused(self, op, key, padding, number):
        inputs, output = POOLS[op]
        sound = {"ksize": inner(op, 2), "strides": inner(op, 2), "padding": padding}
        data = flex_file(op, inputs, sound | {key: inner(op, number)}, output)
        with pytest.raises(LoweringError, match=f"needs the op {op} .* its {key}, "):
            lower(data)

    @pytest.mark.parametrize("number", [HUGE, 2**62, 0, -1])
    @pytest.mark.parametrize("key", ["dilations", "strides"])
    @pytest.mark.parametrize("op", CONVOLUTIONS)
    def test_convolution_when_a_number_of_it_makes_no_sense_is_refused(self, op, key, number):
        inputs, output = CONVOLUTIONS[op]
        sound = {"dilations": inner(op, 1), "strides": inner(op, 1), "padding": "SAME"}
        data = flex_file(op, inputs, sound | {key: inner(op, number)}, output)
        with pytest.raises(LoweringError, match=f"needs the op {op} .* its {key}, "):
            lower(data)

    @pytest.mark.parametrize("number", [HUGE, 2**62, -1])
    @pytest.mark.parametrize("op", ["Conv2D", "Conv2DBackpropFilter", "MaxPool"])
    def test_explicit_paddings_when_they_make_no_sense_are_refused(self, op, number):
        inputs, output = (POOLS | CONVOLUTIONS)[op]
        attributes: Attributes = {
            "ksize": inner(op, 2),
            "strides": inner(op, 1),
            "padding": "EXPLICIT",
            "explicit_paddings": [0, 0, number, number, number, number, 0, 0],
        }
        with pytest.raises(LoweringError, match="its explicit_paddings are"):
            lower(flex_file(op, inputs, attributes, output))

    @pytest.mark.parametrize("key", ["ksizes", "rates", "strides"])
    @pytest.mark.parametrize("number", [HUGE, 2**62, 0, -1])
    def test_patches_when_a_number_of_them_makes_no_sense_are_refused(self, key, number):
        op = "ExtractImagePatches"
        sound = {name: inner(op, 1) for name in ("ksizes", "rates", "strides")}
        attributes = sound | {key: inner(op, number), "padding": "VALID"}
        with pytest.raises(LoweringError, match=f"its {key}, "):
            lower(flex_file(op, [IMAGE], attributes, IMAGE))

    @pytest.mark.parametrize("sizes", [(HUGE, HUGE), (2**20, 2), (0, 3), (-1, 3)])
    def test_filter_whose_size_makes_no_sense_is_refused(self, sizes):
        op = "DepthwiseConv2dNativeBackpropFilter"
        shape = np.array([*sizes, 3, 1], np.int32)
        data = flex_file(op, [IMAGE, shape, IMAGE], {"strides": inner(op, 1), "padding": "SAME"},
                         KERNEL)  # fmt: skip
        with pytest.raises(LoweringError, match=r"its window has .* entries"):
            lower(data)

    @pytest.mark.parametrize("sizes", [(HUGE, HUGE), (2**13, 2**14), (0, 3), (-1, 3)])
    def test_image_whose_size_makes_no_sense_is_refused(self, sizes):
        shape = np.array([1, *sizes, 3], np.int32)
        attributes = {"ksize": [1, 2, 2, 1], "strides": [1, 1, 1, 1], "padding": "SAME"}
        with pytest.raises(LoweringError, match=r"its window would stand at .* places"):
            lower(flex_file("AvgPoolGrad", [shape, IMAGE], attributes, IMAGE))

    def test_window_that_is_larger_than_the_image_is_refused(self):
        attributes = {"ksize": [1, 9, 2, 1], "strides": [1, 1, 1, 1], "padding": "VALID"}
        with pytest.raises(LoweringError, match="would stand at 0 × 7 places of the image"):
            lower(flex_file("MaxPoolGrad", [IMAGE, HALF, HALF], attributes, IMAGE))

    def test_window_that_reaches_beyond_all_memory_is_refused(self):
        attributes = {"dilations": inner("", 2**20), "strides": inner("", 1), "padding": "SAME"}
        data = flex_file("DepthwiseConv2dNative", [IMAGE, (3, 3, 3, 1)], attributes, IMAGE)
        with pytest.raises(LoweringError, match="It would take a tensor of shape"):
            lower(data)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


class TestSizes:
    @pytest.mark.parametrize(
        ("op", "inputs", "word"),
        [
            ("RandomUniform", [ints(HUGE, HUGE)], "a tensor of shape"),
            ("RandomUniform", [ints(-4, 7)], "a tensor of shape"),
            ("RandomUniform", [ints(*[1] * 2000)], "a tensor of shape"),
            ("ResizeBicubic", [HALF, ints(0, 4)], "4 pixels to 0"),
            ("ResizeBicubic", [HALF, ints(-5, -5)], "4 pixels to -5"),
            ("ImageProjectiveTransformV2", [HALF, (1, 8), ints(0, HUGE)], "0 × 1,000,000,000"),
            ("DynamicStitch", [ints(HUGE), (1, 4)], "at places that are not from 0 to"),
            ("DynamicStitch", [ints(-5), (1, 4)], "at places that are not from 0 to"),
            ("Roll", [(8,), ints(*[1] * 99), ints(*[0] * 99)], "moves along 99 axes"),
            (
                "StridedSlice",
                [(8,), ints(0), ints(8), ints(0)],
                r"one of its strides is 0\. Slice with strides other than 0\.",
            ),
        ],
    )
    def test_shape_that_makes_no_sense_is_refused(self, op, inputs, word):
        with pytest.raises(LoweringError, match=word):
            lower(flex_file(op, inputs, {}, HALF))

    @pytest.mark.parametrize("depth", [HUGE, -5])
    def test_depth_of_a_one_hot_row_that_makes_no_sense_is_refused(self, depth):
        numbers = [np.array(value, np.int32) for value in ([1, 2], depth, 1, 0)]
        with pytest.raises(LoweringError, match="a tensor of shape"):
            lower(flex_file("OneHot", numbers, {"axis": -1}, (2, 7)))

    @pytest.mark.parametrize(
        ("op", "inputs", "word"),
        [
            ("BroadcastGradientArgs", [(MANY,), (3,)], "shapes of 1,073,741,823 dimensions"),
            ("ConcatOffset", [ints(0)[0], (MANY,), (MANY,)], "shapes of 1,073,741,823 dimensions"),
            ("StridedSliceGrad", [ints(8), (MANY,), (MANY,), ints(1), (4,)], "bounds for"),
            ("TensorStridedSliceUpdate", [(MANY,), ints(0), ints(MANY), ints(1), (MANY,)],
             "sets 1,073,741,823 numbers at once"),
        ],
    )  # fmt: skip
    def test_tensor_of_which_nothing_is_stored_is_refused(self, op, inputs, word):
        given = [np.asarray(one) if isinstance(one, np.integer) else one for one in inputs]
        with pytest.raises(LoweringError, match=word):
            lower(flex_file(op, given, {}, (4,), np.int32))

    def test_slice_of_a_large_tensor_is_set_without_counting_all_of_it(self):
        inputs = [(MANY,), ints(3), ints(9), ints(2), (3,)]
        data = flex_file("TensorStridedSliceUpdate", inputs, {}, (MANY,))
        places = [3, 5, 7]
        constants = [t.const for t in tensors(lower(data).tree) if t.const is not None]
        assert any(one.tolist() == places for one in constants)

    @pytest.mark.parametrize("bits", [HUGE, -HUGE, 0, 1, 17])
    def test_bits_of_a_number_that_make_no_sense_are_refused(self, bits):
        data = flex_file("FakeQuantWithMinMaxArgs", [HALF], {"num_bits": bits}, HALF)
        with pytest.raises(LoweringError, match="Quantise to 2 to 16 bits"):
            lower(data)

    @pytest.mark.parametrize("end", [5, -5])
    def test_random_numbers_of_which_there_are_none_are_refused(self, end):
        bounds = [np.array(5), np.array(end)]
        inputs = [ints(4), ints(1, 2), *bounds]
        data = flex_file("StatelessRandomUniformInt", inputs, {}, (4,), np.int64)
        with pytest.raises(LoweringError, match="Draw from 1 or more"):
            lower(data)


def tensors(model: schema.ModelT) -> list[Tensor]:
    b = Builder(model, model.subgraphs[0])
    return [b.tensor(index) for index in range(len(model.subgraphs[0].tensors))]


# What the body of a loop makes of its list, 5,000 entries long, and of its number.
Body = Callable[[Builder, Tensor, Tensor], Tensor]


def endless_loop(body: Body) -> bytes:
    b = empty()
    for _ in range(2):
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = [], []
        b.model.subgraphs.append(graph)
    _, condition, inner = (Builder(b.model, graph) for graph in b.model.subgraphs)
    x = b.new((4,), np.float32)
    entries = variant(b)
    add_flex(b, "TensorListReserve", [b.constant(4), b.constant(5000)], [entries], {})
    looped = [variant(b), b.new((4,), np.float32)]
    options = schema.WhileOptionsT()
    options.condSubgraphIndex, options.bodySubgraphIndex = 1, 2
    b.emit("WHILE", [entries, x], looped, options)
    given = [variant(condition), condition.new((4,), np.float32)]
    close(condition, given, [condition.constant(np.array(True))])
    given = [variant(inner), inner.new((4,), np.float32)]
    close(inner, given, [body(inner, *given), given[1]])
    close(b, [x], looped[1:])
    add_signature(b, [x], looped[1])
    return write(b.model)


def variant(b: Builder) -> Tensor:
    raw = schema.TensorT()
    raw.type, raw.hasRank, raw.name = schema.TensorType.VARIANT, True, b"list"
    b.graph.tensors.append(raw)
    return Tensor(len(b.graph.tensors) - 1, (), np.dtype(object))


def close(b: Builder, inputs: list[Tensor], outputs: list[Tensor]) -> None:
    b.graph.inputs = np.array([one.index for one in inputs], np.int32)
    b.graph.outputs = np.array([one.index for one in outputs], np.int32)
    b.graph.operators = b.operators


def zeros(b: Builder, entries: Tensor, x: Tensor) -> Tensor:
    made = variant(b)
    add_flex(b, "ZerosLike", [entries], [made], {})
    return made


def stacked(b: Builder, entries: Tensor, x: Tensor) -> Tensor:
    whole = b.new((5000, 4), np.float32)
    add_flex(b, "TensorListStack", [entries, b.constant(ints(4))], [whole], {})
    return entries


def packed(b: Builder, entries: Tensor, x: Tensor) -> Tensor:
    b.pack([x] * 5000)
    return entries


class TestLoops:
    @pytest.mark.parametrize("body", [zeros, stacked, packed])
    def test_loop_each_of_whose_few_ops_takes_thousands_of_tensors_is_refused(
        self, monkeypatch, body
    ):
        monkeypatch.setattr("odt_core.graph.loops.unroll._MOST_TAKEN", 100_000)
        with pytest.raises(LoweringError, match="too many steps"):
            lower(endless_loop(body))
