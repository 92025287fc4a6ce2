"""Fake quantisation and its gradients are TensorFlow's."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)

RANGES = [(-1.0, 2.0), (0.0, 3.0), (-2.0, 0.0), (0.3, 1.7), (-3.0, -0.2), (0.0, 0.0)]
ATTRIBUTES = [{}, {"num_bits": 4}, {"narrow_range": True}, {"num_bits": 6, "narrow_range": True}]
settings = pytest.mark.parametrize("attributes", ATTRIBUTES, ids=str)
KIND = "FakeQuantWithMinMaxVars"
X = np.concatenate([normal(0, 6, 5) * 2, np.array([[0.0, -1.0, 2.0, 0.3, -0.2]], np.float32)])


def ends(low, high):
    return {"min": np.array(low, np.float32), "max": np.array(high, np.float32)}


def channels():
    chosen = np.array(RANGES[:4] + RANGES[-1:], np.float32)
    return {"min": chosen[:, 0].copy(), "max": chosen[:, 1].copy()}


@settings
@pytest.mark.parametrize(("low", "high"), RANGES)
def test_value_and_gradients_then_equal_tensorflow(low, high, attributes):
    (actual,) = run_lowered(KIND, {"inputs": X} | ends(low, high), attributes, dynamic=["inputs"])
    (expected,) = run_tensorflow(KIND, {"inputs": X} | ends(low, high), attributes)
    np.testing.assert_allclose(actual, expected, atol=1e-6)

    inputs = {"gradients": normal(1, 7, 5), "inputs": X} | ends(low, high)
    dynamic = ["gradients", "inputs"]
    actual = run_lowered(f"{KIND}Gradient", inputs, attributes, dynamic=dynamic)
    for one, other in zip(
        actual, run_tensorflow(f"{KIND}Gradient", inputs, attributes), strict=True
    ):
        assert worst_error(one, other) < 1e-6


@settings
def test_value_and_gradients_of_channels_then_equal_tensorflow(attributes):
    op, inputs = f"{KIND}PerChannel", {"inputs": X} | channels()
    (actual,) = run_lowered(op, inputs, attributes, dynamic=["inputs"])
    (expected,) = run_tensorflow(op, inputs, attributes)
    np.testing.assert_allclose(actual, expected, atol=1e-6)

    inputs = {"gradients": normal(1, 7, 5)} | inputs
    actual = run_lowered(f"{op}Gradient", inputs, attributes, dynamic=["gradients", "inputs"])
    for one, other in zip(actual, run_tensorflow(f"{op}Gradient", inputs, attributes), strict=True):
        assert worst_error(one, other) < 1e-6


@settings
@pytest.mark.parametrize("bounds", [{}, {"min": -1.0, "max": 1.5}], ids=str)
def test_value_and_gradient_of_fixed_bounds_then_equal_tensorflow(bounds, attributes):
    op, attributes = "FakeQuantWithMinMaxArgs", attributes | bounds
    (actual,) = run_lowered(op, {"inputs": X * 3}, attributes, dynamic=["inputs"])
    (expected,) = run_tensorflow(op, {"inputs": X * 3}, attributes)
    np.testing.assert_allclose(actual, expected, atol=1e-6)
    inputs = {"gradients": normal(1, 7, 5), "inputs": X * 3}
    (actual,) = run_lowered(f"{op}Gradient", inputs, attributes, dynamic=["gradients", "inputs"])
    (expected,) = run_tensorflow(f"{op}Gradient", inputs, attributes)
    np.testing.assert_array_equal(actual, expected)
