"""Gradients in a form that TensorFlow's converter leaves as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from odt_core.authoring.backend import tf


@contextmanager
def convertible_gradients() -> Iterator[None]:
    """While this is open, a tape's gradient of √x is one that a .tflite computes as TensorFlow
    does.

    TensorFlow's kernel gives 0 where dy is 0, whatever x is; its converter writes the kernel as
    dy·½/√x, and that is 0/0 where the distance of two equal samples is 0, as it should be. The
    registry is private, but Graph.gradient_override_map, the public way, is not for tapes.
    """
    from tensorflow.python.framework.ops import gradient_registry

    of_sqrt = gradient_registry._registry["Sqrt"]
    original = of_sqrt["type"]
    of_sqrt["type"] = _sqrt_grad
    try:
        yield
    finally:
        of_sqrt["type"] = original


def _sqrt_grad(op: Any, dy: Any) -> Any:
    return tf.math.xdivy(dy * 0.5, op.outputs[0])  # 0 where dy is 0
