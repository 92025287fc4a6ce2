"""Bits of whole numbers against TensorFlow's own ops."""

from __future__ import annotations

import numpy as np
import pytest
from one_op import run_lowered, run_tensorflow

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError

DTYPES = (np.int32, np.int16, np.int8, np.uint8)


def numbers(dtype: type, seed: int) -> np.ndarray:
    limits = np.iinfo(dtype)
    edges = [limits.min, limits.max, 0, 1, limits.max // 2, limits.min // 2]
    drawn = np.random.default_rng(seed).integers(limits.min, limits.max, 58, endpoint=True)
    return np.array([*edges, *drawn], np.int64).astype(dtype)


@pytest.mark.parametrize("op", ["BitwiseAnd", "BitwiseOr"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_of_two_then_equals_tensorflow(op, dtype):
    x, y = np.meshgrid(numbers(dtype, 0), numbers(dtype, 1))
    inputs = {"x": x.astype(dtype), "y": y.astype(dtype)}
    (expected,) = run_tensorflow(op, inputs, {})
    (actual,) = run_lowered(op, inputs, {}, dynamic=["x", "y"])
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_invert_then_equals_tensorflow(dtype):
    x = {"x": numbers(dtype, 2)}
    (expected,) = run_tensorflow("Invert", x, {})
    np.testing.assert_array_equal(run_lowered("Invert", x, {}, dynamic=["x"])[0], expected)


def test_of_64_bits_says_so():
    x = np.array([1, 2], np.int64)
    with pytest.raises(LoweringError, match="it works on int64"):
        run_lowered("BitwiseAnd", {"x": x, "y": x}, {})
