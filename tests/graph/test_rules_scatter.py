"""Tensors changed at index tuples are TensorFlow's."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow

import odt_core.graph.rules  # noqa: F401 (declares the rules)

OPS = ["TensorScatterSub", "TensorScatterMax", "TensorScatterMin"]
INDICES = {
    "rows": np.array([[2], [0], [2]]),
    "entries": np.array([[2, 1], [0, 3], [2, 1]]),
    "entries of several axes": np.array([[[2, 1, 0]], [[0, 3, 1]], [[3, 3, 1]]]),
}


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("indices", INDICES)
@pytest.mark.parametrize("op", OPS)
def test_changed_tensor_when_a_tuple_comes_twice_then_equals_tensorflow(op, indices, opened):
    places = INDICES[indices].astype(np.int32)
    x = normal(0, 4, 5, 2)
    x[1] = np.inf, -np.inf  # which nothing changes
    updates = normal(1, *places.shape[:-1], *x.shape[places.shape[-1] :])
    inputs = {"tensor": x, "indices": places, "updates": updates}
    dynamic = list(inputs) if opened else []
    (actual,) = run_lowered(op, inputs, {}, dynamic=dynamic)
    (expected,) = run_tensorflow(op, inputs, {})
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


@pytest.mark.parametrize("op", OPS)
def test_changed_tensor_when_places_are_int64_then_equals_tensorflow(op):
    inputs = {"tensor": normal(0, 4, 3), "indices": np.array([[1, 2], [3, 0]])}
    inputs["updates"] = normal(1, 2)
    (actual,) = run_lowered(op, inputs, {}, dynamic=["tensor"])
    (expected,) = run_tensorflow(op, inputs, {})
    np.testing.assert_allclose(actual, expected, rtol=1e-6)
