"""Lowering leaves out what costs time: slow kernels, repeated work, arithmetic on shapes."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph import describe, lower
from odt_core.graph.building import Builder
from odt_core.graph.building.known_shapes import OpenSize, contents
from odt_core.graph.passes.fast_forms import fast_form
from odt_core.graph.passes.shared import share_results
from odt_core.runtime.interpreter import Interpreter
from tests.converting import file_of, functions_of
from tests.zoo_models import zoo_file

FLEX = (
    Path(__file__).parents[1] / "models" / "flower__android-kotlin-new__logistic_regression.tflite"
)


@pytest.fixture
def builder() -> Builder:
    """An empty graph with one input, float32 [batch, 4, 4, 2]."""
    model = schema.ModelT()
    model.version, model.operatorCodes, model.buffers = 3, [], [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    model.subgraphs = [graph]
    Builder(model, graph).new((None, 4, 4, 2), np.float32, "x")
    graph.inputs = np.array([0], np.int32)
    return Builder(model, graph)


def names(builder: Builder) -> list[str]:
    from odt_core.graph.operators import name_of

    return [name_of(builder.model, operator) for operator in builder.operators]


class TestFastForms:
    def test_fully_connected_when_weights_are_variable_then_is_a_matrix_product(self):
        before = describe(FLEX.read_bytes()).operators
        after = describe(lower(FLEX.read_bytes()).data).operators
        assert before["FULLY_CONNECTED"] == 3
        assert "FULLY_CONNECTED" not in after
        assert after["BATCH_MATMUL"] == 3

    @pytest.mark.parametrize(
        ("keeps", "weights", "shape"),
        [
            (True, (5, 2), (None, 4, 4, 5)),  # of each position
            (False, (5, 2), (None, 5)),  # the same, flat
            (False, (5, 32), (None, 5)),  # of the whole sample
        ],
    )
    def test_fully_connected_when_x_has_more_axes_then_is_a_matrix_product_of_its_rows(
        self, builder, keeps, weights, shape
    ):
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims = keeps
        inputs = [builder.tensor(0), builder.new(weights, np.float32, "w")]
        builder.emit("FULLY_CONNECTED", inputs, [builder.new(shape, np.float32, "y")], options)
        y = fast_form(builder, builder.operators[0])
        assert names(builder)[1:].count("BATCH_MATMUL") == 1
        assert y.shape == shape

    def test_dense_layer_on_sequences_then_gives_what_tensorflow_gives(self, tmp_path):
        class Dense(tf.Module):
            def __init__(self):
                self.w = tf.Variable(tf.random.stateless_normal([5, 8], [1, 2]), name="w")

            @tf.function(input_signature=[tf.TensorSpec([None, 6, 8])])
            def infer(self, x):
                y = tf.matmul(tf.reshape(x, [-1, 8]), self.w, transpose_b=True)
                return {"y": tf.reshape(y, [-1, 6, 5])}

            @tf.function(input_signature=[tf.TensorSpec([5, 8])])
            def train(self, w):
                self.w.assign(w)
                return {"done": tf.reduce_sum(w)}

        net = Dense()
        data = file_of(net, tmp_path, **functions_of(net, "infer", "train"))
        assert describe(data).operators["FULLY_CONNECTED"] == 1
        lowered = lower(data).data
        assert "FULLY_CONNECTED" not in describe(lowered).operators
        x = np.random.default_rng(0).normal(size=(3, 6, 8)).astype(np.float32)
        got = Interpreter(lowered).signature("infer")({"x": x})["y"]
        np.testing.assert_allclose(got, net.infer(tf.constant(x))["y"], rtol=0, atol=1e-5)

    @pytest.mark.parametrize("count", [1, 2, 4])
    def test_sum_of_several_then_is_one_addition_after_the_other(self, builder, count):
        parts = [builder.tensor(0), *(builder.new((None, 4, 4, 2), "f") for _ in range(count - 1))]
        builder.emit("ADD_N", parts, [builder.new((None, 4, 4, 2), "f")], schema.AddNOptionsT())
        total = fast_form(builder, builder.operators[0])
        assert (total is None) == (count == 1)
        assert names(builder) == ["ADD_N", *["ADD"] * (count - 1)]

    @pytest.mark.parametrize("name", ["residual_keras3", "transformer_keras3"])
    def test_train_step_then_has_no_sum_of_several_that_xnnpack_refuses(self, name):
        data = zoo_file(name)
        assert "ADD_N" in describe(data).signature("train").ops
        assert "ADD_N" not in describe(lower(data).data).signature("train").ops

    def test_shape_of_an_activation_then_is_read_from_the_input(self, builder):
        x = builder.tensor(0)
        y = builder.relu(builder.reshape(x, (None, 8, 4)))
        found = builder.shape(y)
        assert contents(builder, found).tolist() == [OpenSize((0, 1)), 8, 4]
        assert names(builder) == ["RESHAPE", "RELU", "SHAPE", "SLICE", "CONCATENATION"]
        source = builder.operators[2].inputs
        assert source.tolist() == [0]

    @pytest.mark.parametrize(
        "name",
        ["convolutional_autoencoder_keras3", "layers_keras2", "transformer_keras3"],
    )
    def test_gradient_when_only_the_batch_is_open_then_its_axes_need_no_run_time(self, name):
        """Upsampling tiles, and a Dense layer on sequences multiplies sizes: XNNPACK could run none
        of a step in which a shape depended on numbers.
        """
        data = zoo_file(name)
        assert "WHERE" not in describe(lower(data).data).operators

    def test_sizes_when_multiplied_then_count_the_batch_as_often(self, builder):
        sizes = builder.shape(builder.tensor(0))
        options = schema.ReducerOptionsT()
        whole = builder.new((), np.int32, "whole")
        axis = builder.constant(np.zeros(1, np.int32))
        builder.emit("REDUCE_PROD", [sizes, axis], [whole], options)
        assert contents(builder, whole).tolist() == OpenSize((0, 32))
        twice = builder.mul(whole, builder.constant(np.array(2, np.int32)))
        assert contents(builder, twice).tolist() == OpenSize((0, 64))
        squared = builder.mul(whole, whole)
        assert contents(builder, squared).tolist() is None

    @pytest.mark.parametrize("op", ["add", "mul"])
    def test_sizes_made_of_the_same_twice_again_and_again_then_are_looked_at_once(
        self, builder, op
    ):
        size = builder.constant(np.array([3]), np.int64)
        for _ in range(39):
            size = getattr(builder, op)(size, size)
        expected = {"add": [3 * 2**39], "mul": [None]}[op]  # 3 to the 2³⁹: no int64
        assert contents(builder, size).tolist() == expected

    def test_sizes_that_double_then_are_unknown_beyond_a_thousand(self, builder):
        sizes = builder.reshape(builder.shape(builder.tensor(0)), (4,))
        for _ in range(30):
            sizes, parts = builder.new((4,), np.int32), [sizes, sizes]
            builder.emit("CONCATENATION", parts, [sizes], schema.ConcatenationOptionsT())
        assert contents(builder, sizes) is None

    @pytest.mark.parametrize("sizes", [[1, 2, 1], [1, -1, 1], [-1, 2, 1], [1, 2, -1]], ids=str)
    def test_sizes_when_split_then_are_those_of_each_part(self, builder, sizes):
        whole = builder.concat(
            [builder.constant(np.array([7, 8, 9])), builder.shape(builder.tensor(0))], 0
        )
        whole = builder.slice(whole, [0], [4])
        parts = [builder.new((n,), np.int32, "part") for n in (1, 2, 1)]
        inputs = [whole, builder.constant(np.array(sizes)), builder.constant(np.array(0))]
        builder.emit("SPLIT_V", inputs, parts, schema.SplitVOptionsT())
        known = [contents(builder, part).tolist() for part in parts]
        assert known == [[7], [8, 9], [OpenSize((0, 1))]]

    def test_batch_when_tiled_then_counts_as_often(self, builder):
        once, thrice = (
            builder.new((None, 8, 4, 2), np.float32, "y"),
            builder.new((None, 4, 4, 2), np.float32, "z"),
        )
        for y, times in ((once, (1, 2, 1, 1)), (thrice, (3, 1, 1, 1))):
            multiples = builder.constant(np.array(times, np.int32))
            builder.emit("TILE", [builder.tensor(0), multiples], [y], schema.TileOptionsT())
        assert builder.batch_source(once) == (0, 1)
        assert builder.batch_source(thrice) == (0, 3)

    def test_batch_when_reshaped_then_counts_the_rows(self, builder):
        rows = builder.reshape(builder.tensor(0), (None, 2))
        assert builder.batch_source(rows) == (0, 16)
        back = builder.reshape(rows, (None, 4, 4, 2))
        assert builder.batch_source(back) == (0, 1)

    def test_batch_when_a_piece_is_cut_off_then_is_not_known(self, builder):
        rest = builder.slice(builder.tensor(0), [1, 0, 0, 0], [None, 4, 4, 2])
        assert builder.batch_source(rest) is None

    def test_batch_when_another_axis_is_indexed_then_stays(self, builder):
        x = builder.transpose(builder.tensor(0), [1, 0, 2, 3])
        step = builder.new((None, 4, 2), np.float32, "step")
        options = schema.StridedSliceOptionsT()
        options.shrinkAxisMask, options.beginMask, options.endMask = 1, 0b1110, 0b1110
        bounds = [
            builder.constant(np.array(v, np.int32)) for v in ([-1, 0, 0, 0], [0] * 4, [1] * 4)
        ]
        builder.emit("STRIDED_SLICE", [x, *bounds], [step], options)
        assert builder.batch_source(step) == (0, 1)

    def test_batch_when_some_of_it_is_cut_and_another_axis_indexed_then_is_not_known(self, builder):
        x = builder.transpose(builder.tensor(0), [1, 0, 2, 3])
        step = builder.new((None, 4, 2), np.float32, "step")
        options = schema.StridedSliceOptionsT()
        options.shrinkAxisMask, options.beginMask, options.endMask = 1, 0b1100, 0b1110
        bounds = [builder.constant(np.array(v, np.int32)) for v in ([0, 1, 0, 0], [0] * 4, [1] * 4)]
        builder.emit("STRIDED_SLICE", [x, *bounds], [step], options)
        assert builder.batch_source(step) is None

    def test_batch_when_reversed_then_stays(self, builder):
        assert builder.batch_source(builder.reverse(builder.tensor(0), 1)) == (0, 1)

    def test_rows_of_a_table_then_are_as_many_as_their_numbers(self, builder):
        indices = builder.cast(builder.sum(builder.tensor(0), [2, 3]), np.int32)
        table = builder.constant(np.zeros((9, 9, 9, 9, 5), np.float32))
        rows = builder.gather_nd(table, builder.slice(indices, [0, 0], [None, 3]))
        assert rows.shape == (None, 9, 5)
        assert builder.batch_source(rows) == (0, 1)

    def test_sum_over_no_axis_then_is_its_input(self, builder):
        x = builder.tensor(0)
        builder.sum(x, [])
        assert fast_form(builder, builder.operators[-1]) == x

    def test_constant_filters_then_stay(self, builder):
        builder.conv2d(builder.tensor(0), np.ones((3, 2, 2, 2), np.float32))
        assert fast_form(builder, builder.operators[-1]) is None


class TestSharedResults:
    def test_equal_ops_then_are_computed_once(self, builder):
        x = builder.tensor(0)
        first, second = builder.relu(x), builder.relu(x)
        total = builder.add(first, second)
        graph = builder.graph
        graph.operators = builder.operators
        graph.outputs = np.array([total.index], np.int32)
        share_results(builder.model, graph)
        assert len(graph.operators) == 2
        assert graph.operators[-1].inputs.tolist() == [first.index, first.index]

    def test_ops_with_other_options_then_stay(self, builder):
        x = builder.tensor(0)
        parts = [builder.sum(x, [1], keepdims=keep) for keep in (True, False)]
        graph = builder.graph
        graph.operators = builder.operators
        graph.outputs = np.array([part.index for part in parts], np.int32)
        share_results(builder.model, graph)
        assert len(graph.operators) == 2

    def test_reshapes_whose_shapes_are_options_then_are_told_apart_by_them(self, builder):
        x = builder.tensor(0)
        for sizes in ((-1, 2), (-1, 3), (-1, 2)):
            options = schema.ReshapeOptionsT()
            options.newShape = np.array(sizes, np.int32)
            builder.emit("RESHAPE", [x], [builder.new((None, None), np.float32)], options)
        graph = builder.graph
        total = builder.add(*(builder.tensor(int(o.outputs[0])) for o in builder.operators[::2]))
        graph.operators = builder.operators
        graph.outputs = np.array([total.index], np.int32)
        share_results(builder.model, graph)
        kept = [operator.builtinOptions.newShape.tolist() for operator in graph.operators[:-1]]
        assert kept == [[-1, 2], [-1, 3]]
