"""Elementwise ops that converters leave to Flex give what TensorFlow's own ops give."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError
from odt_core.graph.rules.elementwise import _BINARY, _UNARY
from odt_core.graph.rules.unsigned import ORDER, SAME_BITS

EDGES = np.array([0.0, -0.0, 1e-6, -1e-6, 1e-3, 0.499, 0.501, 1.0, -1.0, 8.0, -8.0], np.float32)
ANY = np.concatenate([EDGES, normal(0, 50) * 3]).astype(np.float32)
INSIDE = np.clip(ANY / 10, -0.99, 0.99)
ABOVE = np.abs(ANY) + 1
POSITIVE = np.abs(ANY) + np.float32(1e-3)
DOMAIN = {"Log": POSITIVE, "Sqrt": POSITIVE, "Rsqrt": POSITIVE, "Inv": ABOVE, "Reciprocal": ABOVE}
DOMAIN |= {"Asin": INSIDE, "Acos": INSIDE, "Atanh": INSIDE, "Acosh": ABOVE, "Tan": INSIDE}
DOMAIN |= {"Log1p": np.concatenate([INSIDE, ABOVE]), "LogicalNot": ANY > 0}
ONE = [
    *_UNARY, "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cosh", "Elu", "Expm1", "Inv",
    "Log1p", "Reciprocal", "Relu6", "Selu", "Sinh", "Softplus", "Softsign", "Tan",
]  # fmt: skip
TWO = [*_BINARY, "Atan2", "DivNoNan", "MulNoNan", "Xdivy", "Xlogy", "Xlog1py"]


@pytest.mark.parametrize("op", ONE)
def test_function_of_one_when_random_then_equals_tensorflow(op):
    x = DOMAIN.get(op, ANY).reshape(1, -1)
    key = "features" if op in ("Elu", "Relu", "Relu6", "Selu", "Softplus", "Softsign") else "x"
    key = "logits" if op in ("Softmax", "LogSoftmax") else key
    (expected,) = run_tensorflow(op, {key: x}, {})
    (actual,) = run_lowered(op, {key: x}, {}, dynamic=[key])
    if actual.dtype == bool:
        np.testing.assert_array_equal(actual, expected)
    else:
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("op", TWO)
def test_function_of_two_when_random_then_equals_tensorflow(op):
    x, y = ANY.reshape(1, -1), np.concatenate([normal(1, 1, 61), np.zeros((1, 61), np.float32)])
    if op in ("Pow", "Xlogy", "Xlog1py"):
        y = np.abs(y) + 0.5
        x = np.abs(x)
    if op in ("Div", "RealDiv", "FloorDiv", "FloorMod"):
        y = np.sign(y) + y + (y == 0)
    if op.startswith("Logical"):
        x, y = x > 0, y > 0
    names = ("y", "x") if op == "Atan2" else ("x", "y")
    inputs = dict(zip(names, (x, y), strict=True))
    (expected,) = run_tensorflow(op, inputs, {})
    (actual,) = run_lowered(op, inputs, {}, dynamic=names)
    if actual.dtype == bool:
        np.testing.assert_array_equal(actual, expected)
    else:
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_floor_div_when_64_bit_integers_then_equals_tensorflow():
    x = np.array([7, -7, 9, -9, 0, 2**40 + 5, -(2**61) - 3, 2**62 + 1, 123456789012345], np.int64)
    y = np.array([2, 2, -4, -4, 5, 3, 7, -1, 1000], np.int64)
    (expected,) = run_tensorflow("FloorDiv", {"x": x, "y": y}, {})
    (actual,) = run_lowered("FloorDiv", {"x": x, "y": y}, {})
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("delegates", [False, True])
def test_floor_div_when_numbers_are_the_largest_there_are_then_is_exact(delegates):
    ends = [2**63 - 1, 2**63 - 2, 2**62 + 1, 2**62, 2**53 + 1, 2**31, 7, 3, 2, 1]
    x, y = np.meshgrid([0, *ends, *(-end for end in ends), -(2**63)], [*ends, *(-e for e in ends)])
    apart = (x != np.iinfo(np.int64).min) | (y != -1)  # what has no 64 bits
    inputs = {"x": x[apart], "y": y[apart]}
    (actual,) = run_lowered("FloorDiv", inputs, {}, xnnpack=delegates)
    exact = [int(a) // int(b) for a, b in zip(*inputs.values(), strict=True)]
    assert actual.tolist() == exact


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("constant", [(), ("y",)])
def test_least_integer_when_divided_by_minus_one_then_the_process_lives(dtype, constant):
    least = np.iinfo(dtype).min
    inputs = {"x": np.array([least, 7, 7], dtype), "y": np.array([-1, -1, -2], dtype)}
    (quotient,) = run_lowered("FloorDiv", inputs, {}, constant=constant)
    (rest,) = run_lowered("FloorMod", inputs, {}, constant=constant)
    assert quotient.tolist() == [least, -7, -4]  # the first one wraps around
    assert rest.tolist() == [0, 0, -1]


@pytest.mark.parametrize("op", ["Sinh", "Cosh", "Asinh", "Acosh"])
def test_hyperbolic_function_when_its_parts_are_beyond_float32_then_equals_tensorflow(op):
    ends = [20, 50, 88, 88.9, 89.3, 100, 1e4, 1e10, 1.9e19, 1e37, np.inf]
    x = np.array([*ends, *(-end for end in ends)], np.float32)
    (expected,) = run_tensorflow(op, {"x": x}, {})
    (actual,) = run_lowered(op, {"x": x}, {})
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


class TestOthers:
    @pytest.mark.parametrize("op", ["IsNan", "IsInf", "IsFinite"])
    def test_kind_when_not_all_are_numbers_then_equals_tensorflow(self, op):
        inputs = {"x": np.array([1, np.nan, np.inf, -np.inf, 0], np.float32)}
        (actual,) = run_lowered(op, inputs, {})
        (expected,) = run_tensorflow(op, inputs, {})
        assert actual.tolist() == expected.tolist()

    def test_clip_when_outside_then_is_the_bound(self):
        inputs = {
            "t": np.array([-5.0, 0.5, 9.0], np.float32),
            "clip_value_min": np.array(-1.0, np.float32),
            "clip_value_max": np.array(2.0, np.float32),
        }
        (actual,) = run_lowered("ClipByValue", inputs, {})
        assert actual.tolist() == [-1.0, 0.5, 2.0]

    def test_l2_loss_when_three_four_then_half_of_25(self):
        (actual,) = run_lowered("L2Loss", {"t": np.array([[3.0], [4.0]], np.float32)}, {})
        assert actual.tolist() == 12.5

    def test_select_when_one_condition_a_row_then_takes_whole_rows(self):
        inputs = {"condition": np.array([True, False]), "x": normal(0, 2, 3), "y": normal(1, 2, 3)}
        (actual,) = run_lowered("Select", inputs, {}, dynamic=["condition", "x", "y"])
        (expected,) = run_tensorflow("Select", inputs, {})
        np.testing.assert_array_equal(actual, expected)

    def test_add_n_when_three_then_is_their_sum(self):
        inputs = {name: np.full((2, 2), 2.0**i, np.float32) for i, name in enumerate("abc")}
        (actual,) = run_lowered("AddN", inputs, {}, dynamic="abc")
        assert actual.tolist() == [[7.0, 7.0], [7.0, 7.0]]

    @pytest.mark.parametrize(("op", "value"), [("ZerosLike", 0), ("OnesLike", 1)])
    def test_filled_like_when_int_then_keeps_shape_and_dtype(self, op, value):
        (actual,) = run_lowered(op, {"x": np.array([[5, 6]], np.int32)}, {}, dynamic=["x"])
        assert actual.dtype == np.int32
        assert actual.tolist() == [[value, value]]

    def test_binary_when_float64_then_says_so(self):
        inputs = {"x": np.ones(2, np.float64), "y": np.ones(2, np.float64)}
        with pytest.raises(
            LoweringError,
            match="it works on float64 numbers, for which LiteRT has no kernel of ADD",
        ):
            run_lowered("AddV2", inputs, {})

    def test_unpack_when_an_axis_is_unknown_then_says_so(self):
        with pytest.raises(LoweringError, match="known at run time only"):
            run_lowered("Unpack", {"value": normal(0, 2, 3)}, {"axis": 0}, dynamic=["value"])

    @pytest.mark.parametrize("dtype", [np.float32, np.int64])
    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_unpack_when_split_along_an_axis_then_equals_tensorflow(self, axis, dtype):
        inputs = {"value": (normal(0, 2, 3, 4) * 10).astype(dtype)}
        num = inputs["value"].shape[axis]
        actual = run_lowered("Unpack", inputs, {"axis": axis})
        expected = run_tensorflow("Unpack", inputs, {"axis": axis, "num": num})
        assert len(actual) == num
        for one, other in zip(actual, expected, strict=True):
            np.testing.assert_array_equal(one, other)


class TestUnsigned:
    X = np.array([0, 1, 2**63 - 1, 2**63, 2**64 - 1, 5], np.uint64)
    Y = np.array([2**64 - 1, 1, 2**63, 2**63 - 1, 2**64 - 1, 2**40], np.uint64)

    @pytest.mark.parametrize("op", sorted(SAME_BITS | ORDER))
    def test_function_of_two_then_equals_tensorflow(self, op):
        inputs = {"x": self.X, "y": self.Y}
        (actual,), (expected,) = run_lowered(op, inputs, {}), run_tensorflow(op, inputs, {})
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)

    def test_select_then_equals_tensorflow(self):
        inputs = {"condition": self.X < self.Y, "t": self.X, "e": self.Y}
        (actual,) = run_lowered("SelectV2", inputs, {})
        np.testing.assert_array_equal(actual, np.minimum(self.X, self.Y))

    @pytest.mark.parametrize("source", [np.int32, np.int64])
    def test_cast_there_and_back_then_has_the_same_bits(self, source):
        x = np.array([0, 1, -1, 2**31 - 1, -(2**31)], source)
        (wide,) = run_lowered("Cast", {"x": x}, {"DstT": 23})
        np.testing.assert_array_equal(wide, x.astype(np.uint64))
        (back,) = run_lowered("Cast", {"x": wide}, {"DstT": 9})
        np.testing.assert_array_equal(back, x.astype(np.int64))

    @pytest.mark.parametrize(("dtype", "number"), [("float32", 1), ("float16", 19)])
    def test_cast_to_floats_then_equals_tensorflow(self, dtype, number):
        (actual,) = run_lowered("Cast", {"x": self.X}, {"DstT": number})
        (expected,) = run_tensorflow("Cast", {"x": self.X}, {"DstT": dtype})
        np.testing.assert_allclose(actual, expected, rtol=1e-7)

    def test_cast_of_floats_then_equals_tensorflow(self):
        x = np.array([0, 1.5, 60000, 2.0**62, 2.0**63, 1.2e19], np.float32)
        (actual,) = run_lowered("Cast", {"x": x}, {"DstT": 23})
        (expected,) = run_tensorflow("Cast", {"x": x}, {"DstT": "uint64"})
        np.testing.assert_array_equal(actual, expected)

    def test_cast_to_float64_then_is_refused(self):
        with pytest.raises(LoweringError, match="float64"):
            run_lowered("Cast", {"x": self.X}, {"DstT": 2})


class TestConcatOffset:
    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_offsets_when_sizes_are_computed_then_equal_tensorflow(self, axis):
        parts = {f"s{i}": np.array([2, 3 + i], np.int32) for i in range(3)}
        inputs = {"concat_dim": np.array(axis % 2, np.int32)} | parts
        if axis % 2 == 0:
            inputs |= {f"s{i}": np.array([2 + i, 3], np.int32) for i in range(3)}
        actual = run_lowered("ConcatOffset", inputs, {}, constant=["concat_dim"])
        begins = np.cumsum([0, *[int(inputs[f"s{i}"][axis]) for i in range(2)]])
        for offset, begin in zip(actual, begins, strict=True):
            assert offset[axis] == begin
            assert offset.sum() == begin
