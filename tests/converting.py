"""A TensorFlow module as a .tflite with signatures, as people convert one that trains."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


def functions_of(module: tf.Module, *names: str) -> dict[str, object]:
    """Signatures for `file_of` of a module's methods, by their names."""
    return {name: getattr(module, name).get_concrete_function() for name in names}


def file_of(module: tf.Module, folder: str | Path, **signatures: object) -> bytes:
    """folder: an empty one to write in."""
    tf.saved_model.save(module, str(folder), signatures=signatures)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    converter.experimental_enable_resource_variables = True
    return converter.convert()
