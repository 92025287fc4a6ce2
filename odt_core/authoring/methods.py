"""The recipe's four methods as signatures: what each takes, what it runs on, what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.inputs import check_one_input
from odt_core.authoring.losses import resolve_loss, takes_rows
from odt_core.authoring.optimisers import DEFAULT_LEARNING_RATE
from odt_core.authoring.program import Program, check_model
from odt_core.authoring.tracing import plain_errors
from odt_core.errors import AuthoringError

if TYPE_CHECKING:
    from odt_core.authoring.recipe import BaseTFLiteModel

_MORE = "For more inputs, write a tf.Module and use convert_saved_model."
_TAKES = {
    "train": f"x and y only. The signature set_learning_rate sets the learning rate. {_MORE}",
    "infer": f"x only. {_MORE}",
    "parameters": "no arguments.",
    "restore": "**parameters, named as parameters() names them. to_tutorial_tflite makes models "
    "that restore a checkpoint by its path.",
}
_RETURNS = {
    "train": 'such as {"loss": …}',
    "infer": 'such as {"logits": …}',
    "parameters": 'such as {"a0": …, "a1": …}',
    "restore": "such as self.parameters()",
}


class _Made(NamedTuple):
    """What the methods of one model run on, as long as its Keras model is compiled as it was."""

    program: Program
    by: tuple[Any, ...]  # what it was made of
    functions: dict[Method, Any]  # the methods as tf.functions


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


class Method:
    """A method as a tf.function of each model, that runs on the weights of its Keras model.

    Raises AuthoringError when it takes other arguments than the signature of its name.
    """

    def __init__(self, name: str, method: Any, specs: list[Any] | None) -> None:
        self._name, self._specs = name, specs
        plain = method.plain if isinstance(method, Method) else method
        # a tf.function would keep what it read of one trace for the next
        self.plain: Callable[..., Any] = getattr(plain, "python_function", plain)
        if specs is not None:
            self.check_takes(*specs)

    def __get__(self, model: BaseTFLiteModel | None, owner: type) -> Any:
        return self if model is None else _Call(self, model)

    def of(self, model: BaseTFLiteModel) -> Any:
        """The tf.function."""
        functions = _made(model).functions
        if self not in functions:
            functions[self] = tf.function(self.body(model), input_signature=self._specs)
        return functions[self]

    def body(self, model: BaseTFLiteModel) -> Callable[..., Any]:
        """The method of a model on the program's variables. Asking (infer) changes none."""

        @wraps(self.plain)
        def run(*arrays: Any, **named: Any) -> Any:
            program = program_of(model)
            within = program.call if self._name == "infer" else program.on_variables
            return within(lambda: self._tensors(self.plain(model, *arrays, **named)))

        _, *own = inspect.signature(self.plain).parameters.values()
        run.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
        return run

    def check_takes(self, *arrays: Any, **named: Any) -> None:
        """Raises AuthoringError when the method cannot be called with these."""
        signature = inspect.signature(self.plain)
        try:
            signature.bind(None, *arrays, **named)
        except TypeError as error:
            raise AuthoringError(
                f"{self._name}{signature} cannot be a signature of the recipe: "
                f"{self._name}() takes {_TAKES[self._name]}"
            ) from error

    def explained(self) -> Any:
        """A context in which what goes wrong in the method is said in words."""
        fits = " its loss takes labels of Y_SHAPE, and that" if self._name == "train" else ""
        return plain_errors(f"{self._name}()", f"See that{fits} it runs as a tf.function.")

    def _tensors(self, result: Any) -> Any:
        """What a method returns, as tensors: read while Keras has this program's variables."""
        if result is None:
            raise AuthoringError(
                f"{self._name}() returns nothing. Return a dict of tensors, {_RETURNS[self._name]}."
            )
        named = isinstance(result, Mapping)
        parts = result.values() if named else result if isinstance(result, (list, tuple)) else ()
        flat = not any(part is None or tf.nest.is_nested(part) for part in parts)
        flat = flat and not (named and any(not isinstance(name, str) for name in result))
        if not flat or (self._name == "parameters" and not named):
            raise AuthoringError(
                f"{self._name}() returns a {type(result).__name__}"
                f"{'' if flat else ' of other things than tensors by name'}. "
                f"Return a dict of tensors, {_RETURNS[self._name]}."
            )
        return tf.nest.map_structure(tf.convert_to_tensor, result)


class _Call:
    """A method of one model. As a tf.function: called, or asked for its concrete function."""

    def __init__(self, method: Method, model: BaseTFLiteModel) -> None:
        self._method, self._model = method, model

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        if not tf.executing_eagerly():  # within another method
            return self._method.body(self._model)(*arrays, **named)
        function, program = self._method.of(self._model), program_of(self._model)
        program.take_over()
        with self._method.explained():
            result = function(*arrays, **named)
        program.hand_back()
        return result

    def get_concrete_function(self, **named: Any) -> Any:
        """As of a tf.function. Raises AuthoringError when the method cannot be traced."""
        if named:
            self._method.check_takes(**named)
        with self._method.explained():
            return self._method.of(self._model).get_concrete_function(**named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._method.of(self._model), name)


def _shapes(model: BaseTFLiteModel) -> tuple[Any, Any]:
    """What the Keras model takes and gives, the batch first; one without an Input is built of
    X_SHAPE.
    """
    own = model.model
    if getattr(own, "inputs", None) is not None:
        return own.input_shape, own.output_shape
    advice = "See that it takes X_SHAPE, or start it with a keras.Input."
    with plain_errors("self.model", advice, "be called"):
        output = own(keras.Input(model.X_SHAPE))
    if not isinstance(output, keras.KerasTensor):
        raise AuthoringError(
            f"The model '{own.name}' gives a {type(output).__name__}, and odt trains models with "
            f"one output. Have it return the tensor that is to learn."
        )
    return (None, *model.X_SHAPE), output.shape


def _check_shapes(model: BaseTFLiteModel) -> None:
    taken, given_back = _shapes(model)
    check_model(model.model)
    check_one_input(model.model)
    for name, own, other, what in (
        ("X_SHAPE", model.X_SHAPE, taken, "input"),
        ("Y_SHAPE", model.Y_SHAPE, given_back, "output"),
    ):
        if what == "output" and not takes_rows(model.model):
            continue
        given, wanted = list(own), list(other[1:])
        pairs = [(given, wanted)]
        if what == "output":  # Keras adds or drops a last 1
            pairs += [([*given, 1], wanted), (given, [*wanted, 1])]
        if not any(_fits(*pair) for pair in pairs):
            raise AuthoringError(
                f"{name} is {given}, but the model's {what} has the shape {wanted}. "
                f"Set {name} = {wanted}."
            )


def _fits(given: list[int], wanted: list[int | None]) -> bool:
    return len(given) == len(wanted) and all(
        b in (None, a) for a, b in zip(given, wanted, strict=True)
    )
