"""Random ops with a state of their own draw what TensorFlow's and LiteRT's draw, call by call."""

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from one_op import worst_error

from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import write
from odt_core.graph.flex import FlexOp
from odt_core.graph.lowering import lower
from odt_core.graph.rules import RULES
from odt_core.graph.rules.stateful_random import _advance
from odt_core.graph.state import add_state_signatures

SHAPES = [(2, 3), (5, 7), (1, 1), (40, 300)]  # the last takes more than one block
SEEDS = [(7, 11), (-3, 2**40 + 1)]


def built(write_op):
    """A model of one signature, shape -> y, whose ops `write_op` writes."""
    model = schema.ModelT()
    model.version, model.operatorCodes, model.buffers = 3, [], [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.name, graph.tensors, graph.operators = b"draw", [], []
    model.subgraphs = [graph]
    builder = Builder(model, graph)
    shape = builder.new((2,), np.int32)
    y = write_op(builder, shape)
    graph.operators = builder.operators
    graph.inputs, graph.outputs = (np.array([t.index], np.int32) for t in (shape, y))
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"draw", 0
    signature.inputs, signature.outputs = ([schema.TensorMapT()] for _ in range(2))
    for (entry,), name, tensor in (
        (signature.inputs, b"shape", shape),
        (signature.outputs, b"y", y),
    ):
        entry.name, entry.tensorIndex = name, tensor.index
    model.signatureDefs = [signature]
    return model


def lowered(op, seeds, more=()):
    """The interpreter of a model with one such op, state signatures included."""

    def write_op(builder, shape):
        attributes = {"seed": seeds[0], "seed2": seeds[1]}
        inputs = [shape, *(builder.constant(np.array(v, np.int32)) for v in more)]
        return RULES[op](builder, FlexOp(op, op, attributes, ((None, None),)), inputs)[0]

    model = built(write_op)
    add_state_signatures(model)
    return Interpreter(model_content=write(model), num_threads=1)


def draw(interpreter, shape):
    return interpreter.get_signature_runner("draw")(shape=np.array(shape, np.int32))["y"]


class TestFlex:
    @pytest.mark.parametrize("seeds", SEEDS, ids=str)
    @pytest.mark.parametrize("op", ["RandomUniform", "RandomStandardNormal", "TruncatedNormal"])
    def test_numbers_when_drawn_again_and_again_then_are_tensorflows(self, op, seeds):
        raw = getattr(tf.raw_ops, op)

        @tf.function(input_signature=[tf.TensorSpec([2], tf.int32)])
        def expected(shape):
            return raw(shape=shape, dtype=tf.float32, seed=seeds[0], seed2=seeds[1])

        interpreter = lowered(op, seeds)
        for shape in SHAPES[:3] if op == "TruncatedNormal" else SHAPES:
            actual = draw(interpreter, shape)
            assert worst_error(actual, expected(np.array(shape, np.int32)).numpy()) < 2e-6

    def test_integers_when_drawn_again_then_are_tensorflows(self):
        @tf.function(input_signature=[tf.TensorSpec([2], tf.int32)])
        def expected(shape):
            return tf.raw_ops.RandomUniformInt(shape=shape, minval=-3, maxval=9, seed=7, seed2=11)

        interpreter = lowered("RandomUniformInt", (7, 11), more=(-3, 9))
        for shape in SHAPES:
            expect = expected(np.array(shape, np.int32)).numpy()
            np.testing.assert_array_equal(draw(interpreter, shape), expect)

    def test_state_when_millions_are_drawn_then_is_256_counters_on_for_each(self):
        def write_op(builder, shape):
            op = FlexOp("RandomUniform", "", {"seed": 7, "seed2": 11}, ((None, None),))
            return _advance(builder, op, shape, builtin=False)

        model = built(write_op)
        add_state_signatures(model)
        interpreter = Interpreter(model_content=write(model), num_threads=1)
        draw(interpreter, (4096, 4096))
        assert draw(interpreter, (1, 1)).tolist() == [7, 2**32, 11]


class TestShuffle:
    def test_rows_when_shuffled_then_are_the_same_in_another_order_each_time(self, tmp_path):
        module = tf.Module()
        module.mix = tf.function(
            tf.random.shuffle, input_signature=[tf.TensorSpec([None, 3], tf.float32)]
        )
        tf.saved_model.save(module, str(tmp_path), signatures={"mix": module.mix})
        converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path))
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS,
            tf.lite.OpsSet.SELECT_TF_OPS,
        ]
        mix = Interpreter(model_content=lower(converter.convert()).data).get_signature_runner("mix")
        for count in (1, 2, 40, 7):
            x = np.arange(3 * count, dtype=np.float32).reshape(count, 3)
            orders = [next(iter(mix(value=x).values())) for _ in range(20)]
            assert all(np.array_equal(one[one[:, 0].argsort()], x) for one in orders)
            assert len({one.tobytes() for one in orders}) >= min(count, 10)


class TestBuiltin:
    @pytest.mark.parametrize("name", ["RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL"])
    @pytest.mark.parametrize("seeds", SEEDS, ids=str)
    def test_numbers_when_lowered_then_are_litert_s(self, name, seeds):
        def write_op(builder, shape):
            y = builder.new((None, None), np.float32)
            options = schema.RandomOptionsT()
            options.seed, options.seed2 = seeds
            builder.emit(name, [shape], [y], options)
            return y

        data = write(built(write_op))
        assert b"odt_random/draw/0" in lower(data).data
        before = Interpreter(model_content=data, num_threads=1)
        after = Interpreter(model_content=lower(data).data, num_threads=1)
        for shape in SHAPES:
            assert worst_error(draw(after, shape), draw(before, shape)) < 2e-6


class TestState:
    def test_numbers_when_state_is_read_and_set_then_go_on_where_they_stopped(self):
        first = lowered("RandomUniform", (7, 11))
        draw(first, (3, 3))
        state = first.get_signature_runner("odt_get_state")()
        second = lowered("RandomUniform", (7, 11))
        second.get_signature_runner("odt_set_state")(**state)
        np.testing.assert_array_equal(draw(second, (3, 3)), draw(first, (3, 3)))

    def test_numbers_when_key_is_set_then_are_others(self):
        interpreter = lowered("RandomUniform", (7, 11))
        before = draw(interpreter, (3, 3))
        seeded = {"v0": np.array([1234, 0, 0], np.int64)}
        interpreter.get_signature_runner("odt_set_state")(**seeded)
        after = draw(interpreter, (3, 3))
        assert np.abs(before - after).max() > 0.1

    def test_numbers_when_op_has_no_seed_then_differ_from_call_to_call_only(self):
        first, second = (lowered("RandomUniform", (0, 0)) for _ in range(2))
        one, other = draw(first, (4, 4)), draw(first, (4, 4))
        assert np.abs(one - other).max() > 0.1
        np.testing.assert_array_equal(draw(second, (4, 4)), one)
