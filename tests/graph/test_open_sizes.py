"""Models that leave open more than the batch, lowered for samples of one size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from odt_core.errors import LoweringError, SettingsError
from odt_core.graph import describe, lower
from odt_core.runtime.interpreter import Interpreter
from tests.converting import file_of
from tests.graph.test_graph_unroll import FEATURES, Recurrent, recurrent

IMAGE = tf.TensorSpec([None, None, None, 1], tf.float32)


class Filter(tf.Module):
    """Learns an image y, [N, H, W, 1], from x by two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        draw = np.random.default_rng(3)
        self.first = tf.Variable(draw.normal(0, 0.3, (3, 3, 1, 4)).astype("f"))
        self.second = tf.Variable(draw.normal(0, 0.3, (3, 3, 4, 1)).astype("f"))

    def forward(self, x: tf.Tensor) -> tf.Tensor:
        hidden = tf.nn.relu(tf.nn.conv2d(x, self.first, 1, "SAME"))
        return tf.nn.conv2d(hidden, self.second, 1, "SAME")

    @tf.function(input_signature=[IMAGE])
    def infer(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"output": self.forward(x)}

    @tf.function(input_signature=[IMAGE, IMAGE])
    def train(self, x: tf.Tensor, y: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.forward(x) - y))
        weights = [self.first, self.second]
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.1 * gradient)
        return {"loss": loss}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    module = Filter()
    folder = tmp_path_factory.mktemp("images")
    return file_of(module, folder, infer=module.infer, train=module.train)


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return recurrent(tmp_path_factory.mktemp("sequences"), None)


def only(data: bytes, signature: str) -> dict[str, tuple[int | None, ...]]:
    return {one.name: one.shape for one in describe(data).signature(signature).inputs}


class TestSizesThatAreGiven:
    def test_images_of_that_size_then_train_as_tensorflow_does(self, images: bytes) -> None:
        data = lower(images, {"x": (6, 5), "y": (6, 5)}).data
        assert only(data, "train") == {"x": (None, 6, 5, 1), "y": (None, 6, 5, 1)}
        assert only(data, "infer") == {"x": (None, 6, 5, 1)}
        call, module, draw = (
            Interpreter(data).signature("train"),
            Filter(),
            np.random.default_rng(1),
        )
        for batch in (3, 1, 4):
            x, y = draw.normal(size=(2, batch, 6, 5, 1)).astype("f")
            expected = float(module.train(x, y)["loss"])
            assert float(call({"x": x, "y": y})["loss"]) == pytest.approx(expected, rel=1e-5)

    def test_sequences_of_that_length_then_train_as_tensorflow_does(self, sequences: bytes) -> None:
        data, module = lower(sequences, {"x": (4,)}).data, Recurrent()
        call, draw = Interpreter(data).signature("train"), np.random.default_rng(1)
        for batch in (3, 1, 4):
            x = draw.normal(size=(batch, 4, FEATURES)).astype("f")
            y = draw.normal(size=(batch, 1)).astype("f")
            expected = float(module.step(x, y))
            assert float(call({"x": x, "y": y})["loss"]) == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize(
        ("sizes", "said"),
        [
            ({"z": (6, 5)}, "no input 'z' to give a size. Inputs with open sizes: 'x', 'y'."),
            ({"x": (6,)}, "leaves 2 sizes open after its first, the batch, and 1 came"),
            ({"x": (0, 5)}, "Give whole numbers from 1 on"),
            ({"x": "65"}, "Give whole numbers from 1 on"),
            ({"x": ()}, "Give whole numbers from 1 on"),
            ({"x": (2**31, 1)}, "which is too large"),
            ([("x", (6, 5))], "Sizes come as a dict by an input's name"),
        ],
    )
    def test_other_than_inputs_leave_open_then_are_refused(
        self, images: bytes, sizes: dict[str, tuple[int, ...]], said: str
    ) -> None:
        with pytest.raises(SettingsError, match=said.replace(".", r"\.")):
            lower(images, sizes)

    def test_that_contradict_each_other_then_are_named(self, images: bytes) -> None:
        with pytest.raises(LoweringError, match=r"^With the sizes x=6,5 y=7,5: Shapes .*broadcast"):
            lower(images, {"x": (6, 5), "y": (7, 5)})

    def test_of_a_lowered_model_then_are_refused(self, images: bytes) -> None:
        with pytest.raises(SettingsError, match="lowered already"):
            lower(lower(images).data, {"x": (6, 5)})


class TestSizesThatAreNotGiven:
    def test_command_that_fixes_them_then_is_told_once_a_signature(self, images: bytes) -> None:
        (missing,) = lower(images).missing  # of several gradients
        assert missing.signature == "train"
        assert missing.message.endswith(
            "put it in place of each N: "
            "python -m odt_core lower MODEL.tflite FIXED.tflite --size x=N,N --size y=N,N"
        )

    def test_command_then_is_told_of_loops_too(self, sequences: bytes) -> None:
        told = {gap.signature: gap.message for gap in lower(sequences).missing}
        assert sorted(told) == ["infer", "train"]
        assert all(message.endswith(" FIXED.tflite --size x=N") for message in told.values())

    def test_refusal_of_a_whole_file_then_tells_it(self, tmp_path: Path) -> None:
        module = Recurrent()
        x = tf.TensorSpec([None, None, FEATURES], tf.float32, name="x")
        infer = tf.function(lambda x: {"output": module.forward(x)[0]}, input_signature=[x])
        with pytest.raises(LoweringError, match=r"FIXED\.tflite --size x=N$"):
            lower(file_of(module, tmp_path, infer=infer))

    def test_nothing_then_is_told_where_only_the_batch_is_open(self, tmp_path: Path) -> None:
        module = Recurrent()
        x = tf.TensorSpec([None, 4, FEATURES], tf.float32, name="x")

        y = tf.TensorSpec([4, 1], tf.float32, name="y")

        def over_samples(x: tf.Tensor, y: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"loss": module.step(tf.transpose(x, [1, 0, 2]), y)}

        train = tf.function(over_samples, input_signature=[x, y])
        with pytest.raises(LoweringError, match=r"compute all samples at once\.$"):
            lower(file_of(module, tmp_path, train=train))
