"""The random ops, lowered, give TensorFlow's own numbers, bit for bit."""

import numpy as np
import pytest
from one_op import run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError

SEEDS = [[0, 0], [1, 2], [-7, 2**31 - 1], [123456789, -987654321]]
SHAPES = [(1,), (4,), (7,), (3, 5), (1, 1), (2, 3, 5, 7), (32, 100), (5000, 3)]
KEY = {"key": np.array([0xFEDCBA9876543210], np.uint64)}
COUNTER = {"counter": np.array([0, 0x123456789ABCDEF0], np.uint64)}
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
batch = pytest.mark.parametrize("dynamic", [True, False], ids=["any batch", "fixed batch"])


def lowered(op, inputs, shape, dynamic, **options):
    return run_lowered(
        op,
        inputs,
        {},
        constant=["alg"] if dynamic else ["alg", "shape"],
        output_shapes=((None, *shape[1:]) if dynamic else shape,),
        **options,
    )


def drawn(shape, algorithm=1):
    size = {"shape": np.array(shape, np.int32)}
    return size | KEY | COUNTER | {"alg": np.array(algorithm, np.int32)}


class TestStatelessRandomGetKeyCounter:
    @pytest.mark.parametrize("dtype", [np.int32, np.int64])
    @pytest.mark.parametrize("seed", SEEDS, ids=str)
    def test_value_equals_tensorflow(self, seed, dtype):
        inputs = {"seed": np.array(seed, dtype)}
        expected = run_tensorflow("StatelessRandomGetKeyCounter", inputs, {})
        actual = run_lowered("StatelessRandomGetKeyCounter", inputs, {})
        assert np.array_equal(actual[0], expected[0])
        assert np.array_equal(actual[1], expected[1])


class TestStatelessRandomUniformV2:
    @batch
    @shapes
    @pytest.mark.parametrize("xnnpack", [True, False])
    def test_value_equals_tensorflow_bit_for_bit(self, shape, dynamic, xnnpack):
        inputs = drawn(shape)
        expected = run_tensorflow("StatelessRandomUniformV2", inputs, {})
        actual = lowered("StatelessRandomUniformV2", inputs, shape, dynamic, xnnpack=xnnpack)
        assert np.array_equal(actual[0], expected[0])

    def test_automatic_algorithm_is_philox(self):
        expected = run_tensorflow("StatelessRandomUniformV2", drawn((3, 5), 3), {})
        actual = lowered("StatelessRandomUniformV2", drawn((3, 5), 3), (3, 5), False)
        assert np.array_equal(actual[0], expected[0])

    def test_threefry_is_named(self):
        with pytest.raises(LoweringError, match="Philox"):
            lowered("StatelessRandomUniformV2", drawn((3, 5), 2), (3, 5), False)


class TestStatelessRandomUniform:
    @batch
    @pytest.mark.parametrize("seed", SEEDS, ids=str)
    def test_value_equals_tensorflow_bit_for_bit(self, seed, dynamic):
        inputs = {"shape": np.array([3, 7], np.int32), "seed": np.array(seed, np.int32)}
        expected = run_tensorflow("StatelessRandomUniform", inputs, {})
        actual = lowered("StatelessRandomUniform", inputs, (3, 7), dynamic)
        assert np.array_equal(actual[0], expected[0])


class TestStatelessRandomUniformInt:
    @batch
    @shapes
    @pytest.mark.parametrize(("low", "high"), [(0, 10), (-7, 3), (-(2**31), 2**31 - 1)])
    def test_value_equals_tensorflow(self, shape, dynamic, low, high):
        ends = {"minval": np.array(low, np.int32), "maxval": np.array(high, np.int32)}
        inputs = drawn(shape) | ends
        expected = run_tensorflow("StatelessRandomUniformIntV2", inputs, {})
        actual = lowered("StatelessRandomUniformIntV2", inputs, shape, dynamic)
        assert np.array_equal(actual[0], expected[0])

    def test_value_of_the_old_op_equals_tensorflow(self):
        inputs = {"shape": np.array([3, 7], np.int32), "seed": np.array([5, -9], np.int32)}
        inputs |= {"minval": np.array(-4, np.int32), "maxval": np.array(90, np.int32)}
        expected = run_tensorflow("StatelessRandomUniformInt", inputs, {})
        actual = lowered("StatelessRandomUniformInt", inputs, (3, 7), True)
        assert np.array_equal(actual[0], expected[0])

    @batch
    @shapes
    @pytest.mark.parametrize(("low", "high"), [(0, 10), (-(2**40), 3 - 2**40), (0, 2**31 - 1)])
    def test_value_of_64_bits_equals_tensorflow(self, shape, dynamic, low, high):
        ends = {"minval": np.array(low, np.int64), "maxval": np.array(high, np.int64)}
        inputs = drawn(shape) | ends
        expected = run_tensorflow("StatelessRandomUniformIntV2", inputs, {})
        actual = run_lowered(
            "StatelessRandomUniformIntV2",
            inputs,
            {},
            constant=["alg", "minval", "maxval"] + ([] if dynamic else ["shape"]),
            output_shapes=((None, *shape[1:]) if dynamic else shape,),
        )
        assert np.array_equal(actual[0], expected[0])

    def test_too_many_numbers_of_64_bits_are_refused(self):
        ends = {"minval": np.array(0), "maxval": np.array(2**31)}
        with pytest.raises(LoweringError, match=r"fewer than 2\^31"):
            run_lowered(
                "StatelessRandomUniformIntV2",
                drawn((3,)) | ends,
                {},
                constant=[*drawn((3,)), *ends],
            )

    def test_computed_ends_of_64_bits_are_refused(self):
        ends = {"minval": np.array(0), "maxval": np.array(9)}
        with pytest.raises(LoweringError, match="int64 between computed bounds"):
            lowered("StatelessRandomUniformIntV2", drawn((3, 5)) | ends, (3, 5), False)


class TestStatelessRandomUniformFullInt:
    @batch
    @shapes
    @pytest.mark.parametrize(
        ("dtype", "number"), [("int32", 3), ("int64", 9), ("uint32", 22), ("uint64", 23)]
    )
    def test_value_equals_tensorflow(self, shape, dynamic, dtype, number):
        expected = run_tensorflow("StatelessRandomUniformFullIntV2", drawn(shape), {"dtype": dtype})
        actual = run_lowered(
            "StatelessRandomUniformFullIntV2",
            drawn(shape),
            {"dtype": number},
            constant=["alg"] if dynamic else ["alg", "shape"],
            output_shapes=((None, *shape[1:]) if dynamic else shape,),
        )
        assert actual[0].dtype == dtype
        assert np.array_equal(actual[0], expected[0])

    def test_value_of_the_old_op_equals_tensorflow(self):
        inputs = {"shape": np.array([3, 7], np.int32), "seed": np.array([5, -9], np.int32)}
        expected = run_tensorflow("StatelessRandomUniformFullInt", inputs, {"dtype": "int64"})
        actual = run_lowered(
            "StatelessRandomUniformFullInt", inputs, {"dtype": 9}, output_shapes=((None, 7),)
        )
        assert np.array_equal(actual[0], expected[0])


class TestStatelessRandomNormalV2:
    @batch
    @shapes
    def test_value_equals_tensorflow(self, shape, dynamic):
        expected = run_tensorflow("StatelessRandomNormalV2", drawn(shape), {})
        actual = lowered("StatelessRandomNormalV2", drawn(shape), shape, dynamic)
        assert worst_error(actual[0], expected[0]) < 2e-6
