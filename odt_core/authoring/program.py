"""A Keras model as a program on plain tf.Variables: what the signatures of a .tflite run.

All state (weights, moving statistics, seeds, optimiser slots, learning rate) lives in variables of
this module, with unique readable names, because variables that are reachable only through a
keras.Model lose their initial values in conversion. Keras runs on them through a StatelessScope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.gradients import convertible_gradients
from odt_core.authoring.losses import Loss
from odt_core.authoring.names import each_once
from odt_core.authoring.optimisers import Optimiser
from odt_core.errors import AuthoringError


class Program(tf.Module):
    """The trainable program of one Keras model.

    model: built, float32, one output. loss: see `resolve_loss`.
    optimizer: a Keras optimiser, whose settings are taken over and whose state starts fresh.
    Raises AuthoringError when the model cannot be turned into a program.
    """

    def __init__(
        self, model: keras.Model, loss: Loss, optimizer: keras.optimizers.Optimizer
    ) -> None:
        super().__init__(name="odt")
        check_model(model)
        _check_training(model)
        self._model, self._loss = model, loss
        self._keras_variables = [*model.trainable_variables, *model.non_trainable_variables]
        names = _names(self._keras_variables, model.name)
        self._seen = [keras.ops.convert_to_numpy(v) for v in self._keras_variables]
        self._state = [
            tf.Variable(value, name=name, trainable=v.trainable)
            for v, value, name in zip(self._keras_variables, self._seen, names, strict=True)
        ]
        place = {id(v): i for i, v in enumerate(self._keras_variables)}
        self._weights = [self._state[place[id(v)]] for v in model.weights]
        self._trained = len(model.trainable_variables)
        if not self._trained:
            raise AuthoringError(
                f"No layer of the model '{model.name}' is trainable. Set trainable = True on the "
                "layers that are to learn."
            )
        self._optimiser = Optimiser(optimizer, self._state[: self._trained], names[: self._trained])

    @property
    def weights(self) -> list[Any]:
        """The tf.Variables that hold model.weights, in that order."""
        return list(self._weights)

    def weight_names(self) -> list[str]:
        """Names of `weights` as a TensorFlow checkpoint holds them, e.g. "dense/kernel:0"."""
        return [variable.name for variable in self._weights]

    def take_over(self) -> None:
        """Take the values of the Keras model's variables that somebody has changed since."""
        for at, variable in enumerate(self._keras_variables):
            value = keras.ops.convert_to_numpy(variable)
            if not np.array_equal(value, self._seen[at]):
                self._state[at].assign(value)
                self._seen[at] = value

    def hand_back(self) -> None:
        """Give the Keras model's variables the values of this program's."""
        for at, variable in enumerate(self._state):
            value = variable.numpy()
            if not np.array_equal(value, self._seen[at]):
                self._keras_variables[at].assign(value)
                self._seen[at] = value

    def call(self, function: Callable[[], Any]) -> Any:
        """Runs Keras code on the values of this program's variables, and keeps nothing of what it
        assigns.
        """
        return self._run(function, [variable.read_value() for variable in self._state])[0]

    def on_variables(self, function: Callable[[], Any]) -> Any:
        """Runs Keras code on this program's variables themselves: what it assigns, they keep.
        model.train_step((x, y)) is a step of this program, and model.optimizer.apply(gradients,
        weights) one of its optimiser.
        """
        own = {id(v): mine for v, mine in zip(self._keras_variables, self._state, strict=True)}
        with (
            _doing(self._model, "train_step", lambda data: {"loss": self.train(*data)}),
            _doing(self._optimiser.config, "apply", self._apply),
            _InPlace(own),
            convertible_gradients(),  # of a step of one's own
        ):
            return function()

    def _apply(self, gradients: Sequence[Any], weights: Sequence[Any] | None = None) -> None:
        """As a Keras optimiser's apply; None for all trainable weights of the model."""
        trained = self._keras_variables[: self._trained]
        place = {id(weight): at for at, weight in enumerate(trained)}
        found: list[Any] = [None] * self._trained
        given = trained if weights is None else weights
        for gradient, weight in zip(gradients, given, strict=True):
            if id(weight) not in place:
                raise AuthoringError(
                    f"The optimiser of '{self._model.name}' is given a gradient of "
                    f"{getattr(weight, 'path', weight.name)}, which is no trainable weight of that "
                    "model. Give those of self.model.trainable_weights."
                )
            found[place[id(weight)]] = gradient
        self._learn([variable.read_value() for variable in self._state[: self._trained]], found)

    def train(self, x: Any, y: Any) -> Any:
        """One step on a batch; the loss of that batch before the step, float32 []."""
        values = [variable.read_value() for variable in self._state]
        trained, rest = values[: self._trained], values[self._trained :]

        def forward() -> Any:
            output = self._model(x, training=True)
            loss = self._loss(y, output)
            for extra in self._model.losses:  # regularisers, activity, add_loss
                loss = loss + tf.reduce_sum(extra)
            return loss

        with convertible_gradients():
            with tf.GradientTape() as tape:
                tape.watch(trained)
                loss, new = self._run(forward, [*trained, *rest])
            found = tape.gradient(loss, trained)
        self._check_unassigned(new, values)
        self._assign(new, values, range(self._trained, len(values)))
        self._learn(trained, found)
        return loss

    def _learn(self, trained: Sequence[Any], found: Sequence[Any]) -> None:
        """A step of the optimiser. trained: what learns, as it was read; found: its gradients."""
        gradients = [None if one is None else tf.convert_to_tensor(one) for one in found]
        if all(gradient is None for gradient in gradients):
            raise AuthoringError("The loss does not depend on any trainable weight of the model.")
        self._optimiser.apply(trained, gradients, self._keras_variables[: self._trained])

    def _check_unassigned(self, new: Sequence[Any], old: Sequence[Any]) -> None:
        """What learns is set by the optimiser alone: AuthoringError where a layer sets it, too."""
        for at in range(self._trained):
            if new[at] is not None and new[at] is not old[at]:
                raise AuthoringError(
                    f"A layer sets its weight {self._keras_variables[at].path} while it computes, "
                    "as SpectralNormalization does, and the optimiser sets it as well. odt does "
                    "not train this as Keras does. Leave the layer out, or write the step as a "
                    "tf.function on tf.Variables and use convert_saved_model."
                )

    def infer(self, x: Any) -> Any:
        """The model's output for a batch, as for inference."""
        return self.call(lambda: self._model(x, training=False))

    def parameters(self) -> dict[str, Any]:
        """model.weights as a0, a1, …"""
        return {f"a{i}": variable.read_value() for i, variable in enumerate(self._weights)}

    def restore(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Sets model.weights from a0, a1, … and returns them."""
        for i, variable in enumerate(self._weights):
            variable.assign(parameters[f"a{i}"])
        return self.parameters()

    def parameter_specs(self) -> dict[str, Any]:
        """The inputs that `restore` takes."""
        return {
            f"a{i}": tf.TensorSpec(variable.shape, variable.dtype, name=f"a{i}")
            for i, variable in enumerate(self._weights)
        }

    def rate_signatures(self) -> dict[str, Any]:
        """set_learning_rate(learning_rate), float32 [] -> learning_rate; none where the optimiser
        has a schedule of its own.
        """
        variable = self._optimiser.learning_rate
        if variable is None:
            return {}

        def set_rate(learning_rate: Any) -> dict[str, Any]:
            variable.assign(learning_rate)
            return {"learning_rate": variable.read_value()}

        spec = tf.TensorSpec([], tf.float32, name="learning_rate")
        return {"set_learning_rate": tf.function(set_rate).get_concrete_function(spec)}

    def _run(self, function: Callable[[], Any], values: Sequence[Any]) -> tuple[Any, list[Any]]:
        mapping = list(zip(self._keras_variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            result = function()
        return result, [scope.get_current_value(v) for v in self._keras_variables]

    def _assign(self, new: Sequence[Any], old: Sequence[Any], which: range) -> None:
        for i in which:
            if new[i] is not None and new[i] is not old[i]:
                self._state[i].assign(new[i])


@contextmanager
def _doing(owner: Any, name: str, method: Callable[..., Any]) -> Iterator[None]:
    """While this is open, an object of Keras does this as its method of the name."""
    attributes = vars(owner)  # set by name, it would be tracked as a part of the object
    before = attributes.get(name)
    attributes[name] = method
    try:
        yield
    finally:
        del attributes[name]
        if before is not None:
            attributes[name] = before


class _InPlace(keras.StatelessScope):
    """Keras code within runs on other variables, as on its own."""

    def __init__(self, variables: dict[int, Any]) -> None:
        super().__init__(collect_losses=True)
        self._variables = variables  # by the id of Keras' own

    def get_current_value(self, variable: Any) -> Any:
        return self._variables.get(id(variable))

    def add_update(self, update: tuple[Any, Any]) -> None:
        variable, value = update
        if id(variable) in self._variables:
            self._variables[id(variable)].assign(value)
        else:
            variable._direct_assign(value)


def check_model(model: keras.Model) -> None:
    """Raises AuthoringError, saying what to change, when the model cannot be trained."""
    check_convertible(model)
    if len(getattr(model, "outputs", None) or [None]) != 1:
        raise AuthoringError(
            f"The model '{model.name}' has {len(model.outputs)} outputs; odt trains models with "
            f"one. Make a model of the output that is to learn: keras.Model(inputs, output)."
        )


def check_convertible(model: keras.Model) -> None:
    """Raises AuthoringError, saying what to change, when the model cannot be converted."""
    if not isinstance(model, keras.Model):
        raise AuthoringError(f"A keras.Model of Keras 3 is needed, not {type(model).__name__}.")
    if not model.built or not model.weights:
        raise AuthoringError(
            f"The model '{model.name}' has no weights yet. Start it with a keras.Input of your "
            "input's shape, or call build() or the model itself once."
        )
    dtypes = [(f"weight {variable.path} is", variable.dtype) for variable in model.variables]
    # of mixed precision the weights alone are float32
    dtypes += [
        (f"layer '{layer.name}' computes in", layer.compute_dtype)
        for layer in model._flatten_layers(include_self=False)
        if not isinstance(layer, keras.layers.InputLayer)
    ]
    for what, dtype in dtypes:
        if dtype in ("float16", "bfloat16", "float64"):
            raise AuthoringError(
                f"The {what} {dtype}. Build the model with float32 "
                "(keras.config.set_dtype_policy('float32')) and take the weights over "
                "(new.set_weights(old.get_weights()))."
            )


def check_says_its_shapes(model: keras.Model) -> None:
    """Raises AuthoringError when only calling the model tells what it takes and gives."""
    if getattr(model, "inputs", None) is None:
        raise AuthoringError(
            f"The model '{model.name}' is a subclass of keras.Model, which does not say what it "
            "takes. Wrap it: x = keras.Input(shape of one input); keras.Model(x, model(x))."
        )


def _check_training(model: keras.Model) -> None:
    """AuthoringError when the model trains in another way than by its loss and optimiser."""
    for name in ("train_step", "compute_loss"):
        if getattr(type(model), name) is not getattr(keras.Model, name):
            raise AuthoringError(
                f"The model '{model.name}' has a {name} of its own, which odt does not run: it "
                "trains with the loss and the optimiser of compile(). Leave it out, or write the "
                "step as a tf.function on tf.Variables and use convert_saved_model."
            )


def _names(variables: Sequence[Any], model_name: str) -> list[str]:
    """Readable names, each once: Keras' paths without the model's own name."""
    paths = (str(variable.path).removeprefix(f"{model_name}/") for variable in variables)
    return each_once(path.replace(":", "_") for path in paths)
