"""The optimising passes: the numbers stay as they were, and each pass does what it says."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter as LiteRt
from graphs import difference, empty, run_graph

from odt_core import load_model
from odt_core.graph import lower
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.lowering import lower_with
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.passes.constant_forms import constant_form
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.passes.fuse import fuse
from odt_core.graph.passes.optimise import PASSES, Pass, optimise
from odt_core.graph.passes.order import refused_apart
from odt_core.graph.passes.prune import compact, drop_subgraphs
from odt_core.graph.record import PASSES_VERSION, read_record
from odt_core.graph.resources import assign, handle
from odt_core.runtime.interpreter import Interpreter
from tests.zoo_models import zoo_drill, zoo_file

ROOT = Path(__file__).parents[2]
BUNDLED = ("digits", "photos")
ZOO = (
    "cnn_overlapping_pool_keras3",
    "depthwise_separable_keras2",
    "mlp_adam_keras2",
    "personalise_keras2",
    "residual_keras3",
    "attention_static_keras2",
    "sensor_gru_unrolled_keras3",
    "text_mean_keras2",
    "text_lstm_unrolled_static_keras3",
)
BY_NAME = {one.name: one for one in PASSES}
STEPS = 4
ROUNDING = 1e-5  # relative to the largest of an array


@cache
def file(name: str) -> bytes:
    """A bundled model, or a zoo model with the Flex ops it came with."""
    if name in BUNDLED:
        return (ROOT / "assets" / "models" / f"{name}.tflite").read_bytes()
    return zoo_file(name)


@cache
def lowered(name: str, *passes: str) -> bytes:
    return lower_with(file(name), tuple(BY_NAME[one] for one in passes)).data


@cache
def numbers(name: str, *passes: str) -> list[np.ndarray]:
    """Losses of a few train steps, predictions after them, and every variable."""
    interpreter = Interpreter(lowered(name, *passes))

    def run(signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return interpreter.signature(signature)(dict(inputs))

    if name in BUNDLED:
        found = [run("train", batch(interpreter, "train", step)) for step in range(STEPS)]
        found.append(run("infer", batch(interpreter, "infer", STEPS)))
        results = [array for outputs in found for _, array in sorted(outputs.items())]
    else:
        drill = zoo_drill(name)
        drill.prepare(run)
        results = [np.array(drill.losses(run, STEPS)), *drill.outputs(run)]
    state = run("odt_get_state", {})
    return results + [array for _, array in sorted(state.items())]


def batch(interpreter: Interpreter, signature: str, seed: int) -> dict[str, np.ndarray]:
    """Five samples, and the classes 0 to 4."""
    draw = np.random.default_rng(seed)
    arrays = {}
    for key, (dtype, shape) in interpreter.signature(signature).inputs.items():
        sizes = tuple(5 if size == -1 else size for size in shape)
        is_label = key in ("y", "label")
        arrays[key] = (np.eye(*sizes) if is_label else draw.random(sizes)).astype(dtype)
    return arrays


def operators(data: bytes, signature: str = "train") -> list[str]:
    """The ops of a signature, in order."""
    model = read(data)
    (found,) = [s for s in model.signatureDefs if s.signatureKey == signature.encode()]
    return [name_of(model, o) for o in model.subgraphs[found.subgraphIndex].operators]


def partitions(data: bytes) -> int:
    """In how many parts XNNPACK takes the train signature."""
    model = read(data)
    model.signatureDefs = [s for s in model.signatureDefs if s.signatureKey == b"train"]
    drop_subgraphs(model, [model.signatureDefs[0].subgraphIndex])
    compact(model)
    litert = LiteRt(model_content=write(model), num_threads=1)
    for entry in litert.get_input_details():
        sizes = [8 if size == -1 else size for size in entry["shape_signature"]]
        litert.resize_tensor_input(entry["index"], sizes)
    litert.allocate_tensors()
    return Counter(op["op_name"] for op in litert._get_ops_details())["DELEGATE"]


def computed(
    build: Callable[[Builder], tuple[list[int], int]],
    passes: tuple[Pass, ...],
    arrays: list[np.ndarray],
) -> tuple[list[str], np.ndarray]:
    """The ops of a graph that `build` makes, after the passes, and what it computes."""
    b = empty()
    inputs, output = build(b)
    b.graph.operators = b.operators
    b.graph.inputs, b.graph.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
    optimise(b.model, b.graph, passes)
    names = [name_of(b.model, operator) for operator in b.graph.operators]
    return names, run_graph(b, arrays)


class TestNumbers:
    @pytest.mark.parametrize("name", [*BUNDLED, *ZOO])
    @pytest.mark.parametrize("one", PASSES, ids=lambda one: one.name)
    def test_pass_when_applied_alone_then_losses_predictions_and_weights_stay(self, one, name):
        before, after = numbers(name), numbers(name, one.name)
        for given, expected in zip(after, before, strict=True):
            if one.exact:
                assert given.tobytes() == expected.tobytes()
            else:
                assert difference(given, expected) < ROUNDING

    @pytest.mark.parametrize("name", [*BUNDLED, *ZOO])
    def test_all_passes_when_applied_then_numbers_stay_within_rounding(self, name):
        before, after = numbers(name), numbers(name, *BY_NAME)
        for given, expected in zip(after, before, strict=True):
            assert difference(given, expected) < ROUNDING


class TestEachPass:
    def test_dead_code_when_dropped_then_ops_that_nobody_reads_are_gone(self):
        name = "sensor_gru_unrolled_keras3"
        before, after = (operators(lowered(name, *p)) for p in ((), ("dead code",)))
        assert len(after) < len(before)
        assert Counter(after) <= Counter(before)

    def test_common_subexpressions_when_shared_then_patches_are_cut_once(self):
        name = "cnn_overlapping_pool_keras3"
        alone = lowered(name, "dead code")
        shared = lowered(name, "dead code", "common subexpressions")
        assert operators(shared).count("CONCATENATION") < operators(alone).count("CONCATENATION")

    def test_casts_of_one_tensor_to_two_types_then_both_stay(self):
        def build(b: Builder) -> tuple[list[int], int]:
            x = b.new((4,), np.int64, "x")
            small = b.cast(b.add(b.cast(x, np.int32), b.cast(x, np.int32)), np.float32)
            return [x.index], b.add(b.cast(x, np.float32), small).index

        names, found = computed(
            build, (BY_NAME["common subexpressions"],), [np.arange(4, dtype=np.int64)]
        )
        assert names.count("CAST") == 3
        np.testing.assert_array_equal(found, [0, 3, 6, 9])

    def test_slices_when_written_with_masks_then_xnnpack_takes_them(self):
        before, after = lowered("digits"), lowered("digits", "slices")
        assert operators(after).count("SLICE") < operators(before).count("SLICE")
        assert len(operators(after)) == len(operators(before))
        assert partitions(after) < partitions(before)

    def test_slice_of_a_dynamic_batch_then_gives_the_same_for_every_batch(self):
        def build(b: Builder) -> tuple[list[int], int]:
            x = b.new((None, 6, 4), np.float32, "x")
            return [x.index], b.slice(x, [0, 1, 2], [None, 3, 2]).index

        for count in (1, 7):
            x = np.random.default_rng(count).random((count, 6, 4), np.float32)
            names, y = computed(build, (BY_NAME["slices"],), [x])
            assert names == ["STRIDED_SLICE"]
            np.testing.assert_array_equal(y, x[:, 1:4, 2:])

    def test_slice_that_cuts_the_batch_then_stays(self):
        def build(b: Builder) -> tuple[list[int], int]:
            x = b.new((None, 6), np.float32, "x")
            return [x.index], b.slice(x, [1, 0], [None, 6]).index

        x = np.random.default_rng(0).random((5, 6), np.float32)
        names, y = computed(build, (BY_NAME["slices"],), [x])
        assert names == ["SLICE"]
        np.testing.assert_array_equal(y, x[1:])

    def test_scale_of_a_gradient_then_multiplies_the_smaller_factor(self):
        def build(b: Builder) -> tuple[list[int], int]:
            x, d = b.new((None, 300), np.float32, "x"), b.new((None, 20), np.float32, "d")
            rate = b.new((), np.float32, "rate")
            b.share_batch([x, d])
            return [x.index, d.index, rate.index], b.mul(
                b.matmul(x, d, transpose_a=True), rate
            ).index

        draw = np.random.default_rng(0)
        x, d = draw.random((8, 300), np.float32), draw.random((8, 20), np.float32)
        rate = np.array(0.1, np.float32)
        kept, expected = computed(build, (), [x, d, rate])
        names, y = computed(build, (BY_NAME["dead code"], BY_NAME["scales"]), [x, d, rate])
        assert kept.index("BATCH_MATMUL") < kept.index("MUL")
        assert names.index("MUL") < names.index("BATCH_MATMUL")
        assert difference(y, expected) < ROUNDING

    @pytest.mark.parametrize("gradient", [False, True])
    @pytest.mark.parametrize("row", [False, True])
    @pytest.mark.parametrize(("columns", "last"), [(1, "SUM"), (2, "TRANSPOSE"), (4, "TRANSPOSE")])
    def test_product_of_few_columns_then_is_summed_or_turned_over(
        self, gradient, row, columns, last
    ):
        def build(b: Builder) -> tuple[list[int], int]:
            left = b.new((None, 40), np.float32, "x")
            shape = (None if gradient else 40, columns)
            right = b.new(shape[::-1] if row else shape, np.float32, "w")
            product = b.matmul(left, right, transpose_a=gradient, transpose_b=row)
            return [left.index, right.index], product.index

        draw = np.random.default_rng(0)
        x = draw.random((32, 40), np.float32)
        w = draw.random((32 if gradient else 40, columns), np.float32)
        names, y = computed(build, (BY_NAME["narrow products"],), [x, w.T.copy() if row else w])
        assert [name for name in names if name != "RESHAPE"][-1] == last
        assert difference(y, x.T @ w if gradient else x @ w) < ROUNDING

    @pytest.mark.parametrize("turned", [False, True])
    def test_turned_product_when_weights_are_constant_then_is_fully_connected(self, turned):
        draw = np.random.default_rng(0)
        w, x = draw.random((4, 1280), np.float32), draw.random((32, 1280), np.float32)

        def build(b: Builder) -> tuple[list[int], int]:
            batch = b.new((None, 1280), np.float32, "x")
            weights = b.constant(w.T.copy() if turned else w)
            product = b.matmul(weights, batch, transpose_a=turned, transpose_b=True)
            return [batch.index], b.transpose(product, [1, 0]).index

        constant = Pass("constant forms", lambda m, g: rewrite(m, g, constant_form))
        names, y = computed(build, (constant, BY_NAME["dead code"]), [x])
        assert names == ["FULLY_CONNECTED"]
        assert difference(y, x @ w.T) < ROUNDING

    def test_product_of_many_columns_then_stays(self):
        def build(b: Builder) -> tuple[list[int], int]:
            x, w = b.new((None, 1280), np.float32, "x"), b.new((1280, 64), np.float32, "w")
            return [x.index, w.index], b.matmul(x, w).index

        arrays = [np.ones((2, 1280), np.float32), np.ones((1280, 64), np.float32)]
        kept, _ = computed(build, (), arrays)
        names, _ = computed(build, (BY_NAME["narrow products"],), arrays)
        assert names == kept

    @pytest.mark.parametrize("first", [False, True])
    @pytest.mark.parametrize("constant", [False, True])
    @pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "maximum"])
    def test_numbers_a_channel_then_meet_longer_rows(self, op, constant, first):
        draw = np.random.default_rng(0)
        x, v = draw.random((3, 4, 6, 8), np.float32), draw.random((1, 1, 8), np.float32)

        def build(b: Builder) -> tuple[list[int], int]:
            image = b.new((None, 4, 6, 8), np.float32, "x")
            numbers = b.constant(v) if constant else b.new(v.shape, np.float32, "v")
            pair = (numbers, image) if first else (image, numbers)
            ends = [image.index] if constant else [image.index, numbers.index]
            return ends, getattr(b, op)(*pair).index

        arrays = [x] if constant else [x, v]
        _, expected = computed(build, (), arrays)
        names, y = computed(build, (BY_NAME["longer rows"], BY_NAME["dead code"]), arrays)
        assert names.count("RESHAPE") == (2 if constant else 3)
        assert ("CONCATENATION" in names) is not constant
        assert y.tobytes() == expected.tobytes()

    @pytest.mark.parametrize("shape", [(None, 4, 6, 64), (None, 1, 29, 8), (None, None, 6, 8)])
    def test_image_of_many_channels_or_of_no_rows_then_stays(self, shape):
        def build(b: Builder) -> tuple[list[int], int]:
            image = b.new(shape, np.float32, "x")
            numbers = b.new(shape[-1:], np.float32, "v")
            return [image.index, numbers.index], b.add(image, numbers).index

        x = np.ones([size or 4 for size in shape], np.float32)
        v = np.arange(shape[-1], dtype=np.float32)
        names, y = computed(build, (BY_NAME["longer rows"],), [x, v])
        assert names == ["ADD"]
        np.testing.assert_array_equal(y, x + v)

    def test_longer_rows_when_the_numbers_are_constants_then_are_as_before(self):
        """So that a convolution takes its bias in."""
        v = np.arange(8, dtype=np.float32)

        def build(b: Builder) -> tuple[list[int], int]:
            image = b.new((None, 4, 6, 8), np.float32, "x")
            return [image.index], b.sub(v, image).index

        passes = [
            BY_NAME["longer rows"],
            Pass("constant forms", lambda m, g: rewrite(m, g, constant_form)),
            BY_NAME["dead code"],
        ]
        x = np.random.default_rng(0).random((2, 4, 6, 8), np.float32)
        names, y = computed(build, tuple(passes), [x])
        assert names == ["SUB"]
        np.testing.assert_array_equal(y, v - x)

    @pytest.mark.parametrize("swapped", [False, True])
    def test_broadcast_that_meets_an_array_of_its_size_then_is_none(self, swapped):
        """The gradient of a mean: Σ/n over every position, times what was there."""

        def build(b: Builder) -> tuple[list[int], int]:
            x, v = (b.new(size, np.float32) for size in ((None, 3, 4, 5), (1, 1, 1, 5)))
            repeated = b.div(b.broadcast_to(v, b.shape(x), x.shape), 12.0)
            b.share_batch([x, repeated])
            pair = (b.exp(repeated), x) if swapped else (x, b.exp(repeated))
            return [x.index, v.index], b.sub(*pair).index

        draw = np.random.default_rng(0)
        arrays = [draw.random((7, 3, 4, 5), np.float32), draw.random((1, 1, 1, 5), np.float32)]
        kept, expected = computed(build, (), arrays)
        names, y = computed(build, (BY_NAME["broadcasts"], BY_NAME["dead code"]), arrays)
        assert "BROADCAST_TO" in kept
        assert names == ["DIV", "EXP", "SUB"]
        assert y.tobytes() == expected.tobytes()

    def test_two_broadcasts_that_meet_then_are_one_of_what_they_give(self):
        def build(b: Builder) -> tuple[list[int], int]:
            x = b.new((None, 3, 5), np.float32, "x")
            row, column = (b.new(size, np.float32) for size in ((5,), (3, 1)))
            both = [b.broadcast_to(v, b.shape(x), x.shape) for v in (row, column)]
            for one in both:
                b.share_batch([x, one])
            return [x.index, row.index, column.index], b.neg(b.mul(*both)).index

        draw = np.random.default_rng(0)
        arrays = [draw.random(size, np.float32) for size in ((4, 3, 5), (5,), (3, 1))]
        _, expected = computed(build, (), arrays)
        names, y = computed(build, (BY_NAME["broadcasts"], BY_NAME["dead code"]), arrays)
        assert names[-4:] == ["MUL", "NEG", "FILL", "ADD"]
        assert y.tobytes() == expected.tobytes()

    def test_broadcast_to_another_batch_than_the_array_has_then_counts(self):
        """[1, 5] broadcast to as many rows as z has, and added to x, which may have but one."""

        def build(b: Builder) -> tuple[list[int], int]:
            x, z = (b.new((None, 5), np.float32, name) for name in "xz")
            v = b.new((1, 5), np.float32, "v")
            repeated = b.broadcast_to(v, b.shape(z), (None, 5))
            return [x.index, z.index, v.index], b.add(repeated, x).index

        arrays = [np.ones((n, 5), np.float32) for n in (1, 4, 1)]
        names, y = computed(build, (BY_NAME["broadcasts"], BY_NAME["dead code"]), arrays)
        assert "BROADCAST_TO" not in names
        assert y.shape == (4, 5)
        assert (y == 2).all()

    def test_broadcast_of_integers_then_stays(self):
        def build(b: Builder) -> tuple[list[int], int]:
            x, v = b.new((None, 5), np.int32, "x"), b.new((5,), np.int32, "v")
            return [x.index, v.index], b.broadcast_to(v, b.shape(x), x.shape).index

        names, y = computed(
            build,
            (BY_NAME["broadcasts"],),
            [np.zeros((2, 5), np.int32), np.arange(5, dtype=np.int32)],
        )
        assert names[-1] == "BROADCAST_TO"
        assert y.tolist() == [[0, 1, 2, 3, 4]] * 2

    @pytest.mark.parametrize("op", ["mul", "add", "maximum"])
    def test_variable_on_both_sides_of_an_op_then_is_read_for_each(self, op):
        """LiteRT would die of it: w·w in a penalty on weights."""
        b = empty()
        x, w = b.new((10,), np.float32, "x"), b.new((10,), np.float32, "w")
        variable = handle(b, (b"", b"weights"))
        assign(b, variable, x)
        b.emit("READ_VARIABLE", [variable], [w], schema.ReadVariableOptionsT())
        y = getattr(b, op)(w, w)
        b.graph.operators = b.operators
        b.graph.inputs, b.graph.outputs = (np.array([one.index], np.int32) for one in (x, y))
        optimise(b.model, b.graph, (BY_NAME["dead code"], BY_NAME["reads"]))
        assert [name_of(b.model, one) for one in b.graph.operators].count("READ_VARIABLE") == 2
        values = np.arange(10, dtype=np.float32)
        function = {"mul": np.multiply, "add": np.add, "maximum": np.maximum}[op]
        assert run_graph(b, [values]).tolist() == function(values, values).tolist()

    def test_order_when_refused_ops_come_first_then_every_op_still_follows_its_inputs(self):
        before, after = read(lowered("photos")), read(lowered("photos", "order"))
        for old, new in zip(before.subgraphs, after.subgraphs, strict=True):
            assert len(old.operators) == len(new.operators)
            made = {int(index) for index in new.inputs}
            produced = {int(index) for operator in new.operators for index in operator.outputs}
            for operator in new.operators:
                assert made.issuperset(produced.intersection(inputs_of(operator)))
                made.update(int(index) for index in operator.outputs)
        assert partitions(lowered("photos", "order")) < partitions(lowered("photos"))

    def test_order_when_there_are_many_variables_then_takes_no_time(self):
        b = empty()
        one = b.constant(np.ones(1, np.float32))
        for k in range(2000):
            assign(b, handle(b, (b"", b"v%d" % k)), one)
        b.graph.operators = b.operators
        began = time.process_time()
        refused_apart(b.model, b.graph)
        took = time.process_time() - began
        began = time.process_time()
        for operator in b.operators:
            name_of(b.model, operator), inputs_of(operator)
        assert took < 100 * (time.process_time() - began)  # than a look at each op
        assert len(b.graph.operators) == 4000

    @pytest.mark.parametrize("name", BUNDLED)
    def test_bundled_model_when_passed_then_xnnpack_takes_the_step_in_one_part(self, name):
        assert partitions(lowered(name)) > 1
        assert partitions(lowered(name, *BY_NAME)) == 1


class TestFuse:
    @pytest.mark.parametrize("op", ["add", "mul"])
    def test_product_with_a_computed_bias_then_keeps_it(self, op):
        def build(b: Builder) -> tuple[list[int], int]:
            x, bias = b.new((2, 3), np.float32, "x"), b.new((4,), np.float32, "bias")
            product = b.new((2, 4), np.float32)
            weights = b.constant(np.ones((4, 3), np.float32))
            options = schema.FullyConnectedOptionsT()
            b.emit("FULLY_CONNECTED", [x, weights, bias], [product], options)
            return [x.index, bias.index], getattr(b, op)(product, np.float32(2)).index

        arrays = [np.ones((2, 3), np.float32), np.arange(4, dtype=np.float32)]
        _, found = computed(build, (Pass("fuse", fuse),), arrays)
        expected = {"add": [5, 6, 7, 8], "mul": [6, 8, 10, 12]}[op]
        np.testing.assert_array_equal(found, [expected, expected])


class TestVersions:
    def test_model_that_an_older_odt_lowered_when_loaded_then_is_passed_once(self):
        old = file("digits")
        record = read_record(read(old))
        assert record is not None
        assert record.passes < PASSES_VERSION
        new = lower(old).data
        found = read_record(read(new))
        assert found is not None
        assert found.passes == PASSES_VERSION
        assert lower(new).data == new

    def test_weights_and_name_when_an_older_model_is_passed_again_then_are_the_same_models(self):
        """So that checkpoints made before still load."""
        before, after = Interpreter(lowered("digits")), Interpreter(lower(file("digits")).data)
        old, new = (one.signature("odt_get_state")({}) for one in (before, after))
        assert old.keys() == new.keys()
        assert all(old[key].tobytes() == new[key].tobytes() for key in old)
        assert load_model(file("digits")).sha256 == hashlib.sha256(file("digits")).hexdigest()


class TestRandomGraphs:
    """Of graphs like these, every eighth kills LiteRT without the pass "reads"."""

    def test_graphs_of_variables_run_on_xnnpack_as_on_litert_s_own_kernels(self):
        script = Path(__file__).with_name("random_graphs.py")
        command = [sys.executable, str(script), "0", "150"]
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        run = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}
        )
        lines = run.stdout.splitlines()
        assert run.returncode == 0, f"{lines[-1:]}: {run.stderr[-500:]}"
        assert lines[-1] == "done"
        assert not [line for line in lines if line.startswith("differs")]
