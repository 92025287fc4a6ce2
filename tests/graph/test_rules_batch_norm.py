"""Batch normalisation and its gradient, lowered, give what TensorFlow's own ops give."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)

IMAGES = {
    "usual": (8, 7, 6, 5),
    "batch 1": (1, 5, 5, 3),
    "one entry": (1, 1, 1, 4),
    "one channel": (4, 3, 9, 1),
}
images = pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES.keys())
batch = pytest.mark.parametrize("dynamic", [True, False], ids=["any batch", "fixed batch"])


def statistics(channels: int) -> dict[str, np.ndarray]:
    """scale, offset, mean and (positive) variance."""
    return {
        "scale": normal(1, channels),
        "offset": normal(2, channels),
        "mean": normal(3, channels),
        "variance": normal(4, channels) ** 2 + 0.1,
    }


class TestFusedBatchNormV3:
    @batch
    @images
    @pytest.mark.parametrize("factor", [1.0, 0.1], ids=["batch statistics", "moving average"])
    def test_training_equals_tensorflow(self, image, factor, dynamic):
        inputs = {"x": normal(0, *image) * 3 + 2, **statistics(image[3])}
        attributes = {"epsilon": 1e-3, "exponential_avg_factor": factor, "is_training": True}
        expected = run_tensorflow("FusedBatchNormV3", inputs, attributes)
        names = ["x"] if dynamic else []
        actual = run_lowered("FusedBatchNormV3", inputs, attributes, dynamic=names)
        for got, wanted in zip(actual[:5], expected[:5], strict=True):
            assert worst_error(got, wanted) < 2e-6

    @images
    def test_inference_equals_tensorflow(self, image):
        inputs = {"x": normal(0, *image), **statistics(image[3])}
        attributes = {"epsilon": 1e-3, "is_training": False}
        expected = run_tensorflow("FusedBatchNormV3", inputs, attributes)
        actual = run_lowered("FusedBatchNormV3", inputs, attributes, dynamic=["x"])
        for got, wanted in zip(actual[:3], expected[:3], strict=True):
            assert worst_error(got, wanted) < 2e-6


class TestFusedBatchNormGradV3:
    @batch
    @images
    @pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
    def test_value_equals_tensorflow(self, image, training, dynamic):
        x, given = normal(0, *image), statistics(image[3])
        inputs = {
            "y_backprop": normal(5, *image),
            "x": x,
            "scale": given["scale"],
            "reserve_space_1": x.mean((0, 1, 2)) if training else given["mean"],
            "reserve_space_2": x.var((0, 1, 2)) if training else given["variance"],
            "reserve_space_3": np.zeros(1, np.float32),
        }
        attributes = {"epsilon": 1e-3, "is_training": training}
        expected = run_tensorflow("FusedBatchNormGradV3", inputs, attributes)
        names = ["x", "y_backprop"] if dynamic else []
        actual = run_lowered("FusedBatchNormGradV3", inputs, attributes, dynamic=names)
        for got, wanted in zip(actual[:3], expected[:3], strict=True):
            assert worst_error(got, wanted) < 5e-6
