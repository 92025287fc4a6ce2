"""What is infinite is found so in a converted file, whose infinity is the largest number."""

import numpy as np
import pytest
import tensorflow as tf

from odt_core import load_model, lower
from tests.converting import file_of

GIVEN = np.array([1, np.inf, -np.inf, np.nan], np.float32)
QUESTIONS = {
    "is_inf": (tf.math.is_inf, [0, 1, 1, 0]),
    "equal": (lambda x: x == np.inf, [0, 1, 0, 0]),
    "equal to the lowest": (lambda x: tf.equal(-np.inf, x), [0, 0, 1, 0]),
    "not equal": (lambda x: x != np.inf, [1, 0, 1, 1]),
    "is_finite": (tf.math.is_finite, [1, 0, 0, 0]),
}


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_infinity_is_told_from_numbers_as_in_tensorflow(question, tmp_path):
    ask, expected = QUESTIONS[question]
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def infer(x):
        return {"answer": ask(x)}

    (tmp_path / "asks.tflite").write_bytes(
        lower(file_of(module, tmp_path / "saved", infer=infer)).data
    )
    session = load_model(tmp_path / "asks.tflite").session()
    assert session.run("infer", x=GIVEN)["answer"].tolist() == [bool(one) for one in expected]
