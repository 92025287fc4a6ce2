"""A Keras model, or its file, straight to a .tflite: for inference only, or trainable."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.conversion import (
    check_values,
    convert,
    state_of,
)
from odt_core.authoring.inputs import Inputs
from odt_core.authoring.keras_files import load_keras_model
from odt_core.authoring.losses import resolve_loss, takes_class_numbers
from odt_core.authoring.optimisers import DEFAULT_LEARNING_RATE
from odt_core.authoring.outputs import named_outputs
from odt_core.authoring.precision import in_float32
from odt_core.authoring.program import (
    Program,
    check_convertible,
    check_model,
    check_says_its_shapes,
)
from odt_core.authoring.recipe import save_program
from odt_core.authoring.tracing import plain_errors
from odt_core.authoring.update_rules import NAMES
from odt_core.errors import AuthoringError

# What exclude_from_weight_decay() sets, of which an optimiser's config says nothing.
_NOT_IN_CONFIG = {"_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"}
_SAMPLES = 5  # in a step that is tried: seldom as many as a model has outputs


def to_inference_tflite(source: keras.Model | str | Path, *, safe_mode: bool = True) -> bytes:
    """A .tflite with the one signature infer(x) -> logits and constant weights, any batch size.

    source: a built keras.Model, or the path of a .keras or .h5 file. Of a model with several inputs
    the signature takes each under its name, of one with several outputs it gives each so.
    Raises AuthoringError when the model cannot be read or converted, or when the file answers
    otherwise than the model.
    """
    with (
        _opened(source, safe_mode, check_convertible, compiled=False) as model,
        tempfile.TemporaryDirectory() as directory,
    ):
        inputs = Inputs(model)
        concrete = signature(
            lambda **x: named_outputs(model, model(inputs.taken(x), training=False)), **inputs.specs
        )
        module = tf.Module()
        module.weights = [variable.value for variable in model.variables]
        module.model = model  # for the tables of its lookup layers
        save_program(module, {"infer": concrete}, directory)
        return convert(directory).lowered


def to_trainable_tflite(
    source: keras.Model | str | Path,
    *,
    loss: Any = None,
    optimizer: Any = None,
    learning_rate: float | None = None,
    trainable: Collection[str] | None = None,
    safe_mode: bool = True,
    lowered: bool = True,
) -> bytes:
    """A trainable .tflite with the signatures train, infer, parameters, restore and
    set_learning_rate, that runs on plain LiteRT with any batch size.

    source: a built keras.Model, or the path of a .keras or .h5 file. Of a model with several inputs
    train and infer take each under its name.
    loss, optimizer: as for model.compile(); left out, those the model was compiled with, else
    cross-entropy and SGD. learning_rate: instead of the optimiser's own; where that is a schedule
    of Keras, the file follows it and has no set_learning_rate.
    trainable: names of the layers that learn, with the layers in them, and each of them where
    several have one name; left out, those that are trainable already.
    lowered: False keeps TensorFlow's own ops, for phones with the Select-TF-ops library.
    Raises AuthoringError when the model cannot be read or converted.
    """

    def dialect(program: Program, inputs: Inputs) -> dict[str, Any]:
        return {
            "infer": signature(
                lambda **x: {"logits": program.infer(inputs.taken(x))}, **inputs.specs
            ),
            "parameters": signature(program.parameters),
            "restore": signature(lambda **p: program.restore(p), **program.parameter_specs()),
        }

    return author(
        source,
        dialect,
        loss=loss,
        optimizer=optimizer,
        learning_rate=learning_rate,
        trainable=trainable,
        safe_mode=safe_mode,
        lowered=lowered,
    )


def author(
    source: keras.Model | str | Path,
    dialect: Callable[[Program, Inputs], dict[str, Any]],
    *,
    loss: Any,
    optimizer: Any,
    learning_rate: float | None,
    trainable: Collection[str] | None,
    safe_mode: bool,
    lowered: bool,
) -> bytes:
    """The .tflite of a Keras model with train, set_learning_rate and a dialect's own signatures.

    dialect: from the program and the model's inputs to signatures by name. The rest as for
    `to_trainable_tflite`. That the file holds the model's weights, and answers as the model does,
    is checked before it is returned, by its lowered form.
    """
    with (
        _opened(source, safe_mode, check_model) as model,
        only_trainable(model, trainable),
    ):
        program = make_program(model, loss, optimizer, learning_rate)
        inputs, y = Inputs(model), label_spec(model, loss)
        signatures = {
            "train": signature(
                lambda y, **x: {"loss": program.train(inputs.taken(x), y)}, y=y, **inputs.specs
            ),
            **dialect(program, inputs),
            **program.rate_signatures(),
        }
        _check_step(program, signatures["train"], {"y": y, **inputs.specs})
        with tempfile.TemporaryDirectory() as directory:
            save_program(program, signatures, directory)
            converted = convert(directory, must_lower=lowered)
    check_values(
        state_of(converted.lowered, converted.about),
        {
            name.removesuffix(":0"): variable.numpy()
            for name, variable in zip(program.weight_names(), program.weights, strict=True)
        },
    )
    return converted.lowered if lowered else converted.flex


@contextmanager
def _opened(
    source: keras.Model | str | Path,
    safe_mode: bool,
    check: Callable[[keras.Model], None],
    *,
    compiled: bool = True,
) -> Iterator[keras.Model]:
    """A model, or that of a file, that computes in float32 and stood a check."""
    model = load_keras_model(source, safe_mode=safe_mode, compiled=compiled)
    with in_float32(model):
        check(model)
        check_says_its_shapes(model)
        yield model


def signature(function: Any, *specs: Any, **named: Any) -> Any:
    """A function of tensors as a signature of a SavedModel. AuthoringError when it cannot be."""
    with plain_errors():
        return tf.function(function).get_concrete_function(*specs, **named)


def _check_step(program: Program, train: Any, specs: dict[str, Any]) -> None:
    """AuthoringError where TensorFlow itself cannot take a step, which tracing, with an open batch,
    does not tell: labels of another shape than the loss takes, for one. Leaves the program as it
    was.
    """
    if any(None in spec.shape[1:] for spec in specs.values()):
        return  # not every size is one that the model takes
    before = [variable.numpy() for variable in program.variables]
    with plain_errors(cannot="take a step"):
        train(**{name: tf.zeros([_SAMPLES, *s.shape[1:]], s.dtype) for name, s in specs.items()})
    for variable, value in zip(program.variables, before, strict=True):
        variable.assign(value)


def make_program(
    model: keras.Model, loss: Any, optimizer: Any, learning_rate: float | None
) -> Program:
    """The program of a model with what `to_trainable_tflite` was given."""
    chosen = choose_optimizer(model, optimizer, learning_rate)
    return Program(model, resolve_loss(model, loss), chosen)


def choose_optimizer(
    model: keras.Model, optimizer: Any, learning_rate: float | None
) -> keras.optimizers.Optimizer:
    """The optimiser given, else the model's own, else SGD, with the learning rate where given."""
    chosen = optimizer if optimizer is not None else getattr(model, "optimizer", None)
    # float32 needs no scaled loss, which compile() adds to a model of mixed precision by itself
    chosen = getattr(chosen, "inner_optimizer", chosen)
    if chosen is None:
        chosen = keras.optimizers.SGD(DEFAULT_LEARNING_RATE)
    try:
        chosen = keras.optimizers.get(chosen)
    except ValueError as error:
        raise AuthoringError(
            f"Keras knows no optimiser {optimizer!r}. Give a Keras optimiser or its name: {NAMES}."
        ) from error
    if learning_rate is not None:
        config = chosen.get_config() | {"learning_rate": float(learning_rate)}
        own, chosen = chosen, type(chosen).from_config(config)
        for kept in _NOT_IN_CONFIG & vars(own).keys():
            setattr(chosen, kept, getattr(own, kept))
    return chosen


