"""Einstein sums are TensorFlow's."""

import numpy as np
import pytest
import tensorflow as tf
from one_op import normal, run_lowered, worst_error

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError

SIZES = {"b": 3, "i": 4, "h": 2, "d": 5, "k": 6, "n": 3, "c": 2, "t": 4, "v": 3, "w": 5}
EQUATIONS = [
    "bihd,hdk->bk", "bid,bkd->bik", "bihd,bkhd->bhik", "nctv,kvw,kcd->nd", "bi,bi->b", "bi,k->bik",
    "bid,dk->bik", "bik->bki", "bik->b", "bd,dk->k", "bi,bd,bk->idk", "bhd,bhd->bhd", "bd,bd->",
]  # fmt: skip


def inputs_of(equation):
    names = equation.split("->")[0].split(",")
    shapes = [[SIZES[axis] for axis in name] for name in names]
    return {f"x{i}": normal(i, *shape) for i, shape in enumerate(shapes)}


@pytest.mark.parametrize("dynamic", [True, False], ids=["any batch", "fixed batch"])
@pytest.mark.parametrize("equation", EQUATIONS)
def test_sum_then_equals_tensorflow(equation, dynamic):
    inputs = inputs_of(equation)
    names = equation.split("->")[0].split(",")
    batched = [key for key, name in zip(inputs, names, strict=True) if name[0] in "bn" and dynamic]
    (actual,) = run_lowered("Einsum", inputs, {"equation": equation}, dynamic=batched)
    expected = tf.einsum(equation, *inputs.values()).numpy()
    assert worst_error(actual, expected) < 1e-6


@pytest.mark.parametrize("equation", ["...i,ik->...k", "ii->i"])
def test_axes_without_a_name_of_their_own_are_refused(equation):
    shapes = [(4, 4)] * (1 + equation.count(","))
    inputs = {f"x{i}": np.zeros(shape, np.float32) for i, shape in enumerate(shapes)}
    with pytest.raises(LoweringError, match="Name each axis once"):
        run_lowered("Einsum", inputs, {"equation": equation})
