"""Pooling and its gradients, lowered, give what TensorFlow's own ops give."""

from dataclasses import dataclass

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError
from odt_core.graph.operators import name_of
from odt_core.graph.rules.registry import RULES


@dataclass(frozen=True)
class Case:
    image: tuple[int, int, int, int]
    kernel: tuple[int, int]
    strides: tuple[int, int]
    padding: str = "VALID"

    @property
    def attributes(self) -> dict:
        return {
            "ksize": [1, *self.kernel, 1],
            "strides": [1, *self.strides, 1],
            "padding": self.padding,
        }


CASES = {
    "2x2": Case((3, 8, 8, 5), (2, 2), (2, 2)),
    "2x2 odd": Case((3, 11, 7, 5), (2, 2), (2, 2)),
    "2x2 odd same": Case((3, 11, 7, 5), (2, 2), (2, 2), "SAME"),
    "3x3 stride 2": Case((2, 9, 12, 3), (3, 3), (2, 2)),
    "3x3 stride 2 same": Case((2, 9, 12, 3), (3, 3), (2, 2), "SAME"),
    "3x3 stride 1 same": Case((2, 6, 5, 3), (3, 3), (1, 1), "SAME"),
    "2x2 stride 3": Case((2, 10, 11, 3), (2, 2), (3, 3)),
    "not square": Case((2, 10, 11, 3), (3, 1), (1, 2)),
    "not square same": Case((1, 10, 11, 1), (2, 5), (3, 2), "SAME"),
    "whole image": Case((2, 4, 5, 6), (4, 5), (4, 5)),
    "1x1": Case((2, 4, 5, 6), (1, 1), (1, 1)),
}

# Of activations: what the op calls ∂L/∂y and y, and y itself.
GRADIENTS = {
    "ReluGrad": ("gradients", "features", lambda x: np.maximum(x, 0)),
    "Relu6Grad": ("gradients", "features", lambda x: np.clip(x * 4, 0, 6)),
    "EluGrad": ("gradients", "outputs", lambda x: np.where(x < 0, np.expm1(x), x)),
    "SeluGrad": ("gradients", "outputs", lambda x: np.where(x < 0, 1.7 * np.expm1(x), x)),
    "TanhGrad": ("dy", "y", np.tanh),
    "SigmoidGrad": ("dy", "y", lambda x: 1 / (1 + np.exp(-x))),
}

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
batch = pytest.mark.parametrize("dynamic", [True, False], ids=["any batch", "fixed batch"])


class TestPool:
    @cases
    @pytest.mark.parametrize(("op", "name"), [("MaxPool", "input"), ("AvgPool", "value")])
    def test_value_equals_tensorflow(self, op, name, case):
        inputs = {name: normal(0, *case.image)}
        expected = run_tensorflow(op, inputs, case.attributes)
        actual = run_lowered(op, inputs, case.attributes, dynamic=[name])
        assert worst_error(actual[0], expected[0]) < 1e-6

    def test_max_with_explicit_padding_equals_tensorflow(self):
        attributes = {
            "ksize": [1, 3, 3, 1],
            "strides": [1, 2, 1, 1],
            "padding": "EXPLICIT",
            "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0],
        }
        inputs = {"input": normal(0, 2, 6, 7, 3) - 5}
        expected = run_tensorflow("MaxPool", inputs, attributes)
        actual = run_lowered("MaxPool", inputs, attributes, dynamic=["input"])
        assert np.array_equal(actual[0], expected[0])

    @pytest.mark.parametrize("padding", ["VALID", "SAME"])
    def test_max_over_channels_equals_tensorflow(self, padding):
        inputs = {"input": normal(0, 2, 3, 4, 6)}
        attributes = {"ksize": [1, 1, 1, 3], "strides": [1, 1, 1, 3], "padding": padding}
        expected = run_tensorflow("MaxPool", inputs, attributes)
        actual = run_lowered("MaxPool", inputs, attributes, dynamic=["input"])
        assert np.array_equal(actual[0], expected[0])

    @pytest.mark.parametrize("op", ["MaxPool", "AvgPool"])
    @pytest.mark.parametrize(
        ("ksize", "strides"),
        [
            ([2, 1, 1, 1], [2, 1, 1, 1]),
            ([1, 1, 1, 4], [1, 1, 1, 4]),
            ([1, 2, 2, 2], [1, 2, 2, 2]),
            ([1, 1, 1, 2], [1, 2, 2, 2]),
            ([1, 1, 1, 1], [1, 1, 1, 2]),
        ],
        ids=["batch", "channels left over", "all", "places left out", "channels left out"],
    )
    def test_window_over_batch_or_channels_then_is_refused(self, op, ksize, strides):
        attributes = {"ksize": ksize, "strides": strides, "padding": "VALID"}
        with pytest.raises(LoweringError, match="batch or channels"):
            run_lowered(op, {"x": normal(0, 2, 4, 4, 6)}, attributes)

    @pytest.mark.parametrize("missing", ["ksize", "strides"])
    def test_window_that_the_file_does_not_tell_then_is_refused(self, missing):
        attributes = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
        del attributes[missing]
        with pytest.raises(LoweringError, match=f"does not say its {missing}"):
            run_lowered("MaxPool", {"x": normal(0, 2, 4, 4, 6)}, attributes)


