"""Rules for activations, losses, biases, shapes and slices give what TensorFlow's own ops give."""

import numpy as np
import pytest
import tensorflow as tf
from one_op import normal, run_lowered, run_tensorflow, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError

EDGES = np.array(
    [[0.0, -0.0, 6.0, -6.0, 1e-30, -1e-30, 0.5, 1.0, 5.999, 6.001, 100.0, -100.0]], np.float32
)


def features(seed: int = 1) -> np.ndarray:
    """Random values of several magnitudes and the places where formulas change."""
    return np.concatenate([EDGES, normal(seed, 6, 12) * 4])


GRADIENTS = {
    "ReluGrad": ("gradients", "features", {}),
    "Relu6Grad": ("gradients", "features", {}),
    "LeakyReluGrad": ("gradients", "features", {"alpha": 0.3}),
    "EluGrad": ("gradients", "outputs", {}),
    "SeluGrad": ("gradients", "outputs", {}),
    "SoftplusGrad": ("gradients", "features", {}),
    "SoftsignGrad": ("gradients", "features", {}),
}


class TestActivationGradients:
    @pytest.mark.parametrize("op", GRADIENTS)
    @pytest.mark.parametrize("dynamic", [True, False])
    def test_value_when_random_then_equals_tensorflow(self, op, dynamic):
        gradient, value, attributes = GRADIENTS[op]
        inputs = {gradient: normal(2, 7, 12), value: features()}
        (actual,) = run_lowered(op, inputs, attributes, dynamic=list(inputs) if dynamic else ())
        (expected,) = run_tensorflow(op, inputs, attributes)
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=0)

    @pytest.mark.parametrize("alpha", [0.0, 1.0, 1.5, -0.2])
    def test_leaky_relu_when_slope_is_unusual_then_equals_tensorflow(self, alpha):
        inputs = {"gradients": normal(2, 7, 12), "features": features()}
        (actual,) = run_lowered("LeakyReluGrad", inputs, {"alpha": alpha})
        (expected,) = run_tensorflow("LeakyReluGrad", inputs, {"alpha": alpha})
        np.testing.assert_array_equal(actual, expected)

    @pytest.mark.parametrize(
        ("op", "value"),
        [
            ("TanhGrad", np.tanh(features())),
            ("SigmoidGrad", 1 / (1 + np.exp(-normal(4, 7, 12)))),
            ("SqrtGrad", np.abs(normal(4, 7, 12)) + 0.1),
            ("RsqrtGrad", np.abs(normal(4, 7, 12)) + 0.1),
            ("ReciprocalGrad", normal(4, 7, 12)),
        ],
    )
    def test_function_of_the_output_when_random_then_equals_tensorflow(self, op, value):
        inputs = {"y": value.astype(np.float32), "dy": normal(2, 7, 12)}
        (actual,) = run_lowered(op, inputs, {}, dynamic=["y", "dy"])
        (expected,) = run_tensorflow(op, inputs, {})
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)

    @pytest.mark.parametrize(
        ("op", "y"), [("SqrtGrad", 0.0), ("RsqrtGrad", np.inf), ("ReciprocalGrad", -np.inf)]
    )
    def test_slope_when_infinite_then_zero_stays_zero_as_in_tensorflow(self, op, y):
        inputs = {"y": np.full(3, y, np.float32), "dy": np.array([0, -0.0, 2], np.float32)}
        (actual,) = run_lowered(op, inputs, {})
        (expected,) = run_tensorflow(op, inputs, {})
        np.testing.assert_array_equal(actual, expected)
        assert actual[0] == 0


class TestBiasAddGrad:
    @pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3), (2, 3, 4, 5), (1, 1, 1, 1)])
    def test_value_when_random_then_equals_tensorflow(self, shape):
        inputs = {"out_backprop": normal(0, *shape)}
        (actual,) = run_lowered("BiasAddGrad", inputs, {}, dynamic=["out_backprop"])
        (expected,) = run_tensorflow("BiasAddGrad", inputs, {})
        assert worst_error(actual, expected) < 1e-6

    def test_value_when_channels_come_first_then_sums_the_others(self):
        (actual,) = run_lowered(
            "BiasAddGrad",
            {"out_backprop": np.ones((2, 3, 4, 5), np.float32)},
            {"data_format": "NCHW"},
        )
        assert actual.tolist() == [40.0, 40.0, 40.0]


