"""Gradients in a form that TensorFlow's converter leaves as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from odt_core.authoring.backend import tf


@contextmanager
def convertible_gradients() -> Iterator[None]:
    """While this is open, a tape's gradients of √x and 1/√x are ones that a .tflite computes as
    TensorFlow does.

    TensorFlow's kernels give 0 where dy is 0, whatever x is; its converter writes them as dy·½/√x
    and dy·−½·y³, and that is 0/0 or 0·∞ where the distance of two equal samples is 0, as it should
    be, or a row of zeros is normalised. The registry is private, but Graph.gradient_override_map,
    the public way, is not for tapes.
    """
    from tensorflow.python.framework.ops import gradient_registry

    registry = gradient_registry._registry
    originals = {op: registry[op]["type"] for op in _OURS}
    for op, gradient in _OURS.items():
        registry[op]["type"] = gradient
    try:
        yield
    finally:
        for op, gradient in originals.items():
            registry[op]["type"] = gradient


def _sqrt_grad(op: Any, dy: Any) -> Any:
    return tf.math.xdivy(dy * 0.5, op.outputs[0])  # 0 where dy is 0


def _rsqrt_grad(op: Any, dy: Any) -> Any:
    y = op.outputs[0]
    if _is_of_a_sum_above_nought(y):
        return tf.raw_ops.RsqrtGrad(y=y, dy=dy)
    return tf.math.multiply_no_nan(-0.5 * y * tf.square(y), dy)  # 0 where dy is 0


def _is_of_a_sum_above_nought(y: Any) -> bool:
    """Whether what y is the root of is a variance and an ε, as in layers that normalise."""
    if not tf.is_symbolic_tensor(y) or y.op.type != "Rsqrt":
        return False
    x = y.op.inputs[0].op
    known = [tf.get_static_value(term) for term in x.inputs] if x.type == "AddV2" else []
    return any(term is not None and bool((term > 0).all()) for term in known)


_OURS = {"Sqrt": _sqrt_grad, "Rsqrt": _rsqrt_grad}
