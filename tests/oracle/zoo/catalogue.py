"""One small net for each remaining optimiser, and nets that string many losses, layers or plain
operations together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tf_keras
from drill import Feed, Problem, classification

from zoo.dense import FOUR, ONE_HOT, Y4, X, mlp
from zoo.recipes import Spec, checkpoints, concrete, convert, own_output, softmax_loss, tutorial
from zoo.registry import exhibit

WEIGHTS = {"read": "get_weights", "write": "set_weights"}
NEW, OLD = tf_keras.optimizers, tf_keras.optimizers.legacy

_OPTIMISERS: dict[str, Callable[[], Any]] = {
    "adadelta_keras2": lambda: NEW.Adadelta(0.5),
    "ftrl_keras2": lambda: NEW.Ftrl(0.1, l1_regularization_strength=0.001),
    "adafactor_keras3": lambda: keras.optimizers.Adafactor(0.05),
    "clip_by_value_keras3": lambda: keras.optimizers.SGD(0.1, clipvalue=0.05),
    "lamb_keras3": lambda: keras.optimizers.Lamb(0.02),
    "accumulated_keras3": lambda: keras.optimizers.Adam(0.02, gradient_accumulation_steps=3),
    "legacy_rmsprop_keras2": lambda: OLD.RMSprop(0.01, momentum=0.5, centered=True),
    "legacy_adagrad_keras2": lambda: OLD.Adagrad(0.1),
    "legacy_adadelta_keras2": lambda: OLD.Adadelta(0.5),
    "legacy_adamax_keras2": lambda: OLD.Adamax(0.02),
    "legacy_nadam_keras2": lambda: OLD.Nadam(0.02),
    "legacy_ftrl_keras2": lambda: OLD.Ftrl(0.1),
    "legacy_nesterov_keras2": lambda: OLD.SGD(0.05, momentum=0.8, nesterov=True),
}


def _declare(name: str, optimiser: Callable[[], Any]) -> None:
    def author() -> bytes:
        library = keras if name.endswith("keras3") else tf_keras
        model, chosen = mlp(library), optimiser()
        return tutorial(model, softmax_loss, chosen, X, Y4, checkpoint="weights")

    author.__name__ = f"mlp_{name}"
    author.__doc__ = f"One more optimiser: {name.replace('_', ' ')}."
    exhibit(classification(FOUR, ONE_HOT, batches=(8, 5), **WEIGHTS))(author)


for _name, _optimiser in _OPTIMISERS.items():
    _declare(_name, _optimiser)


@exhibit(classification(FOUR, ONE_HOT, **WEIGHTS))
def losses_keras3() -> bytes:
    """Many losses of Keras 3 added up."""
    losses = [
        keras.losses.KLDivergence(),
        keras.losses.CosineSimilarity(),
        keras.losses.CategoricalHinge(),
        keras.losses.SquaredHinge(),
        keras.losses.LogCosh(),
        keras.losses.Poisson(),
        keras.losses.MeanSquaredLogarithmicError(),
        keras.losses.BinaryFocalCrossentropy(),
        keras.losses.Dice(),
        keras.losses.Tversky(),
    ]
    model = mlp(keras)
    model = keras.Model(model.input, keras.layers.Softmax()(model.output))

    def loss(labels: Any, scores: Any) -> Any:
        return tf.add_n([one(labels, scores) for one in losses])

    optimizer = keras.optimizers.Adam(0.01)
    more = {"outputs": lambda scores: {"logits": scores}, "checkpoint": "weights"}
    return tutorial(model, loss, optimizer, X, Y4, **more)


@exhibit(classification(Problem("classes", (6, 4), classes=4), ONE_HOT, **WEIGHTS))
def layers_keras2() -> bytes:
    """Layers that only rearrange or join: reshape, permute, repeat, dot, maximum, multiply, …"""
    layers = tf_keras.layers
    first = tf_keras.Input((6, 4))
    scaled = layers.Rescaling(0.5, 0.1)(first)
    left = layers.TimeDistributed(layers.Dense(5, activation="sigmoid"))(scaled)
    right = layers.Dense(5, activation="tanh")(
        layers.Permute((1, 2))(layers.Reshape((6, 4))(first))
    )
    joined = layers.Concatenate(axis=1)(
        [
            layers.Multiply()([left, right]),
            layers.Maximum()([left, right]),
            layers.Minimum()([left, right]),
            layers.Average()([left, right]),
            layers.Subtract()([left, right]),
        ]
    )
    dot = layers.Dot(axes=2, normalize=True)([left, right])
    repeated = layers.RepeatVector(2)(layers.GlobalAveragePooling1D()(joined))
    flat = layers.Concatenate()([layers.Flatten()(dot), layers.Flatten()(repeated)])
    hidden = layers.Dense(8, activation="hard_sigmoid")(flat)
    hidden = layers.ThresholdedReLU(0.1)(layers.Dense(8)(hidden))
    model = tf_keras.Model(first, layers.Dense(4)(layers.Concatenate()([flat, hidden])))
    x, optimizer = Spec([None, 6, 4]), tf_keras.optimizers.SGD(0.05)
    return tutorial(model, softmax_loss, optimizer, x, Y4, checkpoint="weights")


@exhibit(classification(FOUR, Feed("index", "int32"), output="output", **WEIGHTS))
def metric_learning_module() -> bytes:
    """Plain operations: prototypes by segment, distances, normalisation, where, top-k, cumsum,
    clipping, reductions of every kind, and their gradients."""
    module = tf.Module()
    draw = tf.random.Generator.from_seed(6)
    module.w = tf.Variable(draw.normal([12, 6], stddev=0.4), name="w")
    module.centres = tf.Variable(draw.normal([4, 6], stddev=0.6), name="centres")
    weights = {"w": module.w, "centres": module.centres}

    def embed(x: Any) -> Any:
        return tf.nn.l2_normalize(tf.math.atan(x @ module.w), axis=1)

    def distances(x: Any) -> Any:
        between = embed(x)[:, None, :] - module.centres[None]
        return tf.sqrt(tf.reduce_sum(tf.square(between), axis=2) + 1e-6)

    def loss(x: Any, y: Any) -> Any:
        away = distances(x)
        own = tf.gather(away, y, axis=1, batch_dims=1)
        other = tf.reduce_min(away + 10.0 * tf.one_hot(y, 4), axis=1)
        triplet = tf.where(own - other > -0.5, own - other + 0.5, tf.zeros_like(own))
        picked = tf.gather(module.centres, y)
        pull = tf.reduce_mean(tf.norm(embed(x) - picked, axis=1))
        near = tf.reduce_logsumexp(-away, axis=1)
        best = tf.reduce_sum(tf.math.top_k(-away, 2).values)
        steps = tf.reduce_mean(tf.cumsum(away, axis=1)) + tf.reduce_max(
            tf.clip_by_value(away, 0, 1)
        )
        product = tf.einsum("nk,nj->kj", away, away)
        penalty = tf.nn.l2_loss(module.w) * 0.01 + tf.reduce_sum(product) / 999
        return (
            tf.reduce_mean(triplet)
            + pull
            - tf.reduce_mean(near) * 0.1
            + (steps * 0.1 - best * 0.01 + penalty)
        )

    def train(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            value = loss(x, y)
        for weight, slope in zip(
            weights.values(), tape.gradient(value, list(weights.values())), strict=True
        ):
            weight.assign_sub(0.1 * tf.convert_to_tensor(slope))
        return {"loss": value}

    return convert(
        module,
        {
            "train": concrete(train, x=X, y=Spec([None], tf.int32)),
            "infer": concrete(lambda x: own_output(-distances(x)), x=X),
            **checkpoints(weights, "weights"),
        },
    )


@exhibit(classification(FOUR, Feed("index", "int32"), output="output", **WEIGHTS))
def trace_module() -> bytes:
    """A loss with a matrix's trace."""
    return _spread_module(lambda products: tf.linalg.trace(products) / 999)


@exhibit(
    classification(
        FOUR, Feed("index", "int32"), expect="MatrixDeterminant", output="output", **WEIGHTS
    )
)
def determinant_module() -> bytes:
    """A loss with a determinant, for which odt has no rule: train is named, infer works."""
    return _spread_module(lambda products: tf.linalg.det(tf.eye(4) + products) / 1e9)


def _spread_module(spread: Callable[[Any], Any]) -> bytes:
    """A linear classifier; its loss includes a number made of the products of its scores."""
    module = tf.Module()
    module.w = tf.Variable(tf.random.Generator.from_seed(7).normal([12, 4], stddev=0.4), name="w")

    def train(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            scores = x @ module.w
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores)
            value = tf.reduce_mean(loss) + spread(tf.transpose(scores) @ scores)
        module.w.assign_sub(0.1 * tape.gradient(value, module.w))
        return {"loss": value}

    return convert(
        module,
        {
            "train": concrete(train, x=X, y=Spec([None], tf.int32)),
            "infer": concrete(lambda x: own_output(x @ module.w), x=X),
            **checkpoints({"w": module.w}, "weights"),
        },
    )
