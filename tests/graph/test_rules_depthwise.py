"""Depthwise convolution's gradients, lowered, give what TensorFlow's own ops give."""

from dataclasses import dataclass

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, stretched_kernel, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)


@dataclass(frozen=True)
class Case:
    image: tuple[int, int, int, int]
    kernel: tuple[int, int, int]  # kh, kw, depth multiplier
    stride: int = 1  # TensorFlow knows only equal strides here
    dilations: tuple[int, int] = (1, 1)
    padding: str = "VALID"
    explicit: tuple[int, int, int, int] | None = None

    @property
    def attributes(self) -> dict:
        """For a kernel with its holes filled by zeros: TensorFlow knows no dilation here."""
        attributes = {"strides": [1, self.stride, self.stride, 1], "padding": self.padding}
        if self.explicit:
            attributes |= {"explicit_paddings": [0, 0, *self.explicit, 0, 0]}
        return attributes

    @property
    def dilated(self) -> dict:
        return self.attributes | {"dilations": [1, *self.dilations, 1]}

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x, w and the gradient of y."""
        x = normal(0, *self.image)
        kh, kw, multiplier = self.kernel
        w = normal(1, kh, kw, self.image[3], multiplier)
        inputs = {"input": x, "filter": stretched_kernel(w, self.dilations)}
        (y,) = run_tensorflow("DepthwiseConv2dNative", inputs, self.attributes)
        return x, w, normal(2, *y.shape)


CASES = {
    "3x3": Case((3, 9, 8, 5), (3, 3, 1)),
    "3x3 same": Case((3, 9, 8, 5), (3, 3, 1), padding="SAME"),
    "batch 1, one channel": Case((1, 9, 8, 1), (3, 3, 1), padding="SAME"),
    "multiplier": Case((3, 9, 8, 5), (3, 3, 4), padding="SAME"),
    "one channel, multiplier": Case((3, 9, 8, 1), (3, 3, 4)),
    "stride 2 same, odd": Case((2, 9, 11, 4), (3, 3, 1), 2, padding="SAME"),
    "stride 2 same, even": Case((2, 8, 10, 4), (3, 3, 2), 2, padding="SAME"),
    "stride 2, a row no window reads": Case((2, 10, 9, 4), (3, 3, 1), 2),
    "stride 3 over kernel 2": Case((2, 11, 10, 3), (2, 2, 2), 3),
    "not square": Case((2, 7, 12, 4), (2, 5, 1), padding="SAME"),
    "1x1": Case((2, 5, 4, 6), (1, 1, 2)),
    "whole image": Case((2, 4, 5, 3), (4, 5, 1)),
    "dilation": Case((2, 11, 12, 4), (3, 3, 1), dilations=(2, 3)),
    "dilation same": Case((2, 11, 12, 4), (3, 2, 2), dilations=(2, 3), padding="SAME"),
    "explicit": Case((2, 6, 7, 3), (3, 3, 2), padding="EXPLICIT", explicit=(2, 1, 0, 3)),
    "explicit stride 2": Case((2, 6, 7, 3), (3, 3, 1), 2, (1, 1), "EXPLICIT", (2, 1, 0, 3)),
}

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
batch = pytest.mark.parametrize("dynamic", [True, False], ids=["any batch", "fixed batch"])


class TestDepthwiseConv2dNative:
    @cases
    def test_value_equals_tensorflow(self, case):
        x, w, _ = case.arrays()
        inputs = {"input": x, "filter": w}
        stretched = inputs | {"filter": stretched_kernel(w, case.dilations)}
        (expected,) = run_tensorflow("DepthwiseConv2dNative", stretched, case.attributes)
        actual = run_lowered("DepthwiseConv2dNative", inputs, case.dilated, dynamic=["input"])
        assert worst_error(actual[0], expected) < 2e-6


class TestDepthwiseConv2dNativeBackpropFilter:
    @batch
    @cases
    def test_value_equals_tensorflow(self, case, dynamic):
        x, w, dy = case.arrays()
        inputs = {"input": x, "filter_sizes": np.array(w.shape, np.int32), "out_backprop": dy}
        stretched = inputs | {
            "filter_sizes": np.array(stretched_kernel(w, case.dilations).shape, np.int32)
        }
        op = "DepthwiseConv2dNativeBackpropFilter"
        (wide,) = run_tensorflow(op, stretched, case.attributes)
        actual = run_lowered(
            op,
            inputs,
            case.dilated,
            dynamic=["input", "out_backprop"] if dynamic else [],
            constant=["filter_sizes"],
        )
        expected = wide[:: case.dilations[0], :: case.dilations[1]]
        assert worst_error(actual[0], expected) < 2e-6


class TestDepthwiseConv2dNativeBackpropInput:
    @batch
    @cases
    def test_value_equals_tensorflow(self, case, dynamic):
        x, w, dy = case.arrays()
        inputs = {"input_sizes": np.array(x.shape, np.int32), "filter": w, "out_backprop": dy}
        stretched = inputs | {"filter": stretched_kernel(w, case.dilations)}
        op = "DepthwiseConv2dNativeBackpropInput"
        (expected,) = run_tensorflow(op, stretched, case.attributes)
        actual = run_lowered(
            op,
            inputs,
            case.dilated,
            dynamic=["out_backprop"] if dynamic else [],
            constant=[] if dynamic else ["input_sizes"],
            output_shapes=((None, *x.shape[1:]),),
        )
        assert worst_error(actual[0], expected) < 2e-6