class TestCrossEntropy:
    @pytest.mark.parametrize("batch", [1, 7])
    @pytest.mark.parametrize("scale", [1.0, 80.0])
    def test_one_hot_when_random_then_equals_tensorflow(self, batch, scale):
        labels = tf.nn.softmax(normal(3, batch, 5)).numpy()
        inputs = {"features": normal(0, batch, 5) * scale, "labels": labels}
        op = "SoftmaxCrossEntropyWithLogits"
        actual = run_lowered(op, inputs, {}, dynamic=["features", "labels"])
        for a, e in zip(actual, run_tensorflow(op, inputs, {}), strict=True):
            assert worst_error(a, e) < 1e-5

    @pytest.mark.parametrize("dtype", [np.int32, np.int64])
    @pytest.mark.parametrize("batch", [1, 7])
    def test_sparse_when_random_then_equals_tensorflow(self, batch, dtype):
        labels = np.random.default_rng(0).integers(0, 5, batch).astype(dtype)
        inputs = {"features": normal(0, batch, 5) * 3, "labels": labels}
        op = "SparseSoftmaxCrossEntropyWithLogits"
        actual = run_lowered(op, inputs, {}, dynamic=["features", "labels"])
        for a, e in zip(actual, run_tensorflow(op, inputs, {}), strict=True):
            assert worst_error(a, e) < 1e-5

    def test_sparse_when_a_class_is_masked_out_then_equals_tensorflow(self):
        features = np.array([[-np.inf, 1, 2], [0, -np.inf, -np.inf]], np.float32)
        inputs = {"features": features, "labels": np.array([2, 0], np.int32)}
        op = "SparseSoftmaxCrossEntropyWithLogits"
        for a, e in zip(run_lowered(op, inputs, {}), run_tensorflow(op, inputs, {}), strict=True):
            np.testing.assert_allclose(a, e, rtol=1e-6, atol=1e-7)

    def test_sparse_when_labels_are_one_hot_then_says_so(self):
        inputs = {"features": normal(0, 3, 5), "labels": np.eye(3, 5, dtype=np.int32)}
        with pytest.raises(LoweringError, match="sparse loss with one-hot labels"):
            run_lowered("SparseSoftmaxCrossEntropyWithLogits", inputs, {})


class TestBroadcastGradientArgs:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ([4, 3], [4, 3]),
            ([4, 3], [1, 3]),
            ([4, 1], [1, 3]),
            ([1, 1], [1, 1]),
            ([4, 3], [3]),
            ([1, 3], [3]),
            ([], [2, 3]),
            ([5, 1, 2], [1, 2]),
            ([1, 2], [1, 2]),
            ([1, 4], [1, 1]),
        ],
    )
    def test_axes_when_shapes_broadcast_then_equal_tensorflow(self, first, second):
        inputs = {"s0": np.array(first, np.int32), "s1": np.array(second, np.int32)}
        actual = run_lowered("BroadcastGradientArgs", inputs, {})
        expected = run_tensorflow("BroadcastGradientArgs", inputs, {})
        assert [axes.tolist() for axes in actual] == [axes.tolist() for axes in expected]

    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [
            ([4, 1], [1, 3], [[1], [0]]),
            ([5, 1, 2], [1, 2], [[1], [0, 1]]),
            ([1, 4], [1, 1], [[0], [0, 1]]),
        ],
    )
    def test_axes_when_shapes_are_constant_then_are_constant(self, first, second, expected):
        inputs = {"s0": np.array(first, np.int32), "s1": np.array(second, np.int32)}
        actual = run_lowered("BroadcastGradientArgs", inputs, {}, constant=["s0", "s1"])
        assert [axes.tolist() for axes in actual] == expected


class TestShapes:
    def test_invert_permutation_when_constant_then_inverts(self):
        inputs = {"x": np.array([2, 0, 1], np.int32)}
        (actual,) = run_lowered("InvertPermutation", inputs, {}, constant=["x"])
        assert actual.tolist() == [1, 2, 0]

    def test_dynamic_stitch_when_rows_collide_then_the_last_wins(self):
        inputs = {
            "i0": np.array([0, 2], np.int32),
            "i1": np.array([1, 2], np.int32),
            "d0": np.array([[1.0], [2.0]], np.float32),
            "d1": np.array([[3.0], [4.0]], np.float32),
        }
        (actual,) = run_lowered("DynamicStitch", inputs, {}, constant=["i0", "i1"])
        assert actual.tolist() == [[1.0], [3.0], [4.0]]


