"""The recipes by which trainable .tflite files are made, as their documentation has them.

All of them end in a tf.Module with signatures, written as a SavedModel and converted with select
TensorFlow ops.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
import tf_keras

Spec = tf.TensorSpec
Loss = Callable[[Any, Any], Any]  # (labels, scores) -> loss
_PATH = {"checkpoint_path": Spec([], tf.string)}


def convert(module: tf.Module, signatures: Mapping[str, Any]) -> bytes:
    """The .tflite of a module's concrete functions."""
    with tempfile.TemporaryDirectory() as directory:
        tf.saved_model.save(module, directory, signatures=dict(signatures))
        converter = tf.lite.TFLiteConverter.from_saved_model(directory)
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS,
            tf.lite.OpsSet.SELECT_TF_OPS,
        ]
        converter.experimental_enable_resource_variables = True
        return bytes(converter.convert())


def concrete(function: Callable[..., Any], **specs: Spec) -> Any:
    """A signature: a function of named inputs."""
    named = [Spec(spec.shape, spec.dtype, name=name) for name, spec in specs.items()]
    return tf.function(function, input_signature=named).get_concrete_function()


def named(function: Callable[..., Any], specs: Mapping[str, Spec]) -> Any:
    """A signature: a function of keyword arguments alone."""
    return tf.function(function).get_concrete_function(
        **{key: Spec(spec.shape, spec.dtype, name=key) for key, spec in specs.items()}
    )


def softmax(scores: Any) -> dict[str, Any]:
    """What the official tutorial's `infer` returns."""
    return {"output": tf.nn.softmax(scores), "logits": scores}


def own_output(scores: Any) -> dict[str, Any]:
    """The model's output as it is."""
    return {"output": scores}


def named_variables(model: Any) -> dict[str, tf.Variable]:
    """A model's weights by a unique name each, Keras 2 and 3 alike."""
    if isinstance(model, keras.Model):
        return {weight.path: weight.value for weight in model.weights}
    return {weight.name: weight for weight in model.weights}


def tutorial(
    model: Any,
    loss: Loss,
    optimizer: Any,
    x: Spec,
    y: Spec,
    *,
    outputs: Callable[[Any], dict[str, Any]] = softmax,
    checkpoint: int | str | None = 1,
    tracked: bool = True,
    more: Callable[[tf.Module], dict[str, Any]] | None = None,
) -> bytes:
    """The official on-device training tutorial: train, infer, save, restore around a Keras model.

    checkpoint: 1 (raw_ops.Save), 2 (raw_ops.SaveV2), "weights" (get_weights and set_weights),
    "parameters" (parameters and restore by a0, a1, …) or None. tracked: False leaves a Keras 3
    model's variables to Keras alone, and so without initial values in the file.
    """
    module = tf.Module()
    module.model, module.optimizer = model, optimizer
    slots = _build(model, optimizer)
    variables = named_variables(model)
    if tracked:
        module.weights, module.slots = variables, slots
    else:
        variables |= {variable.path: variable.value for variable in optimizer.variables}

    def train(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        _apply(optimizer, tape.gradient(value, _trainable(model)), model)
        return {"loss": value}

    signatures = {
        "train": concrete(train, x=x, y=y),
        "infer": concrete(lambda x: outputs(model(x, training=False)), x=x),
        **checkpoints(variables, checkpoint),
    }
    if more:
        signatures |= more(module)
    return convert(module, signatures)


def flower(model: Any, x: Spec, y: Spec) -> bytes:
    """Flower's recipe: Keras 2's own train_step, whose loss is a running mean, and parameters()."""
    module = tf.Module()
    module.model = model
    slots = _build(model, model.optimizer)
    module.slots = slots

    def train(x: Any, y: Any) -> dict[str, Any]:
        return {"loss": model.train_step((x, y))["loss"]}

    def evaluate(x: Any, y: Any) -> dict[str, Any]:
        scores = model(x, training=False)
        return {"loss": tf.reduce_mean(model.loss(y, scores))}

    return convert(
        module,
        {
            "train": concrete(train, x=x, y=y),
            "infer": concrete(lambda x: softmax(model(x, training=False)), x=x),
            "evaluate": concrete(evaluate, x=x, y=y),
            **checkpoints(named_variables(model), "parameters"),
        },
    )


def _build(model: Any, optimizer: Any) -> list[tf.Variable]:
    """Makes the optimiser's variables before tracing; returns them and a model's hidden ones."""
    if isinstance(model, keras.Model):
        optimizer.build(model.trainable_variables)
        known = {weight.path for weight in model.weights}
        hidden = [v.value for v in model.variables if v.path not in known]
        return [v.value for v in optimizer.variables] + hidden
    if hasattr(optimizer, "build"):
        optimizer.build(model.trainable_variables)
        return list(optimizer.variables)
    optimizer._create_all_weights(model.trainable_variables)  # Keras before 2.11
    return []  # its slots belong to it alone, or the SavedModel cannot be written


def _trainable(model: Any) -> Sequence[Any]:
    if isinstance(model, keras.Model):
        return [variable.value for variable in model.trainable_variables]
    return model.trainable_variables


def _apply(optimizer: Any, gradients: Sequence[Any], model: Any) -> None:
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))