class TestMaxPoolGrad:
    @batch
    @cases
    @pytest.mark.parametrize("ties", [False, True], ids=["no ties", "ties"])
    def test_value_equals_tensorflow(self, case, dynamic, ties):
        x = normal(0, *case.image)
        x = np.maximum(np.round(x), 0) if ties else x - 3  # a relu's zeros; or all below zero
        (y,) = run_tensorflow("MaxPool", {"input": x}, case.attributes)
        inputs = {"orig_input": x, "orig_output": y, "grad": normal(1, *y.shape)}
        expected = run_tensorflow("MaxPoolGrad", inputs, case.attributes)
        names = list(inputs) if dynamic else []
        actual = run_lowered("MaxPoolGrad", inputs, case.attributes, dynamic=names)
        assert worst_error(actual[0], expected[0]) < 1e-6

    def test_equal_entries_give_all_to_the_first(self):
        x = np.ones((1, 4, 4, 1), np.float32)
        y = np.ones((1, 2, 2, 1), np.float32)
        inputs = {"orig_input": x, "orig_output": y, "grad": 7 * y}
        (dx,) = run_lowered("MaxPoolGrad", inputs, CASES["2x2"].attributes)
        assert dx[0, :, :, 0].tolist() == [[7, 0, 7, 0], [0, 0, 0, 0], [7, 0, 7, 0], [0, 0, 0, 0]]


class TestAvgPoolGrad:
    @batch
    @cases
    def test_value_equals_tensorflow(self, case, dynamic):
        (y,) = run_tensorflow("AvgPool", {"value": normal(0, *case.image)}, case.attributes)
        inputs = {
            "orig_input_shape": np.array(case.image, np.int32),
            "grad": normal(1, *y.shape),
        }
        expected = run_tensorflow("AvgPoolGrad", inputs, case.attributes)
        actual = run_lowered(
            "AvgPoolGrad",
            inputs,
            case.attributes,
            dynamic=["grad"] if dynamic else [],
            constant=[] if dynamic else ["orig_input_shape"],
            output_shapes=((None, *case.image[1:]),),
        )
        assert worst_error(actual[0], expected[0]) < 1e-6


class TestActivationBeforeThePool:
    """Its gradient is taken where the pooled numbers are, of which there are fewer."""

    @cases
    @pytest.mark.parametrize("op", GRADIENTS)
    def test_value_equals_tensorflow(self, op, case, monkeypatch):
        gradient, features, activation = GRADIENTS[op]
        y = activation(normal(0, *case.image)).astype(np.float32)
        (pooled,) = run_tensorflow("MaxPool", {"input": y}, case.attributes)
        inputs = {"orig_input": y, "orig_output": pooled, "grad": normal(1, *pooled.shape)}
        (dy,) = run_tensorflow("MaxPoolGrad", inputs, case.attributes)
        expected = run_tensorflow(op, {gradient: dy, features: y}, {})
        made = []

        def both(b, attributes, tensors):
            (dx,) = RULES["MaxPoolGrad"](b, attributes, tensors)
            order = [dx, tensors[0]] if gradient == "gradients" else [tensors[0], dx]
            start = len(b.operators)
            result = RULES[op](b, attributes, order)
            made.extend(name_of(b.model, one) for one in b.operators[start:])
            return result

        monkeypatch.setitem(RULES, "Both", both)
        actual = run_lowered("Both", inputs, case.attributes, dynamic=list(inputs))
        assert worst_error(actual[0], expected[0]) < 1e-6
        assert made[-1] != "MUL" or case.kernel == (1, 1)  # the pool's gradient is what comes last
