"""What a Keras model takes, as the inputs of a signature."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from odt_core.authoring.backend import keras, tf
from odt_core.errors import AuthoringError


class Inputs:
    """The inputs of a model's signatures: x, or several under their Keras names.

    specs: tf.TensorSpec by name, the batch left open. Raises AuthoringError where an input has the
    name of the labels, or two have the same.
    """

    def __init__(self, model: keras.Model) -> None:
        several = len(model.inputs or ()) > 1
        names = [re.sub(r"\W", "_", one.name) for one in model.inputs] if several else ["x"]
        if "y" in names or len(set(names)) < len(names):
            raise AuthoringError(
                f"The inputs of the model '{model.name}' are named {', '.join(names)}. Give each a "
                "name of its own, other than y, which the labels have: "
                "keras.Input(shape, name='user')."
            )
        shapes = [one.shape for one in model.inputs] if several else [model.input_shape]
        dtypes = [one.dtype for one in model.inputs] if model.inputs else ["float32"]
        self.specs = {
            name: tf.TensorSpec([None, *shape[1:]], dtype, name=name)
            for name, shape, dtype in zip(names, shapes, dtypes, strict=True)
        }
        self._form = getattr(model, "_inputs_struct", None) if several else None

    def taken(self, arrays: Mapping[str, Any]) -> Any:
        """What the model is called with: x, or several in the list or dict that it was built of."""
        if self._form is None:
            return arrays["x"]
        return keras.tree.pack_sequence_as(self._form, [arrays[name] for name in self.specs])


def check_one_input(model: keras.Model) -> None:
    """AuthoringError for a model with several inputs."""
    inputs = getattr(model, "inputs", None) or ()
    if len(inputs) > 1:
        raise AuthoringError(
            f"The model '{model.name}' has {len(inputs)} inputs, and this takes one. "
            "odt_core.authoring.to_trainable_tflite takes several, each under its name."
        )
