"""Conv2D and its gradients, lowered, give what TensorFlow's own ops give."""

from dataclasses import dataclass

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow, stretched_kernel, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError
from odt_core.graph.rules import strips
from odt_core.graph.rules.windows import Window


@dataclass(frozen=True)
class Case:
    image: tuple[int, int, int, int]
    kernel: tuple[int, int, int]  # kh, kw, outputs
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    padding: str = "VALID"
    explicit: tuple[int, int, int, int] | None = None

    @property
    def attributes(self) -> dict:
        attributes = {
            "strides": [1, *self.strides, 1],
            "dilations": [1, *self.dilations, 1],
            "padding": self.padding,
        }
        if self.explicit:
            attributes |= {"explicit_paddings": [0, 0, *self.explicit, 0, 0]}
        return attributes

    @property
    def undilated(self) -> dict:
        """The attributes for a kernel with its holes filled by zeros: TensorFlow's gradients know
        no dilation on the CPU.
        """
        return self.attributes | {"dilations": [1, 1, 1, 1]}

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x, w and the gradient of y."""
        x = normal(0, *self.image)
        kh, kw, outputs = self.kernel
        w = normal(1, kh, kw, self.image[3], outputs)
        (y,) = run_tensorflow("Conv2D", {"input": x, "filter": w}, self.attributes)
        return x, w, normal(2, *y.shape)


CASES = {
    "3x3": Case((4, 9, 9, 8), (3, 3, 5)),
    "3x3 same": Case((4, 9, 9, 8), (3, 3, 5), padding="SAME"),
    "batch 1, one channel": Case((1, 28, 28, 1), (3, 3, 4)),
    "one channel, same, stride 2": Case((2, 28, 28, 1), (3, 3, 4), (2, 2), padding="SAME"),
    "stride 2 same, even": Case((3, 14, 14, 16), (3, 3, 8), (2, 2), padding="SAME"),
    "stride 2 same, odd": Case((3, 13, 13, 9), (3, 3, 8), (2, 2), padding="SAME"),
    "stride 2, a row no window reads": Case((3, 14, 12, 9), (3, 3, 8), (2, 2)),
    "stride 3 over kernel 2": Case((2, 11, 10, 9), (2, 2, 4), (3, 3)),
    "stride 3 same over kernel 2": Case((2, 11, 10, 9), (2, 2, 4), (3, 3), padding="SAME"),
    "1x1": Case((3, 5, 7, 12), (1, 1, 6)),
    "1x1 stride 2": Case((3, 5, 8, 12), (1, 1, 6), (2, 2), padding="SAME"),
    "not square": Case((2, 7, 12, 6), (2, 5, 3), (1, 3), padding="SAME"),
    "not square, few channels": Case((2, 7, 12, 2), (2, 5, 3), (3, 1)),
    "5x5 same": Case((2, 8, 8, 4), (5, 5, 3), padding="SAME"),
    "7x7 stride 2 same": Case((1, 15, 15, 3), (7, 7, 4), (2, 2), padding="SAME"),
    "kernel as large as the image": Case((3, 4, 6, 5), (4, 6, 7)),
    "same kernel larger than the image": Case((2, 3, 3, 9), (5, 5, 2), padding="SAME"),
    "dilation": Case((2, 11, 12, 9), (3, 3, 4), dilations=(2, 3)),
    "dilation same": Case((2, 11, 12, 9), (3, 2, 4), dilations=(2, 3), padding="SAME"),
    "dilation, few channels": Case((2, 11, 12, 2), (3, 3, 4), dilations=(2, 2), padding="SAME"),
    "explicit": Case((2, 6, 7, 9), (3, 3, 4), padding="EXPLICIT", explicit=(2, 1, 0, 3)),
    "explicit stride 2": Case((2, 6, 7, 9), (3, 3, 4), (2, 2), (1, 1), "EXPLICIT", (2, 1, 0, 3)),
    "explicit, thin": Case((2, 6, 7, 1), (3, 3, 4), (1, 2), (1, 1), "EXPLICIT", (1, 1, 1, 1)),
    "explicit, wide": Case((2, 5, 5, 9), (2, 2, 3), (1, 1), (1, 1), "EXPLICIT", (3, 2, 4, 0)),
}  # fmt: skip

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
batch = pytest.mark.parametrize("dynamic", [True, False], ids=["any batch", "fixed batch"])


@pytest.fixture(params=["patches", "strips"])
def form(request, monkeypatch):
    """Which form all convolutions take that can: with strides in rows there are patches alone."""
    monkeypatch.setattr(strips, "WORTH", 0 if request.param == "patches" else 1000)


@pytest.mark.usefixtures("form")
class TestConv2D:
    @cases
    def test_value_equals_tensorflow(self, case):
        x, w, _ = case.arrays()
        inputs = {"input": x, "filter": w}
        expected = run_tensorflow("Conv2D", inputs, case.attributes)
        actual = run_lowered("Conv2D", inputs, case.attributes, dynamic=["input"])
        assert worst_error(actual[0], expected[0]) < 2e-6


@pytest.mark.usefixtures("form")
class TestConv2DBackpropFilter:
    @batch
    @cases
    def test_value_equals_tensorflow(self, case, dynamic):
        x, w, dy = case.arrays()
        inputs = {
            "input": x,
            "filter_sizes": np.array(w.shape, np.int32),
            "out_backprop": dy,
        }
        stretched = inputs | {
            "filter_sizes": np.array(stretched_kernel(w, case.dilations).shape, np.int32)
        }
        (wide,) = run_tensorflow("Conv2DBackpropFilter", stretched, case.undilated)
        expected = wide[:: case.dilations[0], :: case.dilations[1]]
        actual = run_lowered(
            "Conv2DBackpropFilter",
            inputs,
            case.attributes,
            dynamic=["input", "out_backprop"] if dynamic else [],
            constant=["filter_sizes"],
        )
        assert worst_error(actual[0], expected) < 2e-6


@pytest.mark.usefixtures("form")
class TestConv2DBackpropInput:
    @batch
    @cases
    def test_value_equals_tensorflow(self, case, dynamic):
        x, w, dy = case.arrays()
        inputs = {"input_sizes": np.array(x.shape, np.int32), "filter": w, "out_backprop": dy}
        stretched = inputs | {"filter": stretched_kernel(w, case.dilations)}
        (expected,) = run_tensorflow("Conv2DBackpropInput", stretched, case.undilated)
        actual = run_lowered(
            "Conv2DBackpropInput",
            inputs,
            case.attributes,
            dynamic=["out_backprop"] if dynamic else [],
            constant=[] if dynamic else ["input_sizes"],
            output_shapes=((None, *x.shape[1:]),),
        )
        assert worst_error(actual[0], expected) < 2e-6


@pytest.mark.usefixtures("form")
class TestGroups:
    """TensorFlow has no gradients of grouped convolutions on the CPU: each group by itself."""

    CASE = Case((3, 9, 8, 6), (3, 2, 4), (2, 1), padding="SAME")

    @staticmethod
    def groups(array: np.ndarray) -> list[np.ndarray]:
        return np.split(array, 2, axis=-1)

    @pytest.mark.parametrize("op", ["Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput"])
    def test_value_equals_tensorflow_group_by_group(self, op):
        x, w = normal(0, 3, 9, 8, 6), normal(1, 3, 2, 3, 4)
        dy = normal(2, 3, 5, 8, 4)
        given = {
            "Conv2D": {"input": x, "filter": w},
            "Conv2DBackpropFilter": {
                "input": x,
                "filter_sizes": np.array(w.shape, np.int32),
                "out_backprop": dy,
            },
            "Conv2DBackpropInput": {
                "input_sizes": np.array(x.shape, np.int32),
                "filter": w,
                "out_backprop": dy,
            },
        }[op]
        parts = []
        for k in range(2):
            own = {name: self.groups(a)[k] if a.ndim > 1 else a for name, a in given.items()}
            sizes = {"filter_sizes": (3, 2, 3, 2), "input_sizes": (3, 9, 8, 3)}
            own |= {name: np.array(v, np.int32) for name, v in sizes.items() if name in own}
            parts += run_tensorflow(op, own, self.CASE.attributes)
        (actual,) = run_lowered(
            op,
            given,
            self.CASE.attributes,
            dynamic=[name for name in ("input", "out_backprop") if name in given],
            constant=[name for name in given if name.endswith("sizes")],
        )
        assert worst_error(actual, np.concatenate(parts, axis=-1)) < 2e-6


class TestStrips:
    @pytest.mark.parametrize(
        ("size", "kernel", "stride", "channels", "outputs", "worth"),
        [
            (28, 3, 1, 16, 16, True),
            (32, 3, 1, 16, 8, True),
            (28, 5, 1, 32, 64, True),
            (14, 3, 1, 64, 64, True),
            (7, 3, 1, 64, 64, False),  # of 9 rows 2 are padding
            (28, 3, 1, 8, 32, False),
            (28, 3, 1, 3, 16, False),
            (28, 3, 2, 16, 16, False),
            (28, 1, 1, 64, 16, False),
        ],
    )
    def test_form_is_taken_where_less_is_written_out(
        self, size, kernel, stride, channels, outputs, worth
    ):
        window = Window.of(size, kernel, stride, padding="SAME")
        assert strips.pays(window, window, channels, outputs) is worth


class TestWhatCannotBeLowered:
    def test_channels_first_is_named(self):
        attributes = Case((1, 1, 1, 1), (1, 1, 1)).attributes | {"data_format": "NCHW"}
        inputs = {"input": normal(0, 2, 3, 8, 8), "filter": normal(1, 3, 3, 3, 4)}
        with pytest.raises(LoweringError, match="channels_last"):
            run_lowered("Conv2D", inputs, attributes)

    def test_unknown_size_of_image_or_sequence_is_named(self):
        inputs = {
            "input_sizes": np.array([2, 8, 8, 3], np.int32),
            "filter": normal(0, 3, 3, 3, 4),
            "out_backprop": normal(1, 2, 6, 6, 4),
        }
        with pytest.raises(LoweringError, match=r"of a sequence.* or a fixed length"):
            run_lowered(
                "Conv2DBackpropInput",
                inputs,
                Case((1, 1, 1, 1), (1, 1, 1)).attributes,
                output_shapes=((None, None, None, 3),),
            )
