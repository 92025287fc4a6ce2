"""Authoring: a Keras model becomes a trainable .tflite. The only room that may import TensorFlow.

Names are looked up on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from odt_core.authoring.conversion import convert_saved_model
    from odt_core.authoring.keras_files import load_keras_model
    from odt_core.authoring.one_call import to_inference_tflite, to_trainable_tflite
    from odt_core.authoring.recipe import BaseTFLiteModel, save_model, tflite_model_class
    from odt_core.authoring.transfer import to_transfer_tflite
    from odt_core.authoring.tutorial import to_tutorial_tflite

_HOMES = {
    "BaseTFLiteModel": "recipe",
    "convert_saved_model": "conversion",
    "load_keras_model": "keras_files",
    "save_model": "recipe",
    "tflite_model_class": "recipe",
    "to_inference_tflite": "one_call",
    "to_trainable_tflite": "one_call",
    "to_transfer_tflite": "transfer",
    "to_tutorial_tflite": "tutorial",
}

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"odt_core.authoring has no name {name!r}")
    return getattr(import_module(f"odt_core.authoring.{_HOMES[name]}"), name)
