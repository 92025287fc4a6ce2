"""The official tutorial's flavour of trainable models: checkpoints by path.

Signatures train(x, y) -> loss, infer(x) -> output, logits, save(checkpoint_path) and
restore(checkpoint_path), after https://ai.google.dev/edge/litert/models/ondevice_training. A model
of values, or of probabilities whose logits are not at hand, has no logits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.inputs import Inputs
from odt_core.authoring.keras_files import load_keras_model
from odt_core.authoring.losses import resolve_squashing
from odt_core.authoring.one_call import author, signature
from odt_core.authoring.program import Program


def to_tutorial_tflite(
    source: keras.Model | str | Path,
    *,
    loss: Any = None,
    optimizer: Any = None,
    learning_rate: float | None = None,
    trainable: Collection[str] | None = None,
    safe_mode: bool = True,
    lowered: bool = True,
) -> bytes:
    """A trainable .tflite in the official tutorial's dialect; arguments as `to_trainable_tflite`.

    lowered: True gives a model for plain LiteRT, whose save returns the checkpoint's tensors and
    whose restore takes them; False keeps TensorFlow's own ops and paths, for phones with the
    Select-TF-ops library.
    Raises AuthoringError when the model cannot be read or converted.
    """

    model = load_keras_model(source, safe_mode=safe_mode)

    def dialect(program: Program, inputs: Inputs) -> dict[str, Any]:
        squash = resolve_squashing(model, loss)
        path = tf.TensorSpec([], tf.string, name="checkpoint_path")
        return {
            "infer": signature(
                lambda **x: _infer(program.infer(inputs.taken(x)), squash), **inputs.specs
            ),
            "save": signature(lambda checkpoint_path: _save(program, checkpoint_path), path),
            "restore": signature(lambda checkpoint_path: _restore(program, checkpoint_path), path),
        }

    return author(
        model,
        dialect,
        loss=loss,
        optimizer=optimizer,
        learning_rate=learning_rate,
        trainable=trainable,
        safe_mode=safe_mode,
        lowered=lowered,
    )


def _infer(output: Any, squash: Callable[[Any], Any] | None) -> dict[str, Any]:
    logits = getattr(output, "_keras_logits", None)  # what a softmax was computed from
    if logits is not None:
        return {"output": output, "logits": logits}
    if squash is not None:
        return {"output": squash(output), "logits": output}
    return {"output": output}


def _save(program: Program, path: Any) -> dict[str, Any]:
    values = [variable.read_value() for variable in program.weights]
    tf.raw_ops.Save(filename=path, tensor_names=program.weight_names(), data=values)
    return {"checkpoint_path": path}


def _restore(program: Program, path: Any) -> dict[str, Any]:
    restored = {}
    for variable, name in zip(program.weights, program.weight_names(), strict=True):
        value = tf.raw_ops.Restore(file_pattern=path, tensor_name=name, dt=variable.dtype)
        value.set_shape(variable.shape)
        variable.assign(value)
        restored[name] = value
    return restored