class TestStridedSlice:
    CASES = (
        ([0, 0], [0, 0], [1, 1], {"ellipsis_mask": 1, "new_axis_mask": 2}),
        (
            [0, 0, 0, 0],
            [0, 1, 0, 0],
            [1, 1, 1, 1],
            {"begin_mask": 1, "end_mask": 1, "new_axis_mask": 12},
        ),
        ([0, 1], [0, 6], [1, 2], {"begin_mask": 1, "end_mask": 1}),
        ([0, -1], [0, 0], [1, -2], {"begin_mask": 1, "end_mask": 3}),
        (
            [0, 0, -2],
            [0, 0, -1],
            [1, 1, 1],
            {"new_axis_mask": 1, "begin_mask": 2, "end_mask": 2, "shrink_axis_mask": 4},
        ),
    )

    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize("dynamic", [True, False])
    def test_value_equals_tensorflow(self, case, dynamic):
        *bounds, masks = case
        names = ("begin", "end", "strides")
        inputs = {"input": normal(0, 3, 7, 4)} | {
            name: np.array(bound, np.int32) for name, bound in zip(names, bounds, strict=True)
        }
        (actual,) = run_lowered(
            "StridedSlice", inputs, masks, dynamic=["input"] * dynamic, constant=names
        )
        (expected,) = run_tensorflow("StridedSlice", inputs, masks)
        np.testing.assert_array_equal(actual, expected)


