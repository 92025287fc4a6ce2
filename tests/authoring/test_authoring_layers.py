"""What is authored here trains on LiteRT as eager Keras does: 25 steps, every layer family."""

import numpy as np
import pytest
from side_by_side import (
    LiteRT,
    classification_batches,
    keras,
    train_eagerly,
    worst_error,
)

from odt_core.authoring import to_trainable_tflite
from odt_core.authoring.one_call import only_trainable
from odt_core.graph import describe

schedules = keras.optimizers.schedules
layers, optimizers, losses = keras.layers, keras.optimizers, keras.losses
TOLERANCE = 1e-4
CLASSES = 5
STEPS = 25  # five of each batch size, and beyond a turn of each learning-rate schedule


def logits_loss():
    return losses.CategoricalCrossentropy(from_logits=True)


def sequential(*stack, shape=(12, 12, 3), optimizer=None, loss=None):
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(optimizer or optimizers.SGD(0.02), loss or logits_loss())
    return model


def head():
    return [layers.Flatten(), layers.Dense(CLASSES)]


FAMILIES = {
    "dense, flatten, reshape, relus": lambda: [
        layers.Reshape((6, 72)),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(16),
        layers.ReLU(max_value=6.0),
        layers.Dense(16),
        layers.LeakyReLU(),
        layers.Dense(CLASSES),
    ],
    "elu, selu, prelu, gelu": lambda: [
        layers.Flatten(),
        layers.Dense(8, activation="elu"),
        layers.Dense(8, activation="selu"),
        layers.Dense(8),
        layers.PReLU(),
        layers.Dense(8, activation="gelu"),
        layers.Dense(CLASSES),
    ],
    "conv valid, max pools": lambda: [
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(4, 2, activation="relu"),
        layers.MaxPooling2D(3, strides=2, padding="same"),
        *head(),
    ],
    "conv of strides 1, 2 and 3, same and valid": lambda: [
        layers.Conv2D(4, 5, padding="same", activation="relu"),
        layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(6, (2, 4), strides=(3, 1)),
        *head(),
    ],
    "depthwise and separable": lambda: [
        layers.Conv2D(4, 3),
        layers.DepthwiseConv2D(3, padding="same", activation="relu"),
        layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2),
        layers.SeparableConv2D(4, 2),
        *head(),
    ],
    "average pools": lambda: [
        layers.Conv2D(4, 3, activation="relu"),
        layers.AveragePooling2D(2),
        layers.AveragePooling2D(3, strides=2, padding="same"),
        layers.Conv2D(8, 2, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(CLASSES),
    ],
    "batch normalisation": lambda: [
        layers.Conv2D(4, 3),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dense(8),
        layers.BatchNormalization(momentum=0.9),
        layers.Dense(CLASSES),
    ],
    "dropouts": lambda: [
        layers.Conv2D(4, 3, activation="relu"),
        layers.SpatialDropout2D(0.3, seed=5),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dropout(0.4, seed=3),
        layers.Dense(CLASSES),
    ],
    "padding, cropping, upsampling": lambda: [
        layers.ZeroPadding2D(1),
        layers.Conv2D(3, 3),
        layers.Cropping2D(1),
        layers.UpSampling2D(2),
        layers.Conv2D(2, 3, activation="relu"),
        *head(),
    ],
    "regularisers": lambda: [
        layers.Flatten(),
        layers.Dense(8, activation="relu", kernel_regularizer="l2", activity_regularizer="l1"),
        layers.Dense(CLASSES),
    ],
}

