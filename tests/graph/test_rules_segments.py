"""Segments, running sums and products, and classes among the first k are what TensorFlow gives."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)


@pytest.mark.parametrize("op", ["Sum", "Prod", "Max", "Min"])
def test_unsorted_segments_when_some_are_empty_then_equal_tensorflow(op):
    inputs = {
        "data": normal(0, 6, 3),
        "segment_ids": np.array([4, 0, 4, 1, 0, 4], np.int32),
        "num_segments": np.array(6, np.int32),
    }
    (actual,) = run_lowered(f"UnsortedSegment{op}", inputs, {}, dynamic=["data", "segment_ids"])
    (expected,) = run_tensorflow(f"UnsortedSegment{op}", inputs, {})
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "op", ["SegmentSum", "SegmentMean", "SegmentMax", "SegmentMin", "SegmentProd"]
)
def test_segments_when_sorted_then_equal_tensorflow(op):
    inputs = {"data": normal(0, 4, 3), "segment_ids": np.array([0, 0, 1, 3], np.int32)}
    (actual,) = run_lowered(op, inputs, {}, dynamic=list(inputs))
    (expected,) = run_tensorflow(op, inputs, {})
    assert worst_error(actual, expected) < 1e-6


@pytest.mark.parametrize("op", ["Cumsum", "Cumprod", "CumulativeLogsumexp"])
@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("axis", [1, -1])
def test_running_when_random_then_equals_tensorflow(op, exclusive, reverse, axis):
    inputs = {"x": normal(0, 3, 5, 7), "axis": np.array(axis, np.int32)}
    attributes = {"exclusive": exclusive, "reverse": reverse}
    (actual,) = run_lowered(op, inputs, attributes, dynamic=["x"], constant=["axis"])
    (expected,) = run_tensorflow(op, inputs, attributes)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("op", ["Cumprod", "CumulativeLogsumexp"])
@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("shape", [(7,), (5, 3), (5, 2, 3)], ids=str)
def test_running_along_the_batch_then_equals_tensorflow(op, exclusive, reverse, shape):
    inputs = {"x": normal(0, *shape), "axis": np.array(0, np.int32)}
    attributes = {"exclusive": exclusive, "reverse": reverse}
    (actual,) = run_lowered(op, inputs, attributes, dynamic=["x"], constant=["axis"])
    (expected,) = run_tensorflow(op, inputs, attributes)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dynamic", [[], ["x"]], ids=["size known", "size open"])
def test_running_log_of_sums_when_infinite_or_far_apart_then_equals_tensorflow(dynamic):
    x = np.array([-np.inf, -np.inf, 1e4, -1e4, 0, np.inf, 3], np.float32)
    inputs = {"x": x, "axis": np.array(0, np.int32)}
    (actual,) = run_lowered("CumulativeLogsumexp", inputs, {}, dynamic=dynamic, constant=["axis"])
    (expected,) = run_tensorflow("CumulativeLogsumexp", inputs, {})
    np.testing.assert_array_equal(actual, expected)


NUMBERS = np.array([3, 0, 3, 9, 1, 4], np.int32)
WEIGHTS = {"none": np.zeros(0, np.float32), "some": normal(1, 6), "int": np.zeros(0, np.int32)}


@pytest.mark.parametrize("known", [True, False], ids=["size known", "size computed"])
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("op", ["Bincount", "DenseBincount"])
def test_counts_then_equal_tensorflow_and_leave_out_what_is_too_large(op, weights, known):
    first = "arr" if op == "Bincount" else "input"
    inputs = {first: NUMBERS, "size": np.array(5, np.int32), "weights": WEIGHTS[weights]}
    constant = ["size"] if known else []
    (actual,) = run_lowered(op, inputs, {}, dynamic=[first], constant=constant)
    (expected,) = run_tensorflow(op, inputs, {})
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_counts_by_row_then_equal_tensorflow(binary, weighted):
    weights = normal(1, 2, 3) if weighted and not binary else np.zeros(0, np.float32)
    inputs = {"input": NUMBERS.reshape(2, 3), "size": np.array(5, np.int32), "weights": weights}
    attributes = {"binary_output": binary}
    (actual,) = run_lowered(
        "DenseBincount", inputs, attributes, dynamic=["input"], constant=["size"]
    )
    (expected,) = run_tensorflow("DenseBincount", inputs, attributes)
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


@pytest.mark.parametrize(("code", "kind"), [(3, "int32"), (9, "int64")])
@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32])
def test_counts_of_unique_numbers_then_equal_tensorflow(dtype, code, kind):
    inputs = {"x": NUMBERS.astype(dtype)}
    actual = run_lowered("UniqueWithCounts", inputs, {"out_idx": code}, dynamic=["x"])
    expected = run_tensorflow("UniqueWithCounts", inputs, {"out_idx": kind})
    assert [one.dtype for one in actual] == [one.dtype for one in expected]
    assert [one.tolist() for one in actual] == [one.tolist() for one in expected]


def test_range_when_computed_then_equals_tensorflow():
    inputs = {k: np.array(v, np.int32) for k, v in (("start", 2), ("limit", 11), ("delta", 3))}
    (actual,) = run_lowered("Range", inputs, {})
    assert actual.tolist() == [2, 5, 8]


@pytest.mark.parametrize("k", [0, 1, 3, 9])
def test_in_top_k_when_ties_and_infinities_then_equals_tensorflow(k):
    scores = np.round(normal(0, 12, 5))
    scores[[0, 1, 2], [1, 2, 3]] = np.inf, -np.inf, np.nan  # of the class that is asked for
    scores[[9, 10, 11], [1, 2, 3]] = np.inf, -np.inf, np.nan  # of another one
    inputs = {
        "predictions": scores.astype(np.float32),
        "targets": np.array([1, 2, 3, 3, 4, 5, -1, 0, 1, 0, 0, 0], np.int32),
        "k": np.array(k, np.int32),
    }
    (actual,) = run_lowered("InTopKV2", inputs, {}, dynamic=["predictions", "targets"])
    (expected,) = run_tensorflow("InTopKV2", inputs, {})
    assert actual.tolist() == expected.tolist()
