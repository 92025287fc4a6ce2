"""Image resizing by cubics, and the gradients of resizing, are what TensorFlow's own ops give."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)

SIZES = [((4, 5), (8, 10)), ((4, 5), (7, 3)), ((6, 6), (2, 3)), ((3, 4), (1, 9)), ((1, 1), (5, 5))]
MODES = [
    {},
    {"align_corners": True},
    {"half_pixel_centers": True},
]
sizes = pytest.mark.parametrize(("before", "after"), SIZES)
modes = pytest.mark.parametrize("mode", MODES, ids=["plain", "corners", "centres"])
batch = pytest.mark.parametrize("dynamic", [True, False])


@sizes
@modes
@batch
@pytest.mark.parametrize("op", ["ResizeBilinearGrad", "ResizeBicubicGrad"])
def test_gradient_when_random_then_equals_tensorflow(op, before, after, mode, dynamic):
    inputs = {"grads": normal(0, 3, *after, 2), "original_image": normal(1, 3, *before, 2)}
    (actual,) = run_lowered(
        op,
        inputs,
        mode,
        dynamic=list(inputs) if dynamic else (),
        output_shapes=((None, *before, 2),),
    )
    (expected,) = run_tensorflow(op, inputs, mode)
    assert worst_error(actual, expected) < 2e-6


@sizes
@modes
@batch
def test_nearest_when_random_then_equals_tensorflow(before, after, mode, dynamic):
    inputs = {"grads": normal(0, 3, *after, 2), "size": np.array(before, np.int32)}
    (actual,) = run_lowered(
        "ResizeNearestNeighborGrad",
        inputs,
        mode,
        dynamic=["grads"] if dynamic else (),
        constant=["size"],
        output_shapes=((None, *before, 2),),
    )
    (expected,) = run_tensorflow("ResizeNearestNeighborGrad", inputs, mode)
    assert worst_error(actual, expected) < 2e-6


@sizes
@modes
@batch
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_bicubic_when_random_then_equals_tensorflow(before, after, mode, dynamic, dtype):
    images = normal(0, 3, *before, 2)
    if dtype is np.uint8:
        images = np.clip(100 * images + 128, 0, 255).astype(np.uint8)
    inputs = {"images": images, "size": np.array(after, np.int32)}
    (actual,) = run_lowered(
        "ResizeBicubic",
        inputs,
        mode,
        dynamic=["images"] if dynamic else (),
        constant=["size"],
        output_shapes=((None, *after, 2),),
    )
    (expected,) = run_tensorflow("ResizeBicubic", inputs, mode)
    assert worst_error(actual, expected) < 2e-6
