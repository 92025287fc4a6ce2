"""Arithmetic of all dtypes: TensorFlow's numbers, or words, and never LiteRT's end."""

from __future__ import annotations

import os

import numpy as np
import pytest
import tensorflow as tf
from one_op import run_lowered, run_tensorflow

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError
from odt_core.graph.building.kernels import KERNELS, check_kernel
from odt_core.graph.rules.elementwise import _BINARY, _UNARY

DTYPES = (np.int64, np.int32, np.int16, np.int8, np.uint8, np.uint32, np.float64, np.bool_)
OPS = [*_BINARY, *(op for op in _UNARY if "Softmax" not in op), "L2Loss", "ClipByValue"]


def drawn(dtype: type, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype is np.bool_:
        return rng.random(8) > 0.5
    low = 0 if np.dtype(dtype).kind == "u" else -9
    return rng.integers(low, 10, 8).astype(dtype)


def inputs_of(op: str, dtype: type) -> dict[str, np.ndarray]:
    x, y = drawn(dtype, 1), drawn(dtype, 2)
    if op in ("Div", "RealDiv", "FloorDiv", "FloorMod") and dtype is not np.bool_:
        y = np.where(y == 0, 3, y).astype(dtype)
    if op == "Pow":
        y = (np.abs(y.astype(np.int64)) % 4).astype(dtype)
    if op in ("Log", "Rsqrt", "Sqrt"):
        x = (np.abs(x.astype(np.int64)) + 1).astype(dtype)
    if op in _BINARY:
        return {"x": x, "y": y}
    if op == "ClipByValue":
        return {"t": x, "clip_value_min": dtype(1), "clip_value_max": dtype(5)}
    if op == "L2Loss":
        return {"t": x}
    return {"features" if op == "Relu" else "x": x}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op", OPS)
def test_op_gives_tensorflows_numbers_or_says_that_it_cannot(op, dtype):
    inputs = inputs_of(op, dtype)
    try:
        (expected,) = run_tensorflow(op, inputs, {})
    except (tf.errors.OpError, TypeError):
        return  # TensorFlow has no such kernel either
    # In a process of its own: a kernel that LiteRT lacks may end it.
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            dynamic = [name for name, value in inputs.items() if value.ndim]
            (actual,) = run_lowered(op, inputs, {}, dynamic=dynamic)
            same = np.allclose(actual, expected, rtol=1e-5, atol=1e-6)
            os.write(writes, b"same" if same else f"{actual} and not {expected}".encode())
        except LoweringError:
            os.write(writes, b"refused")
        except BaseException as error:
            os.write(writes, repr(error).encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert (status, said) in ((0, "same"), (0, "refused"))


def test_usual_dtypes_are_never_refused():
    for op in ("ADD", "SUB", "MUL", "MAXIMUM", "GREATER", "EQUAL", "SUM", "REDUCE_MAX"):
        for dtype in (np.float32, np.int32, np.int64):
            check_kernel(op, np.dtype(dtype))
    with pytest.raises(LoweringError, match=r"int16 numbers.*no kernel of SUB"):
        check_kernel("SUB", np.dtype(np.int16))
    assert all(KERNELS.values())
