"""Builtin ops on labels of eight bits: LiteRT ends the process in some of their kernels."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.graph.building.kernels import KERNELS
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.tensor import dtype_of
from tests.converting import file_of

OPS = {
    "equal": lambda y: tf.equal(y, 2),
    "not_equal": lambda y: tf.not_equal(y, 2),
    "greater": lambda y: y > 1,
    "less_equal": lambda y: y <= 1,
    "sum": lambda y: y + y,
}
GIVEN = [0, 1, 2, 3]
EXPECTED = {
    "equal": [0, 0, 1, 0],
    "not_equal": [1, 1, 0, 1],
    "greater": [0, 0, 1, 1],
    "less_equal": [1, 1, 0, 0],
    "sum": [0, 2, 4, 6],
}


def file_with(compute, dtype, folder) -> bytes:
    module = tf.Module()
    module.w = tf.Variable(1.0)

    @tf.function(input_signature=[tf.TensorSpec([None], dtype)])
    def infer(y):
        return {"answer": module.w * tf.cast(compute(y), tf.float32)}

    return file_of(module, folder, infer=infer)


@pytest.mark.parametrize("dtype", [tf.uint8, tf.int8])
@pytest.mark.parametrize("op", list(OPS))
def test_small_whole_numbers_are_computed_with_in_more_bits(op, dtype, tmp_path):
    lowered = odt.lower(file_with(OPS[op], dtype, tmp_path / "saved")).data
    (tmp_path / "model.tflite").write_bytes(lowered)
    # In a process of its own, as a kernel may end it.
    code = (
        "import sys, numpy as np, odt_core as odt\n"
        "session = odt.load_model(sys.argv[1]).session()\n"
        f"print(session.run('infer', y=np.array({GIVEN}, '{dtype.name}'))['answer'].tolist())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model.tflite")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str([float(one) for one in EXPECTED[op]]), done.stderr


def test_no_kernel_is_given_a_dtype_that_it_lacks(tmp_path):
    model = read(odt.lower(file_with(OPS["equal"], tf.uint8, tmp_path)).data)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        name, inputs = name_of(model, operator), inputs_of(operator)
        if name in KERNELS:
            assert dtype_of(graph.tensors[inputs[0]].type) in KERNELS[name]
            assert dtype_of(graph.tensors[inputs[0]].type) != np.uint8