def label_spec(model: keras.Model, loss: Any) -> Any:
    """y as a signature takes it: int32 [N] for sparse losses, else float32 like the output."""
    shape = model.output_shape
    if takes_class_numbers(model, loss):
        return tf.TensorSpec([None, *shape[1:-1]], tf.int32, name="y")
    return tf.TensorSpec([None, *shape[1:]], tf.float32, name="y")


@contextmanager
def only_trainable(model: keras.Model, names: Collection[str] | None) -> Iterator[None]:
    """Lets only the named layers learn, with those in them, and puts the model back as it was
    afterwards.

    Raises AuthoringError when the model has no layer of a name.
    """
    if names is None:
        yield
        return
    layers = model._flatten_layers(include_self=False)
    unknown = sorted(set(names) - {layer.name for layer in layers})
    if unknown:
        known = dict.fromkeys(layer.name for layer in layers if layer.weights)
        raise AuthoringError(
            f"The model has no layer {', '.join(unknown)}. Layers with weights: {', '.join(known)}."
        )
    chosen = [layer for layer in layers if layer.name in names]
    learning = {id(part) for layer in chosen for part in layer._flatten_layers()}
    before = [layer.trainable for layer in layers]
    try:
        for layer in layers:
            _let_learn(layer, id(layer) in learning)
        yield
    finally:
        for layer, learnt in zip(layers, before, strict=True):
            _let_learn(layer, learnt)


def _let_learn(layer: keras.layers.Layer, learns: bool) -> None:
    """What Layer.trainable sets, of this layer alone: that would switch those in it as well."""
    layer._trainable = learns
    for variable in layer._trainable_variables:
        variable.trainable = learns
