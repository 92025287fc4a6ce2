"""Diagonals read, written and made are TensorFlow's."""

import numpy as np
import pytest
from one_op import normal, run_lowered, run_tensorflow

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError

PADDING = {"padding_value": np.array(0, np.float32)}


def number(value):
    return np.array(value, np.int32)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (2, 3, 3), (2, 3, 4, 6)], ids=str)
@pytest.mark.parametrize("k", [0, 1, -1, 2, -2])
def test_part_of_known_size_then_equals_tensorflow(shape, k):
    inputs = {"input": normal(0, *shape), "k": number(k)} | PADDING
    dynamic = ["input"] if len(shape) > 2 else []
    (actual,) = run_lowered(
        "MatrixDiagPartV3", inputs, {}, dynamic=dynamic, constant=["k", "padding_value"]
    )
    (expected,) = run_tensorflow("MatrixDiagPartV3", inputs, {})
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)], ids=str)
def test_part_of_one_matrix_of_any_size_then_equals_tensorflow(shape):
    inputs = {"input": normal(0, *shape), "k": number(0)} | PADDING
    (actual,) = run_lowered("MatrixDiagPartV3", inputs, {}, dynamic=["input"], constant=["k"])
    np.testing.assert_array_equal(actual, np.diagonal(inputs["input"]))


def test_part_of_the_old_op_then_is_the_diagonal_of_a_matrix_alone():
    matrix = normal(0, 4, 4)
    (actual,) = run_lowered("DiagPart", {"input": matrix}, {})
    np.testing.assert_array_equal(actual, np.diagonal(matrix))
    with pytest.raises(LoweringError, match="more than a matrix"):
        run_lowered("DiagPart", {"input": normal(0, 2, 2, 2, 2)}, {})


def test_several_diagonals_then_are_refused():
    inputs = {"input": normal(0, 4, 4), "k": np.array([0, 1], np.int32)} | PADDING
    with pytest.raises(LoweringError, match="Take one by a constant"):
        run_lowered("MatrixDiagPartV3", inputs, {}, constant=["k"])


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)], ids=str)
@pytest.mark.parametrize(
    ("k", "rows", "columns"),
    [
        (0, -1, -1),
        (0, 4, 4),
        (1, -1, -1),
        (-2, -1, -1),
        (0, 4, 7),
        (0, 6, 4),
        (2, 4, 6),
        (-1, 5, 9),
    ],
)
def test_matrices_of_a_diagonal_then_equal_tensorflow(lead, k, rows, columns):
    inputs = {"diagonal": normal(0, *lead, 4), "k": number(k)}
    inputs |= {"num_rows": number(rows), "num_cols": number(columns)} | PADDING
    constant = [name for name in inputs if name != "diagonal"]
    (actual,) = run_lowered(
        "MatrixDiagV3", inputs, {}, dynamic=["diagonal"] if lead else [], constant=constant
    )
    (expected,) = run_tensorflow("MatrixDiagV3", inputs, {})
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("lead", [(), (2,)], ids=str)
def test_matrices_of_a_bool_diagonal_then_equal_tensorflow(lead, k):
    inputs = {"diagonal": normal(0, *lead, 4) > 0, "k": number(k)}
    inputs |= {"num_rows": number(-1), "num_cols": number(-1), "padding_value": np.array(False)}
    constant = [name for name in inputs if name != "diagonal"]
    dynamic = ["diagonal"] if lead or not k else []  # the batch: tf.eye(n, dtype=tf.bool)
    (actual,) = run_lowered("MatrixDiagV3", inputs, {}, dynamic=dynamic, constant=constant)
    (expected,) = run_tensorflow("MatrixDiagV3", inputs, {})
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.bool_])
@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 3)], ids=str)
def test_other_diagonal_then_equals_tensorflow(shape, dtype):
    inputs = {"input": normal(0, *shape), "diagonal": normal(1, *shape[:-1])}
    inputs = {name: (one if dtype == np.float32 else one > 0) for name, one in inputs.items()}
    inputs["k"] = number(0)
    (actual,) = run_lowered(
        "MatrixSetDiagV3", inputs, {}, dynamic=["input", "diagonal"], constant=["k"]
    )
    (expected,) = run_tensorflow("MatrixSetDiagV3", inputs, {})
    np.testing.assert_array_equal(actual, expected)
