"""Authoring: a Keras model becomes a trainable .tflite. The only room that may import TensorFlow.

Names are looked up on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.lazy import lazily

if TYPE_CHECKING:
    from odt_core.authoring.conversion import convert_saved_model
    from odt_core.authoring.keras_files import load_keras_model
    from odt_core.authoring.one_call import to_inference_tflite, to_trainable_tflite
    from odt_core.authoring.recipe import BaseTFLiteModel, save_model, tflite_model_class
    from odt_core.authoring.transfer import to_transfer_tflite
    from odt_core.authoring.tutorial import to_tutorial_tflite

__all__ = [
    "BaseTFLiteModel",
    "convert_saved_model",
    "load_keras_model",
    "save_model",
    "tflite_model_class",
    "to_inference_tflite",
    "to_trainable_tflite",
    "to_transfer_tflite",
    "to_tutorial_tflite",
]

__getattr__ = lazily(
    __name__,
    {
        "conversion": ("convert_saved_model",),
        "keras_files": ("load_keras_model",),
        "one_call": ("to_inference_tflite", "to_trainable_tflite"),
        "recipe": ("BaseTFLiteModel", "save_model", "tflite_model_class"),
        "transfer": ("to_transfer_tflite",),
        "tutorial": ("to_tutorial_tflite",),
    },
)
