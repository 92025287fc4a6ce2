"""A variable that changes its shape is named before LiteRT runs it; one that keeps it trains on."""

import numpy as np
import pytest
import tensorflow as tf

from odt_core.errors import ModelError
from odt_core.graph import lower
from odt_core.runtime import Model, load_model
from tests.converting import file_of

ROW = 6


class Kept(tf.Module):
    """Learns a row of weights, and keeps rows of what it saw."""

    def __init__(self, rows, keep, shape=None):
        self.kept = tf.Variable(tf.ones([rows, ROW]), shape=shape, name="kept")
        self.w = tf.Variable(tf.zeros([ROW, 3]), name="w")
        self.keep = keep

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, ROW], tf.float32, "x"),
            tf.TensorSpec([None, 3], tf.float32, "y"),
        ]
    )
    def train(self, x, y):
        self.kept.assign(self.keep(self.kept, x))
        off = tf.nn.softmax(x @ self.w) - y
        self.w.assign_sub(0.1 * tf.matmul(x, off, transpose_a=True))
        return {"loss": tf.reduce_mean(off**2) + tf.reduce_mean(self.kept)}

    @tf.function(input_signature=[tf.TensorSpec([None, ROW], tf.float32, "x")])
    def infer(self, x):
        return {"logits": x @ self.w}


def file_that_keeps(folder, rows: int, keep, shape=None) -> bytes:
    module = Kept(rows, keep, shape)
    return file_of(module, folder, train=module.train, infer=module.infer)


def step(model: Model, session, count: int) -> float:
    """The loss of a batch whose samples are 0, 1, 2 … in each number."""
    x = np.repeat(np.arange(count, dtype=np.float32)[:, None], ROW, 1)
    return session.train_step(x, np.eye(3, dtype=np.float32)[np.zeros(count, int)])


GROWING = {
    "the last five of what there is": (1, lambda kept, x: tf.concat([kept, x[:1]], 0)[-5:]),
    "from nothing to a batch": (0, lambda kept, x: x),
}
FIXED = {
    "a queue": (32, lambda kept, x: tf.concat([kept[tf.shape(x)[0] :], x], 0)),
    "a ring": (5, lambda kept, x: tf.concat([kept[1:], x[:1]], 0)),
    "the last five": (5, lambda kept, x: tf.concat([kept, x], 0)[-5:]),
}


class TestHeldShapes:
    @pytest.mark.parametrize(("rows", "keep"), GROWING.values(), ids=GROWING)
    def test_variable_that_changes_its_shape_then_its_signature_is_missing(
        self, rows, keep, tmp_path
    ):
        lowered = lower(file_that_keeps(tmp_path, rows, keep, [None, ROW]))
        assert [(gap.signature, gap.node) for gap in lowered.missing] == [("train", "kept")]
        assert "variable 'kept' changes its shape" in lowered.missing[0].message
        names = [one.name for one in lowered.describe().signatures]
        assert "infer" in names
        assert "train" not in names

    @pytest.mark.parametrize(("rows", "keep"), FIXED.values(), ids=FIXED)
    def test_variable_of_fixed_shape_then_trains_as_in_tensorflow(self, rows, keep, tmp_path):
        module = Kept(rows, keep)
        model = load_model(file_of(module, tmp_path, train=module.train, infer=module.infer))
        session = model.session()
        for count in (8, 3, 8):
            x = np.repeat(np.arange(count, dtype=np.float32)[:, None], ROW, 1)
            y = np.eye(3, dtype=np.float32)[np.zeros(count, int)]
            expected = float(module.train(x, y)["loss"])
            assert step(model, session, count) == pytest.approx(expected, rel=1e-5)

    def test_batch_that_does_not_fit_then_is_refused_and_the_next_one_trains(self, tmp_path):
        model = load_model(file_that_keeps(tmp_path, 8, lambda kept, x: x))
        session = model.session()
        assert step(model, session, 8) == pytest.approx(2 / 9 + 3.5, rel=1e-5)
        with pytest.raises(ModelError, match=r"does not take x \[5, 6\], y \[5, 3\]"):
            step(model, session, 5)
        assert session.state()["kept"].max() == 7
        assert np.isfinite(step(model, session, 8))