# plain SGD trains every layer family above
OPTIMISERS = {
    "momentum": lambda: optimizers.SGD(0.01, momentum=0.9),
    "nesterov, decay, clipping": lambda: optimizers.SGD(
        0.05, momentum=0.5, nesterov=True, weight_decay=0.1, clipnorm=0.5
    ),
    "adam": lambda: optimizers.Adam(1e-3),
    "amsgrad": lambda: optimizers.Adam(1e-3, amsgrad=True, global_clipnorm=1.0),
    "adamw": lambda: optimizers.AdamW(1e-3),
    "rmsprop, centred, momentum": lambda: optimizers.RMSprop(1e-4, momentum=0.9, centered=True),
    "adagrad": lambda: optimizers.Adagrad(1e-2),
    "adadelta": lambda: optimizers.Adadelta(0.5),
    "adamax, decay": lambda: optimizers.Adamax(1e-3, weight_decay=0.1),
    "nadam": lambda: optimizers.Nadam(1e-3),
    "lion": lambda: optimizers.Lion(1e-3),
    "ftrl": lambda: optimizers.Ftrl(
        1e-2,
        l1_regularization_strength=0.01,
        l2_regularization_strength=0.1,
        l2_shrinkage_regularization_strength=0.1,
        beta=0.1,
    ),
    "lamb": lambda: optimizers.Lamb(1e-3),
    "exponential decay": lambda: optimizers.SGD(
        schedules.ExponentialDecay(0.05, 10, 0.5, staircase=True)
    ),
    "steps": lambda: optimizers.Adam(schedules.PiecewiseConstantDecay([5, 20], [5e-3, 1e-3, 1e-4])),
    "cosine, warm-up": lambda: optimizers.RMSprop(
        schedules.CosineDecay(1e-4, 15, warmup_target=1e-3, warmup_steps=5)
    ),
    "polynomial, short": lambda: optimizers.SGD(schedules.PolynomialDecay(0.05, 7, cycle=True)),
    "polynomial": lambda: optimizers.SGD(schedules.PolynomialDecay(0.05, 20, cycle=True), 0.9),
    "cosine, restarts": lambda: optimizers.SGD(schedules.CosineDecayRestarts(0.05, 10)),
}

LOSSES = {
    "one-hot softmax": ("softmax", lambda: "categorical_crossentropy"),
    "sparse softmax": ("softmax", lambda: "sparse_categorical_crossentropy"),
    "label smoothing": (
        "softmax",
        lambda: losses.CategoricalCrossentropy(label_smoothing=0.1),
    ),
    "binary": ("sigmoid", lambda: "binary_crossentropy"),
    "mean squared error": ("tanh", lambda: "mse"),
    "huber, sum": ("tanh", lambda: losses.Huber(reduction="sum")),
}


