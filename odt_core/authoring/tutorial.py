"""The official tutorial's flavour of trainable models: checkpoints by path.

Signatures train(x, y) -> loss, infer(x) -> output, logits, save(checkpoint_path) and
restore(checkpoint_path), after https://ai.google.dev/edge/litert/models/ondevice_training.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.conversion import convert_with_flex, lower_converted
from odt_core.authoring.keras_files import load_keras_model
from odt_core.authoring.one_call import input_spec, label_spec, make_program, only_trainable
from odt_core.authoring.program import Program, check_model
from odt_core.authoring.recipe import save_program


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
    check_model(model)
    with only_trainable(model, trainable):
        program = make_program(model, loss, optimizer, learning_rate)
        x, y = input_spec(model), label_spec(model, loss)
        path = tf.TensorSpec([], tf.string, name="checkpoint_path")

        def signature(function: Any, *specs: Any) -> Any:
            return tf.function(function).get_concrete_function(*specs)

        rate = tf.TensorSpec([], tf.float32, name="learning_rate")
        signatures = {
            "train": signature(lambda x, y: {"loss": program.train(x, y)}, x, y),
            "infer": signature(lambda x: _infer(program, x), x),
            "save": signature(lambda checkpoint_path: _save(program, checkpoint_path), path),
            "restore": signature(lambda checkpoint_path: _restore(program, checkpoint_path), path),
            "set_learning_rate": signature(
                lambda learning_rate: {"learning_rate": program.set_learning_rate(learning_rate)},
                rate,
            ),
        }
        with tempfile.TemporaryDirectory() as directory:
            save_program(program, signatures, directory)
            data = convert_with_flex(directory)
    return lower_converted(data) if lowered else data


def _infer(program: Program, x: Any) -> dict[str, Any]:
    output = program.infer(x)
    logits = getattr(output, "_keras_logits", None)
    if logits is None:
        return {"output": tf.nn.softmax(output), "logits": output}
    return {"output": output, "logits": logits}


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
