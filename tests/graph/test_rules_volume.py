"""Convolution and pooling of volumes, and their gradients, are what TensorFlow's own ops give."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)

# volume, kernel, strides, padding
CASES = [
    ((4, 5, 6), (2, 3, 2), (1, 1, 1), "VALID"),
    ((5, 4, 5), (3, 3, 3), (1, 1, 1), "SAME"),
    ((5, 6, 4), (3, 2, 3), (2, 2, 2), "SAME"),
    ((4, 4, 4), (2, 2, 2), (2, 2, 2), "VALID"),
    ((5, 5, 5), (2, 3, 3), (2, 1, 3), "VALID"),
]
cases = pytest.mark.parametrize(("volume", "kernel", "strides", "padding"), CASES)
batch = pytest.mark.parametrize("dynamic", [True, False])


def attributes(kernel, strides, padding, *, pool=False):
    given = {"strides": [1, *strides, 1], "padding": padding}
    return given | ({"ksize": [1, *kernel, 1]} if pool else {})


def checked(op, inputs, given, dynamic, **options):
    batched = [name for name, value in inputs.items() if value.ndim == 5 and name != "filter"]
    actual = run_lowered(op, inputs, given, dynamic=batched if dynamic else (), **options)
    for a, e in zip(actual, run_tensorflow(op, inputs, given), strict=True):
        assert worst_error(a, e) < 2e-6


@cases
@batch
class TestConvolution:
    def test_value_when_random_then_equals_tensorflow(
        self, volume, kernel, strides, padding, dynamic
    ):
        inputs = {"input": normal(0, 2, *volume, 3), "filter": normal(1, *kernel, 3, 4)}
        checked("Conv3D", inputs, attributes(kernel, strides, padding), dynamic)

    def test_gradients_when_random_then_equal_tensorflow(
        self, volume, kernel, strides, padding, dynamic
    ):
        given = attributes(kernel, strides, padding)
        x, w = normal(0, 2, *volume, 3), normal(1, *kernel, 3, 4)
        (y,) = run_tensorflow("Conv3D", {"input": x, "filter": w}, given)
        dy = normal(2, *y.shape)
        sizes = {"filter_sizes": np.array(w.shape, np.int32)}
        inputs = {"input": x} | sizes | {"out_backprop": dy}
        checked("Conv3DBackpropFilterV2", inputs, given, dynamic, constant=sizes)
        inputs = {"input_sizes": np.array(x.shape, np.int32), "filter": w, "out_backprop": dy}
        shape = (None if dynamic else 2, *volume, 3)
        checked("Conv3DBackpropInputV2", inputs, given, dynamic, output_shapes=(shape,))


@cases
@batch
@pytest.mark.parametrize("ties", [False, True])
class TestPooling:
    def test_values_and_gradients_when_random_then_equal_tensorflow(
        self, volume, kernel, strides, padding, dynamic, ties
    ):
        given = attributes(kernel, strides, padding, pool=True)
        x = normal(0, 2, *volume, 3)
        x = np.round(x).astype(np.float32) if ties else x
        checked("MaxPool3D", {"input": x}, given, dynamic)
        checked("AvgPool3D", {"input": x}, given, dynamic)
        (y,) = run_tensorflow("MaxPool3D", {"input": x}, given)
        dy = normal(1, *y.shape)
        inputs = {"orig_input": x, "orig_output": y, "grad": dy}
        checked("MaxPool3DGrad", inputs, given, dynamic)
        inputs = {"orig_input_shape": np.array(x.shape, np.int32), "grad": dy}
        shape = (None if dynamic else 2, *volume, 3)
        checked("AvgPool3DGrad", inputs, given, dynamic, output_shapes=(shape,))


def test_max_pool_v2_when_sizes_are_inputs_then_equals_tensorflow():
    sizes = {"ksize": np.array([1, 3, 2, 1], np.int32), "strides": np.array([1, 2, 1, 1], np.int32)}
    x = normal(0, 2, 7, 6, 3)
    inputs = {"input": x} | sizes
    (y,) = run_tensorflow("MaxPoolV2", inputs, {"padding": "SAME"})
    (actual,) = run_lowered("MaxPoolV2", inputs, {"padding": "SAME"}, constant=sizes)
    np.testing.assert_array_equal(actual, y)
    inputs = {"orig_input": x, "orig_output": y, "grad": normal(1, *y.shape)} | sizes
    (expected,) = run_tensorflow("MaxPoolGradV2", inputs, {"padding": "SAME"})
    (actual,) = run_lowered("MaxPoolGradV2", inputs, {"padding": "SAME"}, constant=sizes)
    assert worst_error(actual, expected) < 1e-6
