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
from types import MethodType
from typing import Any, NamedTuple, TypeVar, cast

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.inputs import check_one_input
from odt_core.authoring.losses import resolve_loss, takes_rows
from odt_core.authoring.program import Program, check_model
from odt_core.authoring.tracing import plain_errors
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


class _Made(NamedTuple):
    """What the methods of one model run on, as long as its Keras model is compiled as it was."""

    program: Program
    by: tuple[Any, ...]  # what it was made of
    functions: dict[str, Any]  # the methods as tf.functions


def program_of(model: BaseTFLiteModel) -> Program:
    """The program behind a model of the recipe, made from its Keras model on first use and when
    that is compiled anew.

    Raises AuthoringError when the Keras model does not fit.
    """
    return _made(model).program


def _made(model: BaseTFLiteModel) -> _Made:
    own = getattr(model, "model", None)
    if not isinstance(own, keras.Model):
        raise AuthoringError(
            f"{type(model).__name__} has no keras.Model in self.model. Set it in __init__."
        )
    by = (own, getattr(own, "optimizer", None), getattr(own, "loss", None))
    found: _Made | None = model.__dict__.get("_odt_made")
    if found is None or any(a is not b for a, b in zip(found.by, by, strict=True)):
        with tf.init_scope():
            _check_shapes(model)
            optimizer = by[1] or keras.optimizers.SGD(DEFAULT_LEARNING_RATE)
            found = _Made(Program(own, resolve_loss(own), optimizer), by, {})
        object.__setattr__(model, "_odt_made", found)
    return found


class _Method:
    """A method as a tf.function of each model, that runs on the weights of its Keras model."""

    def __init__(self, name: str, method: Any, specs: list[Any] | None) -> None:
        self._name, self._specs = name, specs
        self.plain: Any = method.plain if isinstance(method, _Method) else method

    def __get__(self, model: BaseTFLiteModel | None, owner: type) -> Any:
        return self if model is None else _Call(self, model)

    def of(self, model: BaseTFLiteModel) -> Any:
        """The tf.function."""
        functions = _made(model).functions
        if self._name not in functions:
            functions[self._name] = tf.function(self._body(model), input_signature=self._specs)
        return functions[self._name]

    def _body(self, model: BaseTFLiteModel) -> Any:
        if self._name != "infer":
            return MethodType(self.plain, model)

        def infer(x: Any) -> Any:  # one of the user's own may call self.model
            return program_of(model).call(lambda: self.plain(model, x))

        return infer


class _Call:
    """A method of one model. As a tf.function: called, or asked for its concrete function."""

    def __init__(self, method: _Method, model: BaseTFLiteModel) -> None:
        self._method, self._model = method, model

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        function = self._method.of(self._model)
        if not tf.executing_eagerly():  # within another method
            return function(*arrays, **named)
        program = program_of(self._model)
        program.take_over()
        with plain_errors():
            result = function(*arrays, **named)
        program.hand_back()
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._method.of(self._model), name)


def tflite_model_class(cls: Class) -> Class:
    """Turns a subclass of BaseTFLiteModel into one whose methods can be signatures.

    Raises AuthoringError when X_SHAPE or Y_SHAPE is missing, or the base class is another one.
    """
    if not issubclass(cls, BaseTFLiteModel):
        raise AuthoringError(f"{cls.__name__} must inherit from BaseTFLiteModel.")
    for name in ("X_SHAPE", "Y_SHAPE"):
        shape = getattr(cls, name, None)
        if not isinstance(shape, (list, tuple)):
            raise AuthoringError(f"{cls.__name__} needs {name}, such as {name} = [28, 28, 1].")
    own: Any = cls
    own.x_spec = tf.TensorSpec([None, *own.X_SHAPE], tf.float32, name="x")
    own.y_spec = tf.TensorSpec([None, *own.Y_SHAPE], tf.float32, name="y")
    own.train = _Method("train", own.train, [own.x_spec, own.y_spec])
    own.infer = _Method("infer", own.infer, [own.x_spec])
    own.parameters = _Method("parameters", own.parameters, [])
    own.restore = _Method("restore", own.restore, None)
    return cls


def save_model(model: Any, saved_model_dir: str | Path) -> None:
    """Writes a model of the recipe, with the weights it has now, as a SavedModel with its
    signatures: train, infer, parameters, restore and set_learning_rate (but where the optimiser
    has a learning-rate schedule).

    Raises AuthoringError when the Keras model cannot be converted.
    """
    if not isinstance(model, BaseTFLiteModel) or not hasattr(model, "x_spec"):
        raise AuthoringError(
            f"{type(model).__name__} is no model of the recipe. Inherit from BaseTFLiteModel and "
            "decorate the class with @tflite_model_class."
        )
    program, functions = program_of(model), cast(Any, model)
    program.take_over()
    with plain_errors():
        signatures = {
            "train": functions.train.get_concrete_function(),
            "infer": functions.infer.get_concrete_function(),
            "parameters": functions.parameters.get_concrete_function(),
            "restore": functions.restore.get_concrete_function(**program.parameter_specs()),
            **program.rate_signatures(),
        }
    save_program(program, signatures, saved_model_dir)


def save_program(program: Any, signatures: dict[str, Any], directory: str | Path) -> None:
    """Writes signatures over the variables of a program (a tf.Module) as a SavedModel.

    Raises AuthoringError where one uses other variables: training would leave them as they are.
    """
    own = {variable.ref() for variable in program.variables}
    for name, function in signatures.items():
        for variable in function.graph.variables:
            if variable.ref() not in own:
                raise AuthoringError(
                    f"The signature '{name}' uses {variable.name.removesuffix(':0')} of the Keras "
                    "model itself, which it cannot train. Leave train() out of a class of the "
                    "recipe: that of BaseTFLiteModel does what compile() was told. Leave "
                    "@tf.function off a layer's call(), and stateful=True off recurrent layers."
                )
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    # the tracked module holds variables only: Keras objects would drag theirs along
    tf.saved_model.save(program, str(directory), signatures=signatures, options=options)


def _check_shapes(model: BaseTFLiteModel) -> None:
    check_model(model.model)
    check_one_input(model.model)
    for name, own, other, what in (
        ("X_SHAPE", model.X_SHAPE, model.model.input_shape, "input"),
        ("Y_SHAPE", model.Y_SHAPE, model.model.output_shape, "output"),
    ):
        if what == "output" and not takes_rows(model.model):
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
