"""Mixed precision, as GPUs train with: its weights are float32, and a .tflite computes so as well.

A saved model's layers carry their policies with them, whatever Keras is set to as it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from odt_core.authoring.backend import keras

_MIXED = frozenset({"mixed_float16", "mixed_bfloat16"})


@contextmanager
def in_float32(model: keras.Model) -> Iterator[None]:
    """Has the layers whose weights are float32 compute in float32, and puts the model back as it
    was afterwards.
    """
    mixed = [layer for layer in model._flatten_layers() if layer.dtype_policy.name in _MIXED]
    policies = [layer.dtype_policy for layer in mixed]
    try:
        for layer in mixed:
            layer.dtype_policy = "float32"
        yield
    finally:
        for layer, policy in zip(mixed, policies, strict=True):
            layer.dtype_policy = policy
