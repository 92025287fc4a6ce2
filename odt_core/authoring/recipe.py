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
from odt_core.authoring.methods import Method, program_of
from odt_core.authoring.tracing import plain_errors
from odt_core.errors import AuthoringError

Class = TypeVar("Class", bound=type)


class BaseTFLiteModel(tf.Module):
    """Base class of the recipe; inherit from it and decorate with @tflite_model_class.

    Attributes to override: X_SHAPE and Y_SHAPE, the shapes of one input and one label, and
    `model`, a keras.Model with one input and one output, set in __init__. Optimiser and loss are
    those of model.compile(); without it, SGD with a learning rate of 0.01 and cross-entropy.
    """

    X_SHAPE: list[int]
    Y_SHAPE: list[int]
    model: keras.Model

    # what its methods run on is no part of it: `variables` are those that the class sets itself
    _TF_MODULE_IGNORED_PROPERTIES = tf.Module._TF_MODULE_IGNORED_PROPERTIES | {"_odt_made"}

    def train(self, x: Any, y: Any) -> dict[str, Any]:
        """One step on a batch x [N, *X_SHAPE], y [N, *Y_SHAPE]; the loss of that batch."""
        return {"loss": program_of(self).train(x, y)}

    def infer(self, x: Any) -> dict[str, Any]:
        """The model's output for a batch x [N, *X_SHAPE]."""
        return {"logits": self.model(x, training=False)}

    def parameters(self) -> dict[str, Any]:
        """model.weights as a0, a1, …"""
        return {f"a{i}": weight for i, weight in enumerate(self.model.weights)}

    def restore(self, **parameters: Any) -> dict[str, Any]:
        """Sets model.weights from a0, a1, … and returns them."""
        for i, weight in enumerate(self.model.weights):
            weight.assign(parameters[f"a{i}"])
        return self.parameters()


def tflite_model_class(cls: Class) -> Class:
    """Turns a subclass of BaseTFLiteModel into one whose methods can be signatures.

    Raises AuthoringError when X_SHAPE or Y_SHAPE is missing, the base class is another one, or a
    method takes other arguments than those of BaseTFLiteModel.
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
    own.train = Method("train", own.train, [own.x_spec, own.y_spec])
    own.infer = Method("infer", own.infer, [own.x_spec])
    own.parameters = Method("parameters", own.parameters, [])
    own.restore = Method("restore", own.restore, None)
    return cls


def save_model(model: Any, saved_model_dir: str | Path) -> None:
    """Writes a model of the recipe, with the weights it has now, as a SavedModel with its
    signatures: train, infer, parameters, restore and set_learning_rate (but where the optimiser
    has a learning-rate schedule). Other methods of its class are not in it.

    Raises AuthoringError when the Keras model cannot be converted, a method cannot be a signature,
    or the folder cannot be written.
    """
    if not isinstance(model, BaseTFLiteModel) or not hasattr(model, "x_spec"):
        raise AuthoringError(
            f"{type(model).__name__} is no model of the recipe. Inherit from BaseTFLiteModel and "
            "decorate the class with @tflite_model_class."
        )
    program, functions = program_of(model), cast(Any, model)
    program.take_over()
    parameters = functions.parameters.get_concrete_function()
    specs = {
        name: tf.TensorSpec(value.shape, value.dtype, name=name)
        for name, value in parameters.structured_outputs.items()
    }
    signatures = {
        "train": functions.train.get_concrete_function(),
        "infer": functions.infer.get_concrete_function(),
        "parameters": parameters,
        "restore": functions.restore.get_concrete_function(**specs),
        **program.rate_signatures(),
    }
    held = tf.Module()
    held.program, held.own = program, model.variables
    save_program(held, signatures, saved_model_dir)


def save_program(held: tf.Module, signatures: dict[str, Any], directory: str | Path) -> None:
    """Writes signatures over the variables of a module as a SavedModel, with what else it holds.

    Raises AuthoringError where one uses other variables: training would leave them as they are;
    where TensorFlow cannot save what one uses; and where the directory cannot be written.
    """
    own = {variable.ref() for variable in held.variables}
    for name, function in signatures.items():
        for variable in function.graph.variables:
            if variable.ref() not in own:
                raise AuthoringError(
                    f"The signature '{name}' uses {variable.name.removesuffix(':0')} of Keras "
                    "itself, which a .tflite loses. Leave @tf.function off a layer's call(), and "
                    "stateful=True off recurrent layers. In a class of the recipe, the optimiser "
                    "is the one given to compile(): self.model.optimizer.apply(gradients, "
                    "weights), or super().train(x, y) for the whole step; Keras' metrics have no "
                    "place there."
                )
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    # Keras objects drag theirs along, so what is held to train has variables only; what only
    # predicts holds its Keras model as well, for the tables of its lookup layers
    advice = "Hold what it uses as an attribute of its layer, or build the model without that."
    with plain_errors(cannot="be saved", advice=advice):
        try:
            tf.saved_model.save(held, str(directory), signatures=signatures, options=options)
        except (OSError, tf.errors.OpError) as error:
            raise AuthoringError(
                f"{directory} cannot be written: {getattr(error, 'message', error)}. Choose a "
                "folder that can."
            ) from error
