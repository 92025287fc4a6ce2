"""TensorFlow and Keras, imported once, quietly, and checked to fit together."""

from __future__ import annotations

import os

from odt_core.errors import AuthoringError

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # the converter's notes are not for people

try:
    import keras
    import tensorflow as tf
except ImportError as error:
    raise AuthoringError(
        "Building a model needs TensorFlow and Keras. Install them as requirements.txt says."
    ) from error

if keras.backend.backend() != "tensorflow":
    raise AuthoringError(
        f"Keras runs on {keras.backend.backend()}, but only TensorFlow writes .tflite. "
        "Set the environment variable KERAS_BACKEND=tensorflow before Keras is imported."
    )

__all__ = ["keras", "tf"]
