"""Pictures turned, moved and zoomed, contrast, mirrored padding and rolling, as in TensorFlow."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError

TRANSFORMS = {
    "same": [1, 0, 0, 0, 1, 0, 0, 0],
    "turned": [0.8, -0.6, 1.7, 0.6, 0.8, -2.3, 0, 0],
    "far away": [1, 0, 40, 0, 1, -33, 0, 0],
    "by halves": [0.5, 0, -3.5, 0, 0.5, 1.5, 0, 0],
    "zoomed out": [3, 0, -7, 0, 3.3, -9, 0, 0],
    "in perspective": [1.1, 0.2, 0.1, -0.1, 0.9, 0.3, 0.05, -0.02],
    "to infinity": [1, 0, 0, 0, 1, 0, -0.5, 0],
}
V2, V3 = "ImageProjectiveTransformV2", "ImageProjectiveTransformV3"
MODES = ["CONSTANT", "REFLECT", "WRAP", "NEAREST"]
SIZES = [((5, 7), (5, 7)), ((6, 4), (8, 3)), ((1, 1), (3, 2)), ((1, 5), (4, 4))]


def transformed(inputs, *, size, mode="CONSTANT", between="BILINEAR", dynamic=(), op=V3):
    attributes = {"interpolation": between, "fill_mode": mode}
    images = inputs["images"]
    (actual,) = run_lowered(
        op,
        inputs,
        attributes,
        dynamic=dynamic,
        constant=["output_shape"],
        output_shapes=((None, *size, images.shape[-1]),),
    )
    (expected,) = run_tensorflow(op, inputs, attributes)
    return actual, expected


class TestProjectiveTransform:
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("between", ["NEAREST", "BILINEAR"])
    @pytest.mark.parametrize(("before", "after"), SIZES)
    def test_pictures_when_each_has_its_own_transform(self, before, after, mode, between):
        inputs = {
            "images": normal(0, len(TRANSFORMS), *before, 3),
            "transforms": np.array(list(TRANSFORMS.values()), np.float32),
            "output_shape": np.array(after, np.int32),
            "fill_value": np.array(0.25, np.float32),
        }
        actual, expected = transformed(
            inputs, size=after, mode=mode, between=between, dynamic=["images", "transforms"]
        )
        assert worst_error(actual, expected) < 2e-5

    @pytest.mark.parametrize("name", TRANSFORMS)
    def test_pictures_when_all_have_one_transform_and_the_old_op(self, name):
        inputs = {
            "images": normal(0, 4, 6, 5, 1),
            "transforms": np.array([TRANSFORMS[name]], np.float32),
            "output_shape": np.array([6, 5], np.int32),
        }
        actual, expected = transformed(inputs, size=(6, 5), dynamic=["images"], op=V2)
        assert worst_error(actual, expected) < 2e-5

    def test_halves_when_rounded_go_away_from_zero(self):
        inputs = {
            "images": normal(0, 1, 4, 4, 1),
            "transforms": np.array([[1, 0, -0.5, 0, 1, 0.5, 0, 0]], np.float32),
            "output_shape": np.array([4, 4], np.int32),
            "fill_value": np.array(9, np.float32),
        }
        actual, expected = transformed(inputs, size=(4, 4), between="NEAREST")
        assert np.array_equal(actual, expected)

    def test_images_whose_size_is_open_are_refused(self):
        inputs = {
            "images": normal(0, 1, 4, 4, 1),
            "transforms": np.array([TRANSFORMS["same"]], np.float32),
            "output_shape": np.array([4, 4], np.int32),
        }
        with pytest.raises(LoweringError, match="size of its result is known at run time only"):
            run_lowered(
                V2,
                inputs,
                {"interpolation": "NEAREST"},
                output_shapes=((None, None, None, 1),),
            )


@pytest.mark.parametrize("shape", [(4, 5, 6, 3), (5, 6, 1)])
def test_contrast_when_changed(shape):
    inputs = {"images": normal(0, *shape), "contrast_factor": np.array(1.7, np.float32)}
    (actual,) = run_lowered("AdjustContrastv2", inputs, {}, dynamic=["images"][: len(shape) - 3])
    (expected,) = run_tensorflow("AdjustContrastv2", inputs, {})
    assert worst_error(actual, expected) < 2e-6


@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC"])
@pytest.mark.parametrize("paddings", [((2, 1), (0, 3)), ((0, 0), (1, 0)), ((3, 3), (2, 2))])
def test_mirrored_padding_when_differentiated(mode, paddings):
    (top, bottom), (left, right) = paddings
    inputs = {
        "input": normal(0, 3, 4 + top + bottom, 5 + left + right, 2),
        "paddings": np.array([(0, 0), *paddings, (0, 0)], np.int32),
    }
    (actual,) = run_lowered(
        "MirrorPadGrad", inputs, {"mode": mode}, dynamic=["input"], constant=["paddings"]
    )
    (expected,) = run_tensorflow("MirrorPadGrad", inputs, {"mode": mode})
    assert worst_error(actual, expected) < 2e-6


@pytest.mark.parametrize(
    ("shift", "axis"), [(1, 0), (-2, 1), ([3, -1], [1, 2]), ([5, 9], [0, -1]), ([1, 1], [1, 1])]
)
@pytest.mark.parametrize("computed", [False, True])
def test_rolled_numbers(shift, axis, computed):
    inputs = {
        "input": normal(0, 3, 4, 5),
        "shift": np.array(shift, np.int32),
        "axis": np.array(axis, np.int32),
    }
    constant = ["axis"] if computed else ["axis", "shift"]
    (actual,) = run_lowered("Roll", inputs, {}, dynamic=["input"], constant=constant)
    (expected,) = run_tensorflow("Roll", inputs, {})
    assert np.array_equal(actual, expected)


def colours(seed):
    """Random ones, greys, black, and those where two channels are equal."""
    some = np.random.default_rng(seed).random((40, 3), dtype=np.float32)
    flat = np.repeat(some[:5, :1], 3, axis=1)
    equal = np.repeat(some[5:20], 1, axis=0)
    equal[np.arange(15), np.arange(15) % 3] = equal[np.arange(15), (np.arange(15) + 1) % 3]
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1]), np.float32).reshape(3, 8).T
    return np.concatenate([some, flat, equal, corners]).reshape(2, -1, 1, 3)


@pytest.mark.parametrize(
    ("op", "more"),
    [
        ("RGBToHSV", {}),
        ("HSVToRGB", {}),
        ("AdjustSaturation", {"scale": np.array(1.6, np.float32)}),
        ("AdjustSaturation", {"scale": np.array(0.3, np.float32)}),
        ("AdjustHue", {"delta": np.array(0.37, np.float32)}),
        ("AdjustHue", {"delta": np.array(-0.9, np.float32)}),
    ],
)
def test_colours_when_changed(op, more):
    inputs = {"images": colours(3)} | more
    (actual,) = run_lowered(op, inputs, {}, dynamic=["images"])
    (expected,) = run_tensorflow(op, inputs, {})
    assert worst_error(actual, expected) < 2e-6