def assert_trains_as_keras(model, batches):
    """Every loss of batches of varying size and, at the end, every weight."""
    data = to_trainable_tflite(model)
    assert describe(data).flex_ops == ()
    device = LiteRT(data)
    for given, expected in zip(device.parameters(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(given, expected)
    actual, expected = device.train(batches), train_eagerly(model, batches)
    np.testing.assert_allclose(actual, expected, rtol=TOLERANCE, atol=1e-5)
    assert worst_error(device.parameters(), model.get_weights()) < TOLERANCE
    x = batches[0][0]
    logits = device.run("infer", x=x)["logits"]
    assert worst_error([logits], [model(x, training=False)]) < TOLERANCE


class TestTrainableModel:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_layers_when_trained_then_equal_keras(self, family):
        model = sequential(*FAMILIES[family]())
        assert_trains_as_keras(model, classification_batches((12, 12, 3), CLASSES, STEPS))

    @pytest.mark.parametrize("optimiser", OPTIMISERS)
    def test_optimiser_when_trained_then_equals_keras(self, optimiser):
        stack = [layers.Dense(8, activation="relu"), layers.Dense(CLASSES)]
        model = sequential(*stack, shape=(6,), optimizer=OPTIMISERS[optimiser]())
        assert_trains_as_keras(model, classification_batches((6,), CLASSES, STEPS))

    def test_gradients_when_their_clipped_norm_overflows_then_are_no_numbers_as_in_keras(self):
        clipped = optimizers.SGD(0.1, global_clipnorm=1.0)
        model = sequential(layers.Dense(1), shape=(2,), optimizer=clipped, loss="mse")
        device = LiteRT(to_trainable_tflite(model))
        nothing, large = np.zeros((1, 2), np.float32), np.full((1, 2), 1e10, np.float32)
        device.train([(nothing, np.zeros((1, 1), np.float32))])
        assert np.isfinite(device.parameters()[0]).all()
        device.train([(large, np.array([[1e20]], np.float32))])
        assert np.isnan(device.parameters()[0]).all()

    @pytest.mark.parametrize("loss", LOSSES)
    def test_loss_when_trained_then_equals_keras(self, loss):
        activation, make = LOSSES[loss]
        stack = [layers.Dense(8, activation="relu"), layers.Dense(CLASSES, activation=activation)]
        model = sequential(*stack, shape=(6,), loss=make())
        batches = classification_batches((6,), CLASSES, STEPS)
        if loss.startswith("sparse"):
            batches = [(x, y.argmax(-1).astype(np.int32)) for x, y in batches]
        assert_trains_as_keras(model, batches)

    def test_residual_block_when_trained_then_equals_keras(self):
        x = keras.Input((12, 12, 3))
        y = layers.Conv2D(3, 3, padding="same", activation="relu")(x)
        y = layers.ReLU()(layers.Add()([layers.Conv2D(3, 3, padding="same")(y), x]))
        model = keras.Model(x, layers.Dense(CLASSES)(layers.Flatten()(y)))
        model.compile(optimizers.SGD(0.02), logits_loss())
        assert_trains_as_keras(model, classification_batches((12, 12, 3), CLASSES, STEPS))

    def test_distance_when_two_samples_are_equal_then_trains_as_keras(self):
        pair = keras.Input((2, 4))
        h = layers.Dense(3)(pair)
        distance = keras.ops.norm(h[:, 0] - h[:, 1], axis=-1, keepdims=True)
        model = keras.Model(pair, distance)
        model.compile(optimizers.SGD(0.02), "mse")
        x = np.random.default_rng(0).normal(size=(4, 2, 4)).astype(np.float32)
        x[0, 1] = x[0, 0]  # √0, whose slope is infinite, but the loss there is at its least
        assert_trains_as_keras(model, [(x, np.array([[0], [1], [1], [1]], np.float32))] * 3)

    @pytest.mark.parametrize(
        ("loss", "regularizer"),
        [("cosine_similarity", None), ("mse", keras.regularizers.OrthogonalRegularizer(0.1))],
    )
    def test_row_of_zeros_when_normalised_then_trains_as_keras(self, loss, regularizer):
        zeros = {"kernel_initializer": "zeros", "kernel_regularizer": regularizer}
        model = sequential(layers.Dense(CLASSES, **zeros), shape=(6,), loss=loss)
        assert_trains_as_keras(model, classification_batches((6,), CLASSES, 1))

    def test_class_when_masked_out_by_minus_infinity_then_trains_as_keras(self):
        x = keras.Input((4,))
        mask = np.array([[False, True, False]])
        model = keras.Model(x, keras.ops.where(mask, -np.inf, layers.Dense(3)(x)))
        model.compile(optimizers.SGD(0.1), losses.SparseCategoricalCrossentropy(from_logits=True))
        batches = [(np.eye(4, dtype=np.float32), np.array([0, 2, 0, 2], np.int32))] * 3
        device = LiteRT(to_trainable_tflite(model))
        np.testing.assert_allclose(
            device.train(batches), train_eagerly(model, batches), rtol=TOLERANCE
        )

    def test_frozen_layer_when_trained_then_stays(self):
        model = sequential(
            layers.Conv2D(4, 3, activation="relu", name="base"),
            layers.Flatten(),
            layers.Dense(CLASSES, name="head"),
        )
        device = LiteRT(to_trainable_tflite(model, trainable=["head"]))
        before = device.parameters()
        device.train(classification_batches((12, 12, 3), CLASSES, steps=3))
        pairs = zip(before, device.parameters(), strict=True)
        changed = [not np.array_equal(a, b) for a, b in pairs]
        assert changed == [False, False, True, True]
        assert [layer.trainable for layer in model.layers] == [True, True, True]

    @pytest.mark.parametrize(
        ("named", "expected"),
        [("out", "out"), ("block_b", "block_b"), ("inner", "block_a block_b"), ("gain", "gain")],
    )
    def test_layers_of_one_name_in_several_blocks_when_named_then_all_learn_and_else_none(
        self, named, expected
    ):
        class Gain(keras.Model):  # a block with a weight of its own beside its layer's
            def __init__(self):
                super().__init__(name="gain")
                self.shift = layers.Dense(4, name="shift")
                self.gain = self.add_weight(shape=(4,), initializer="ones", name="gain")

            def call(self, x):
                return self.gain * self.shift(x)

        def block(name):
            return keras.Sequential([layers.Dense(4, name="inner")], name=name)

        frozen = layers.Dense(4, name="frozen", trainable=False)
        stack = [block("block_a"), Gain(), block("block_b"), frozen, layers.Dense(3, name="out")]
        model = sequential(*stack, shape=(4,))
        model(np.zeros((1, 4), np.float32))
        before = [weight.trainable for weight in model.weights]
        with only_trainable(model, [named]):
            learning = {id(weight) for weight in model.trainable_variables}
        learnt = [one.name for one in stack if learning & {id(weight) for weight in one.weights}]
        assert learnt == expected.split()
        assert len(learning) == sum(len(one.weights) for one in stack if one.name in learnt)
        assert [weight.trainable for weight in model.weights] == before
        assert [one.trainable for one in stack] == [True, True, True, False, True]
