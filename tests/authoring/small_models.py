"""Small Keras models, and classes of the recipe that hold one."""

from side_by_side import keras

from odt_core.authoring import BaseTFLiteModel, tflite_model_class


def small_model(**compiled):
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, activation="relu", name="hidden"),
            keras.layers.Dense(5, name="out"),
        ]
    )
    if compiled:
        model.compile(**compiled)
    return model


def logits_loss():
    return keras.losses.CategoricalCrossentropy(from_logits=True)


@tflite_model_class
class Small(BaseTFLiteModel):
    X_SHAPE = [6]  # noqa: RUF012
    Y_SHAPE = [5]  # noqa: RUF012

    def __init__(self):
        self.model = small_model(optimizer="sgd", loss=logits_loss())


def with_methods(**methods):
    """A model of the recipe of a class with these methods."""
    return tflite_model_class(type("Own", (Small,), methods))()


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, x):
        return self.dense(x)