class TestStridedSliceGrad:
    WHOLE = {"begin_mask": 1, "end_mask": 1}  # noqa: RUF012
    CASES = (
        (np.s_[:, 1:3], WHOLE, [0, 1], [0, 3], [1, 1]),
        (np.s_[:, 1:6:2], WHOLE, [0, 1], [0, 6], [1, 2]),
        (np.s_[:, 5:1:-2], WHOLE, [0, 5], [0, 1], [1, -2]),
        (np.s_[:, -2], WHOLE | {"shrink_axis_mask": 2}, [0, -2], [0, -1], [1, 1]),
        (np.s_[..., 2:], {"ellipsis_mask": 1, "end_mask": 2}, [0, 2], [0, 0], [1, 1]),
        (
            np.s_[:, None, 3],
            WHOLE | {"new_axis_mask": 2, "shrink_axis_mask": 4},
            [0, 0, 3],
            [0, 0, 4],
            [1, 1, 1],
        ),
    )

    @pytest.mark.parametrize("case", range(len(CASES)))
    @pytest.mark.parametrize("dynamic", [True, False])
    def test_value_when_random_then_equals_tensorflow(self, case, dynamic):
        part, masks, begin, end, strides = self.CASES[case]
        shape = (3, 7, 4)
        inputs = {
            "shape": np.array(shape, np.int32),
            "begin": np.array(begin, np.int32),
            "end": np.array(end, np.int32),
            "strides": np.array(strides, np.int32),
            "dy": normal(0, *np.zeros(shape)[part].shape),
        }
        bounds = ["begin", "end", "strides"]
        (actual,) = run_lowered(
            "StridedSliceGrad",
            inputs,
            masks,
            dynamic=["dy"] if dynamic else (),
            constant=bounds if dynamic else [*bounds, "shape"],
            output_shapes=((None, 7, 4),),
        )
        (expected,) = run_tensorflow("StridedSliceGrad", inputs, masks)
        np.testing.assert_array_equal(actual, expected)

    @pytest.mark.parametrize(
        ("part", "masks", "begin", "end"),
        [
            (np.s_[0], {"shrink_axis_mask": 1}, 0, 1),
            (np.s_[-1], {"shrink_axis_mask": 1}, -1, 0),
            (np.s_[1:], {"end_mask": 1}, 1, 0),
            (np.s_[:2], {"begin_mask": 1}, 0, 2),
            (np.s_[-2:], {"end_mask": 1}, -2, 0),
        ],
    )
    def test_value_when_a_part_of_the_batch_was_read_then_equals_tensorflow(
        self, part, masks, begin, end
    ):
        bounds = {"begin": [begin], "end": [end], "strides": [1]}
        inputs = {"shape": np.array([3, 4], np.int32)}
        inputs |= {name: np.array(bound, np.int32) for name, bound in bounds.items()}
        inputs["dy"] = normal(5, 3, 4)[part]
        (actual,) = run_lowered(
            "StridedSliceGrad",
            inputs,
            masks,
            dynamic=["dy"] if inputs["dy"].ndim == 2 else (),
            constant=list(bounds),
            output_shapes=((None, 4),),
        )
        (expected,) = run_tensorflow("StridedSliceGrad", inputs, masks)
        np.testing.assert_array_equal(actual, expected)

    @pytest.mark.parametrize(
        ("part", "masks", "begin", "end"),
        [
            (np.s_[:, :, None], {"begin_mask": 3, "end_mask": 3, "new_axis_mask": 4}, 0, 0),
            (np.s_[:, None], WHOLE | {"new_axis_mask": 2}, 0, 0),
            (
                np.s_[:, :, 1, None],
                {"begin_mask": 3, "end_mask": 3, "shrink_axis_mask": 4, "new_axis_mask": 8},
                1,
                2,
            ),
            (np.s_[2:, :, None], {"begin_mask": 2, "end_mask": 3, "new_axis_mask": 4}, 2, 0),
            (np.s_[1:, 1:], {"end_mask": 3}, 1, 0),
        ],
    )
    def test_value_when_two_sizes_are_open_then_equals_tensorflow(self, part, masks, begin, end):
        count = len(part)
        bounds = {"begin": [begin] * count, "end": [end] * count, "strides": [1] * count}
        inputs = {"shape": np.array([3, 5, 4], np.int32)}
        inputs |= {name: np.array(bound, np.int32) for name, bound in bounds.items()}
        inputs["dy"] = normal(6, 3, 5, 4)[part]
        (actual,) = run_lowered(
            "StridedSliceGrad",
            inputs,
            masks,
            dynamic=["dy"],
            constant=list(bounds),
            output_shapes=((None, None, 4),),
        )
        (expected,) = run_tensorflow("StridedSliceGrad", inputs, masks)
        np.testing.assert_array_equal(actual, expected)

    def test_parts_of_two_open_sizes_on_other_axes_are_refused_in_words(self):
        inputs = {name: np.array([1, 1, 1], np.int32) for name in ("begin", "end", "strides")}
        inputs = {"shape": np.array([3, 4], np.int32), **inputs, "dy": normal(0, 2, 3, 1)}
        with pytest.raises(LoweringError, match="in a second step"):
            run_lowered(
                "StridedSliceGrad",
                inputs,
                {"end_mask": 3, "new_axis_mask": 4},
                constant=["begin", "end", "strides"],
                output_shapes=((None, None),),
            )

    @pytest.mark.parametrize(
        ("part", "masks", "begin", "opened"),
        [
            (np.s_[:, 2], WHOLE | {"shrink_axis_mask": 2}, [0, 2], False),
            (np.s_[:, -2], WHOLE | {"shrink_axis_mask": 2}, [0, -2], True),
            (
                np.s_[:, 4, :],
                {"begin_mask": 5, "end_mask": 5, "shrink_axis_mask": 2},
                [0, 4, 0],
                True,
            ),
            (
                np.s_[1, :, 3],
                {"begin_mask": 2, "end_mask": 2, "shrink_axis_mask": 5},
                [1, 0, 3],
                False,
            ),
            (np.s_[2], {"shrink_axis_mask": 1}, [2], False),
        ],
    )
    def test_value_when_the_entry_is_computed_then_equals_tensorflow(
        self, part, masks, begin, opened
    ):
        inputs = {
            "shape": np.array([3, 7, 4], np.int32),
            "begin": np.array(begin, np.int32),
            "end": np.array(begin, np.int32) + 1,
            "strides": np.ones(len(begin), np.int32),
            "dy": normal(0, *np.zeros([3, 7, 4])[part].shape),
        }
        (actual,) = run_lowered(
            "StridedSliceGrad",
            inputs,
            masks,
            dynamic=["dy"] if opened else (),
            constant=["strides"] if opened else ["strides", "shape"],
            output_shapes=((None if opened else 3, 7, 4),),
        )
        (expected,) = run_tensorflow("StridedSliceGrad", inputs, masks)
        np.testing.assert_array_equal(actual, expected)

    @pytest.mark.parametrize(
        ("masks", "words"),
        [({"begin_mask": 1}, "bounds are computed"), ({"shrink_axis_mask": 1}, "Fix that size")],
    )
    def test_computed_bounds_of_another_kind_are_refused_in_words(self, masks, words):
        inputs = {name: np.array([1], np.int32) for name in ("begin", "end", "strides")}
        inputs = {"shape": np.array([3, 4], np.int32), **inputs, "dy": normal(0, 4)}
        with pytest.raises(LoweringError, match=words):
            run_lowered(
                "StridedSliceGrad", inputs, masks, constant=["strides"], output_shapes=((None, 4),)
            )


class TestSpecialFunctions:
    @pytest.mark.parametrize("op", ["Erf", "Erfc"])
    def test_value_when_random_then_equals_tensorflow(self, op):
        inputs = {"x": np.concatenate([features().ravel(), np.linspace(-4, 4, 999)]).astype("f")}
        (actual,) = run_lowered(op, inputs, {})
        (expected,) = run_tensorflow(op, inputs, {})
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)

    @pytest.mark.parametrize("op", ["Erf", "Erfc", "Log1p", "Expm1", "Selu"])
    def test_value_when_huge_or_where_formulas_meet_then_equals_tensorflow(self, op):
        far = [0.4999, 0.5, 0.5001, 1, 2, 30, 88, 89, 1e3, 1e5, 1e20, 1e38, np.inf]
        x = np.array([0, *far, *np.negative(far), np.nan], np.float32)
        inputs = {"features" if op == "Selu" else "x": x}
        (actual,) = run_lowered(op, inputs, {}, dynamic=list(inputs))
        (expected,) = run_tensorflow(op, inputs, {})
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)
