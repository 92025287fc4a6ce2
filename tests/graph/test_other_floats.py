"""float64 in a model: LiteRT keeps it and computes with float32, and a message says where."""

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from tests.converting import file_of


class Noting(tf.Module):
    """Notes a loss in float64."""

    def __init__(self):
        self.w = tf.Variable([2.0], name="w")
        self.noted = tf.Variable(0.1, dtype=tf.float64, name="noted")

    @tf.function(input_signature=[tf.TensorSpec([None, 1])])
    def infer(self, x):
        return {"y": x * self.w}

    @tf.function(input_signature=[tf.TensorSpec([None, 1])])
    def kept(self, x):
        loss = tf.reduce_mean(x * self.w)
        self.noted.assign(tf.cast(loss, tf.float64))
        return {"loss": loss}

    @tf.function(input_signature=[tf.TensorSpec([None, 1])])
    def computed(self, x):
        loss = tf.reduce_mean(tf.cast(x * self.w, tf.float64), name="loss64")
        self.noted.assign(tf.minimum(self.noted, loss))
        return {"loss": tf.cast(loss, tf.float32)}


@pytest.fixture(scope="module")
def lowered(tmp_path_factory):
    module, names = Noting(), ("infer", "kept", "computed")
    functions = {name: getattr(module, name).get_concrete_function() for name in names}
    return odt.lower(file_of(module, tmp_path_factory.mktemp("saved"), **functions))


def test_signature_that_computes_with_float64_is_told_once_by_its_first_op(lowered):
    (missing,) = lowered.missing
    assert (missing.op, missing.signature, missing.node) == ("Mean", "computed", "loss64")
    assert "cast them to float32 before this op" in missing.message


def test_signature_that_only_keeps_a_float64_works(lowered, tmp_path):
    (tmp_path / "model.tflite").write_bytes(lowered.data)
    session = odt.load_model(tmp_path / "model.tflite").session()
    assert session.state()["noted"] == 0.1
    session.run("kept", x=np.array([[2], [3]], np.float32))
    assert session.state()["noted"] == 5.0