def checkpoints(variables: Mapping[str, tf.Variable], kind: int | str | None) -> dict[str, Any]:
    """The signatures that save and restore `variables`; see `tutorial`."""
    if kind in (1, 2):
        write, read = (save, restore) if kind == 1 else (save_v2, restore_v2)
        return {
            "save": concrete(lambda checkpoint_path: write(checkpoint_path, variables), **_PATH),
            "restore": concrete(lambda checkpoint_path: read(checkpoint_path, variables), **_PATH),
        }
    if kind is None:
        return {}
    prefix = "a" if kind == "parameters" else "weight_"
    keyed = {f"{prefix}{at}": variable for at, variable in enumerate(variables.values())}

    def hand_out() -> dict[str, Any]:
        return {key: variable.read_value() for key, variable in keyed.items()}

    def take(**values: Any) -> dict[str, Any]:
        for key, variable in keyed.items():
            variable.assign(values[key])
        return {key: variable.read_value() for key, variable in keyed.items()}

    names = ("parameters", "restore") if kind == "parameters" else ("get_weights", "set_weights")
    specs = {key: Spec(variable.shape, variable.dtype) for key, variable in keyed.items()}
    return {
        names[0]: concrete(hand_out),
        names[1]: named(take, specs),
    }


def save(path: Any, variables: Mapping[str, tf.Variable]) -> dict[str, Any]:
    """The tutorial's save: one file."""
    values = [variable.read_value() for variable in variables.values()]
    tf.raw_ops.Save(filename=path, tensor_names=list(variables), data=values)
    return {"checkpoint_path": path}


def restore(path: Any, variables: Mapping[str, tf.Variable]) -> dict[str, Any]:
    """The tutorial's restore."""
    restored = {}
    for name, variable in variables.items():
        value = tf.raw_ops.Restore(file_pattern=path, tensor_name=name, dt=variable.dtype)
        variable.assign(tf.ensure_shape(value, variable.shape))
        restored[name.replace(":", "_")] = value
    return restored


def save_v2(path: Any, variables: Mapping[str, tf.Variable]) -> dict[str, Any]:
    """An index and a data file."""
    written = tf.raw_ops.SaveV2(
        prefix=path,
        tensor_names=list(variables),
        shape_and_slices=[""] * len(variables),
        tensors=[variable.read_value() for variable in variables.values()],
    )
    with tf.control_dependencies([written]):  # the converter drops what nothing depends on
        return {"status": tf.identity(tf.constant(1))}


def restore_v2(path: Any, variables: Mapping[str, tf.Variable]) -> dict[str, Any]:
    """Their counterpart."""
    values = tf.raw_ops.RestoreV2(
        prefix=path,
        tensor_names=list(variables),
        shape_and_slices=[""] * len(variables),
        dtypes=[variable.dtype for variable in variables.values()],
    )
    for value, variable in zip(values, variables.values(), strict=True):
        variable.assign(tf.reshape(value, variable.shape))
    return {"status": tf.constant(1)}


# --- losses as people write them ------------------------------------------------------------------


def softmax_loss(labels: Any, logits: Any) -> Any:
    """TensorFlow's own, one-hot labels."""
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))


def sparse_loss(labels: Any, logits: Any) -> Any:
    """TensorFlow's own, labels [N] or [N, 1]."""
    labels = tf.reshape(labels, [-1])
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def keras3_loss(name: str, **options: Any) -> Loss:
    """A Keras 3 loss class by name, averaged over the batch."""
    return getattr(keras.losses, name)(**options)


def keras2_loss(name: str, **options: Any) -> Loss:
    """A Keras 2 loss class by name, averaged over the batch."""
    return getattr(tf_keras.losses, name)(**options)
