"""The public recipe for trainable .tflite models, under its own names, working on Keras 3.

@tflite_model_class
class Digits(BaseTFLiteModel):
    X_SHAPE = [28, 28, 1]
    Y_SHAPE = [10]

    def __init__(self):
        self.model = keras.Sequential([...])
        self.model.compile(optimizer="adam", loss="categorical_crossentropy")

save_model(Digits(), "saved_model")
tflite = convert_saved_model("saved_model")
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, cast

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.losses import resolve_loss
from odt_core.authoring.program import Program, check_model
from odt_core.errors import AuthoringError

Class = TypeVar("Class", bound=type)

DEFAULT_LEARNING_RATE = 0.01


class BaseTFLiteModel(tf.Module):
    """Base class of the recipe; inherit from it and decorate with @tflite_model_class.

    Attributes to override: X_SHAPE and Y_SHAPE, the shapes of one input and one label, and
    `model`, a keras.Model with one input and one output, set in __init__. Optimiser and loss are
    those of model.compile(); without it, SGD with a learning rate of 0.01 and cross-entropy.
    """

    X_SHAPE: list[int]
    Y_SHAPE: list[int]
    model: keras.Model

    def train(self, x: Any, y: Any) -> dict[str, Any]:
        """One step on a batch x [N, *X_SHAPE], y [N, *Y_SHAPE]; the loss of that batch."""
        return {"loss": program_of(self).train(x, y)}

    def infer(self, x: Any) -> dict[str, Any]:
        """The model's output for a batch x [N, *X_SHAPE]."""
        return {"logits": program_of(self).infer(x)}

    def parameters(self) -> dict[str, Any]:
        """model.weights as a0, a1, …"""
        return program_of(self).parameters()

    def restore(self, **parameters: Any) -> dict[str, Any]:
        """Sets model.weights from a0, a1, … and returns them."""
        return program_of(self).restore(parameters)


def program_of(model: BaseTFLiteModel) -> Program:
    """The program behind a model of the recipe, made from its Keras model on first use.

    Raises AuthoringError when the Keras model does not fit.
    """
    found = model.__dict__.get("_odt_program")
    if found is None:
        if not isinstance(getattr(model, "model", None), keras.Model):
            raise AuthoringError(
                f"{type(model).__name__} has no keras.Model in self.model. Set it in __init__."
            )
        with tf.init_scope():
            _check_shapes(model)
            optimizer = getattr(model.model, "optimizer", None)
            if optimizer is None:
                optimizer = keras.optimizers.SGD(DEFAULT_LEARNING_RATE)
            found = Program(model.model, resolve_loss(model.model), optimizer)
        object.__setattr__(model, "_odt_program", found)
    return found


def tflite_model_class(cls: Class) -> Class:
    """Turns a subclass of BaseTFLiteModel into one whose methods can be signatures.

    Raises AuthoringError when X_SHAPE or Y_SHAPE is missing.
    """
    for name in ("X_SHAPE", "Y_SHAPE"):
        shape = getattr(cls, name, None)
        if not isinstance(shape, (list, tuple)):
            raise AuthoringError(f"{cls.__name__} needs {name}, such as {name} = [28, 28, 1].")
    own: Any = cls
    own.x_spec = tf.TensorSpec([None, *own.X_SHAPE], tf.float32, name="x")
    own.y_spec = tf.TensorSpec([None, *own.Y_SHAPE], tf.float32, name="y")
    own.train = tf.function(own.train, input_signature=[own.x_spec, own.y_spec])
    own.infer = tf.function(own.infer, input_signature=[own.x_spec])
    own.parameters = tf.function(own.parameters, input_signature=[])
    own.restore = tf.function(own.restore)
    return cls


def save_model(model: Any, saved_model_dir: str | Path) -> None:
    """Writes a model of the recipe as a SavedModel with its signatures.

    Signatures: train, infer, parameters, restore and set_learning_rate.
    Raises AuthoringError when the Keras model cannot be converted.
    """
    if not isinstance(model, BaseTFLiteModel) or not hasattr(model, "x_spec"):
        raise AuthoringError(
            f"{type(model).__name__} is no model of the recipe. Inherit from BaseTFLiteModel and "
            "decorate the class with @tflite_model_class."
        )
    program, functions = program_of(model), cast(Any, model)
    rate = tf.TensorSpec([], tf.float32, name="learning_rate")
    set_rate = tf.function(
        lambda learning_rate: {"learning_rate": program.set_learning_rate(learning_rate)}
    )
    save_program(
        program,
        {
            "train": functions.train.get_concrete_function(),
            "infer": functions.infer.get_concrete_function(),
            "parameters": functions.parameters.get_concrete_function(),
            "restore": functions.restore.get_concrete_function(**program.parameter_specs()),
            "set_learning_rate": set_rate.get_concrete_function(rate),
        },
        saved_model_dir,
    )


def save_program(program: Any, signatures: dict[str, Any], directory: str | Path) -> None:
    """Writes signatures over the variables of a program (a tf.Module) as a SavedModel."""
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    # the tracked module holds variables only: Keras objects would drag theirs along
    tf.saved_model.save(program, str(directory), signatures=signatures, options=options)


def _check_shapes(model: BaseTFLiteModel) -> None:
    check_model(model.model)
    for name, own, other, what in (
        ("X_SHAPE", model.X_SHAPE, model.model.input_shape, "input"),
        ("Y_SHAPE", model.Y_SHAPE, model.model.output_shape, "output"),
    ):
        if what == "output" and not _one_hot_loss(model.model):
            continue
        given, wanted = list(own), list(other[1:])
        fits = len(given) == len(wanted) and all(
            b in (None, a) for a, b in zip(given, wanted, strict=False)
        )
        if not fits:
            raise AuthoringError(
                f"{name} is {given}, but the model's {what} has the shape {wanted}. "
                f"Set {name} = {wanted}."
            )


def _one_hot_loss(model: keras.Model) -> bool:
    """Whether labels have the output's shape; sparse and custom losses take others."""
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", type(loss).__name__)
    return "categorical_crossentropy" in str(name) and "sparse" not in str(name)
