"""Dense models: every optimiser, every form of label, every kind of loss."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tf_keras
from drill import Call, Drill, Feed, Problem, classification

from zoo.recipes import (
    Spec,
    checkpoints,
    concrete,
    convert,
    flower,
    keras2_loss,
    keras3_loss,
    named,
    own_output,
    softmax,
    softmax_loss,
    sparse_loss,
    tutorial,
)
from zoo.registry import exhibit

FOUR = Problem("classes", (12,), classes=4)
TWO = Problem("classes", (9,), classes=2)
NUMBERS = Problem("values", (7,), target=(2,))
ONE_HOT, INDEX, COLUMN = Feed("one hot"), Feed("index", "int32"), Feed("column", "int32")
X, Y4 = Spec([None, 12]), Spec([None, 4])
SAVED = {"save": "save", "restore": "restore"}


def mlp(k: Any, *layers: Any, inputs: int = 12, outputs: int = 4) -> Any:
    """A small net; `layers` stand between the first dense layer and the last."""
    first = k.Input((inputs,))
    hidden = k.layers.Dense(10, activation="relu", name="hidden")(first)
    for layer in layers:
        hidden = layer(hidden)
    return k.Model(first, k.layers.Dense(outputs, name="scores")(hidden))


@exhibit(classification(FOUR, ONE_HOT, **SAVED))
def mlp_sgd_keras3() -> bytes:
    """The tutorial's recipe on Keras 3: SGD, one-hot labels, any batch size."""
    return tutorial(mlp(keras), softmax_loss, keras.optimizers.SGD(0.05), X, Y4)


@exhibit(classification(FOUR, ONE_HOT, **SAVED))
def mlp_adam_keras2() -> bytes:
    """The tutorial's recipe as printed: Keras 2, Adam, CategoricalCrossentropy."""
    loss = keras2_loss("CategoricalCrossentropy", from_logits=True)
    return tutorial(mlp(tf_keras), loss, tf_keras.optimizers.Adam(0.01), X, Y4)


@exhibit(classification(FOUR, INDEX, **SAVED))
def mlp_adamw_sparse_keras3() -> bytes:
    """AdamW with weight decay and clipping by norm; int32 labels [N]; SaveV2."""
    loss = keras3_loss("SparseCategoricalCrossentropy", from_logits=True)
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.02, clipnorm=0.5)
    return tutorial(mlp(keras), loss, optimizer, X, Spec([None], tf.int32), checkpoint=2)


@exhibit(classification(FOUR, COLUMN, batches=(8,), infer=8, **SAVED))
def mlp_rmsprop_static_keras2() -> bytes:
    """Centred RMSprop with momentum; int32 labels [8, 1]; the batch size is fixed."""
    optimizer = tf_keras.optimizers.RMSprop(0.005, centered=True, momentum=0.8)
    x, y = Spec([8, 12]), Spec([8, 1], tf.int32)
    return tutorial(mlp(tf_keras), sparse_loss, optimizer, x, y)


@exhibit(classification(FOUR, Feed("index", "int64"), output="output", **SAVED))
def mlp_adagrad_keras3() -> bytes:
    """Adagrad; int64 labels; the loss takes probabilities, not logits."""
    loss = keras3_loss("SparseCategoricalCrossentropy")
    model = mlp(keras, outputs=4)
    model = keras.Model(model.input, keras.layers.Softmax()(model.output))
    optimizer, y = keras.optimizers.Adagrad(0.1), Spec([None], tf.int64)
    return tutorial(model, loss, optimizer, X, y, outputs=own_output)


@exhibit(classification(FOUR, ONE_HOT, **SAVED))
def mlp_nesterov_keras2() -> bytes:
    """SGD with Nesterov momentum, clipping by global norm and a decaying rate; an L2 penalty."""
    schedule = tf_keras.optimizers.schedules.ExponentialDecay(0.05, 10, 0.7)
    optimizer = tf_keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True, global_clipnorm=1.0)
    model = mlp(tf_keras, tf_keras.layers.Dense(8, "tanh", kernel_regularizer="l2"))

    def loss(labels: Any, logits: Any) -> Any:
        return softmax_loss(labels, logits) + tf.add_n(model.losses)

    return tutorial(model, loss, optimizer, X, Y4)


@exhibit(classification(FOUR, ONE_HOT, read="get_weights", write="set_weights"))
def mlp_legacy_adam_keras2() -> bytes:
    """Adam as Keras had it before 2.11 (ResourceApplyAdam); get_weights and set_weights."""
    optimizer = tf_keras.optimizers.legacy.Adam(0.01)
    return tutorial(mlp(tf_keras), softmax_loss, optimizer, X, Y4, checkpoint="weights")


@exhibit(classification(FOUR, ONE_HOT, read="get_weights", write="set_weights"))
def mlp_legacy_momentum_keras2() -> bytes:
    """SGD with momentum as Keras had it before 2.11 (ResourceApplyKerasMomentum)."""
    optimizer = tf_keras.optimizers.legacy.SGD(0.05, momentum=0.9)
    return tutorial(mlp(tf_keras), softmax_loss, optimizer, X, Y4, checkpoint="weights")


@exhibit(classification(TWO, Feed("column"), output="output", **SAVED))
def binary_sigmoid_keras2() -> bytes:
    """One sigmoid output, binary cross-entropy, labels 0 and 1 as float32 [N, 1]."""
    first = tf_keras.Input((9,))
    hidden = tf_keras.layers.Dense(6, activation="relu")(first)
    model = tf_keras.Model(first, tf_keras.layers.Dense(1, activation="sigmoid")(hidden))
    loss, optimizer = keras2_loss("BinaryCrossentropy"), tf_keras.optimizers.Adam(0.01)
    x, y = Spec([None, 9]), Spec([None, 1])
    return tutorial(model, loss, optimizer, x, y, outputs=own_output)


@exhibit(classification(TWO, Feed("index"), read="parameters", write="restore"))
def binary_logit_keras3() -> bytes:
    """One logit, labels as float32 [N], Lion; a loss of shape [1]."""

    def loss(labels: Any, logits: Any) -> Any:
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels[:, None], logits)
        return tf.reduce_mean(each, axis=0)

    def outputs(scores: Any) -> dict[str, Any]:
        return {"logits": scores}

    model, optimizer = mlp(keras, inputs=9, outputs=1), keras.optimizers.Lion(0.003)
    x, y = Spec([None, 9]), Spec([None])
    return tutorial(model, loss, optimizer, x, y, outputs=outputs, checkpoint="parameters")


@exhibit(classification(NUMBERS, Feed("values"), output="output", **SAVED))
def regression_huber_keras3() -> bytes:
    """Two numbers by Huber loss; Adamax."""
    model = mlp(keras, keras.layers.Dense(8, activation="softplus"), inputs=7, outputs=2)
    loss, optimizer = keras3_loss("Huber", delta=0.7), keras.optimizers.Adamax(0.02)
    x, y = Spec([None, 7]), Spec([None, 2])
    return tutorial(model, loss, optimizer, x, y, outputs=own_output)


@exhibit(classification(NUMBERS, Feed("values"), output="output", **SAVED))
def regression_mae_keras2() -> bytes:
    """Two numbers by mean absolute error; Nadam."""
    model = mlp(tf_keras, tf_keras.layers.Dense(8, "softsign"), inputs=7, outputs=2)
    loss, optimizer = keras2_loss("MeanAbsoluteError"), tf_keras.optimizers.Nadam(0.01)
    x, y = Spec([None, 7]), Spec([None, 2])
    return tutorial(model, loss, optimizer, x, y, outputs=own_output, checkpoint=2)


@exhibit(
    Drill(
        Problem("itself", (16,)),
        tuple(Call("train", {"x": Feed("samples")}, "loss", count) for count in (8, 5, 3)),
        (Call("infer", {"x": Feed("samples")}, "output", 6),),
        **SAVED,
    )
)
def autoencoder_keras2() -> bytes:
    """Reconstruction by mean squared error; train takes samples alone."""
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            layers.InputLayer((16,)),
            layers.Dense(8, activation="relu"),
            layers.Dense(4, activation="elu"),
            layers.Dense(16, activation="sigmoid"),
        ]
    )
    module, optimizer = tf.Module(), tf_keras.optimizers.Adam(0.02)
    module.model, module.optimizer = model, optimizer
    optimizer.build(model.trainable_variables)

    def train(x: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x) - x))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return {"loss": loss}

    x = Spec([None, 16])
    names = {weight.name: weight for weight in model.weights}
    return convert(
        module,
        {
            "train": concrete(train, x=x),
            "infer": concrete(lambda x: {"output": model(x)}, x=x),
            **checkpoints(names, 1),
        },
    )


@exhibit(classification(FOUR, ONE_HOT, **SAVED))
def activations_keras3() -> bytes:
    """Leaky ReLU, PReLU, ELU, SELU, swish, GELU (both kinds) and more, side by side."""
    layers = keras.layers
    first = keras.Input((12,))
    names = ("elu", "selu", "swish", "gelu", "mish", "relu6", "hard_sigmoid", "exponential")
    others = [layers.LeakyReLU(0.1), layers.PReLU(), layers.Lambda(lambda x: tf.nn.gelu(x, True))]
    branches = [
        activation(layers.Dense(3)(first))
        for activation in [*map(layers.Activation, names), *others]
    ]
    model = keras.Model(first, layers.Dense(4)(layers.Concatenate()(branches)))
    optimizer = keras.optimizers.SGD(0.02, momentum=0.5)
    return tutorial(model, softmax_loss, optimizer, X, Y4)


@exhibit(classification(FOUR, ONE_HOT, batches=(8, 5, 6), **SAVED))
def normalised_keras3() -> bytes:
    """Layer, batch, group and unit normalisation; label smoothing; weighted Adam (AMSGrad)."""
    layers = keras.layers
    model = mlp(
        keras,
        layers.LayerNormalization(),
        layers.Activation("gelu"),
        layers.Dense(8, use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.Activation("relu"),
        layers.Dense(8),
        layers.GroupNormalization(2),
        layers.UnitNormalization(),
    )
    loss = keras3_loss("CategoricalCrossentropy", from_logits=True, label_smoothing=0.1)
    return tutorial(model, loss, keras.optimizers.Adam(0.01, amsgrad=True), X, Y4)


@exhibit(classification(FOUR, ONE_HOT, read="parameters", write="restore"))
def running_mean_flower_keras2() -> bytes:
    """Flower's recipe: train_step with its metrics, so the reported loss is a running mean."""
    model = mlp(tf_keras)
    loss = tf_keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.Adam(0.01), loss=loss)
    return flower(model, X, Y4)


def _batches() -> tuple[Call, ...]:
    return tuple(
        Call(f"train_fixed_batch_{size}", {"x": Feed("samples"), "y": ONE_HOT}, "loss", count)
        for size, count in {"xs": 1, "s": 4, "m": 8}.items()
    )


@exhibit(Drill(FOUR, _batches(), (Call("infer", {"x": Feed("samples")}, "logits", 1),), **SAVED))
def several_batch_sizes_keras2() -> bytes:
    """Train signatures of 1, 4 and 8 samples; infer takes one."""
    model, optimizer = mlp(tf_keras), tf_keras.optimizers.SGD(0.05)
    module = tf.Module()
    module.model, module.optimizer = model, optimizer
    optimizer.build(model.trainable_variables)

    def train(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = softmax_loss(y, model(x))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return {"loss": loss}

    signatures = {
        call.signature: concrete(train, x=Spec([call.batch, 12]), y=Spec([call.batch, 4]))
        for call in _batches()
    }
    names = {weight.name: weight for weight in model.weights}
    infer = concrete(lambda x: softmax(model(x)), x=Spec([1, 12]))
    return convert(module, signatures | {"infer": infer, **checkpoints(names, 1)})


_FL = {"x_batch": Feed("samples"), "y_batch": ONE_HOT, "rate": Feed("counting", shape=())}


@exhibit(
    Drill(
        FOUR,
        tuple(Call("train_epoch", _FL, "loss", count) for count in (8, 3, 5)),
        (
            Call("predict", {"x_batch": Feed("samples")}, "output", 6),
            Call("compute_loss", {k: _FL[k] for k in ("x_batch", "y_batch")}, "loss", 6),
        ),
        read="get_weights_for_fl",
        read_inputs={"unused": Feed("counting", shape=(1,))},
        write="set_weights_from_fl",
    )
)
def federated_keras2() -> bytes:
    """Other names: train_epoch, predict, get_weights_for_fl, an input that scales the step."""
    model = mlp(tf_keras)
    module = tf.Module()
    module.model = model

    def predict(x_batch: Any) -> dict[str, Any]:
        return own_output(tf.nn.softmax(model(x_batch)))

    def compute_loss(x_batch: Any, y_batch: Any) -> Any:
        return tf_keras.losses.categorical_crossentropy(y_batch, model(x_batch), from_logits=True)

    def train(x_batch: Any, y_batch: Any, rate: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = compute_loss(x_batch, y_batch)
        for weight, slope in zip(model.weights, tape.gradient(loss, model.weights), strict=True):
            weight.assign_add(-0.01 * rate * slope)
        return {"loss": tf.reduce_mean(loss, keepdims=True)}

    def read(unused: Any) -> dict[str, Any]:
        values = {f"w{at}": weight.read_value() for at, weight in enumerate(model.weights)}
        return values | {"count": tf.size(unused)}

    def write(**values: Any) -> dict[str, Any]:
        for at, weight in enumerate(model.weights):
            weight.assign(values[f"w{at}"])
        return {"count": tf.constant(len(values))}

    weights = {f"w{at}": Spec(weight.shape) for at, weight in enumerate(model.weights)}
    return convert(
        module,
        {
            "train_epoch": concrete(train, x_batch=X, y_batch=Y4, rate=Spec([])),
            "predict": concrete(predict, x_batch=X),
            "compute_loss": concrete(
                lambda x_batch, y_batch: {"loss": compute_loss(x_batch, y_batch)},
                x_batch=X,
                y_batch=Y4,
            ),
            "get_weights_for_fl": concrete(read, unused=Spec([1])),
            "set_weights_from_fl": named(write, weights),
        },
    )


@exhibit(classification(FOUR, ONE_HOT, read="get_weights", write="set_weights"))
def plain_module() -> bytes:
    """No Keras at all: tf.Variables, the gradient step written out, get_weights and set_weights."""
    module = tf.Module()
    draw = tf.random.Generator.from_seed(3)
    module.w1 = tf.Variable(draw.normal([12, 9], stddev=0.4), name="w1")
    module.b1 = tf.Variable(tf.zeros([9]), name="b1")
    module.w2 = tf.Variable(draw.normal([9, 4], stddev=0.4), name="w2")
    module.b2 = tf.Variable(tf.zeros([4]), name="b2")
    variables = {name: getattr(module, name) for name in ("w1", "b1", "w2", "b2")}

    def scores(x: Any) -> Any:
        return tf.nn.relu(x @ module.w1 + module.b1) @ module.w2 + module.b2

    def train(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(tf.reduce_sum(y * tf.nn.log_softmax(scores(x)), axis=1))
        for variable, slope in zip(
            variables.values(), tape.gradient(loss, list(variables.values())), strict=True
        ):
            variable.assign_sub(0.05 * slope)
        return {"loss": loss[None]}

    return convert(
        module,
        {
            "train": concrete(train, x=X, y=Y4),
            "infer": concrete(lambda x: softmax(scores(x)), x=X),
            **checkpoints(variables, "weights"),
        },
    )


@exhibit(classification(FOUR, ONE_HOT, random=True))
def dropout_unseeded_module() -> bytes:
    """Dropout where no seed has been set: other masks in every run, so only means can be compared.
    `drop` shows a mask."""
    tf.random.set_seed(None)
    module = tf.Module()
    draw = tf.random.Generator.from_seed(4)
    module.w1 = tf.Variable(draw.normal([12, 20], stddev=0.4), name="w1")
    module.w2 = tf.Variable(draw.normal([20, 4], stddev=0.4), name="w2")

    def train(x: Any, y: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            hidden = tf.nn.dropout(tf.nn.relu(x @ module.w1), 0.3)
            loss = softmax_loss(y, hidden @ module.w2)
        weights = [module.w1, module.w2]
        for weight, slope in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.05 * slope)
        return {"loss": loss}

    return convert(
        module,
        {
            "train": concrete(train, x=X, y=Y4),
            "infer": concrete(lambda x: softmax(tf.nn.relu(x @ module.w1) @ module.w2), x=X),
            "drop": concrete(lambda x: own_output(tf.nn.dropout(x, 0.3)), x=Spec([None, 50])),
        },
    )


_MLP = {
    "hidden_kernel": (12, 10),
    "hidden_bias": (10,),
    "scores_kernel": (10, 4),
    "scores_bias": (4,),
}
_START = {
    **{name.replace("_", "/"): shape for name, shape in _MLP.items()},
    "adam/iteration": (),
    "adam/learning_rate": (),
    **{f"adam/{name}_momentum": shape for name, shape in _MLP.items()},
    **{f"adam/{name}_velocity": shape for name, shape in _MLP.items()},
}


@exhibit(classification(FOUR, ONE_HOT, start=_START, **SAVED))
def uninitialised_keras3() -> bytes:
    """A Keras 3 model converted directly: the file has no initial values."""
    optimizer = keras.optimizers.Adam(0.01)
    return tutorial(mlp(keras), softmax_loss, optimizer, X, Y4, tracked=False)
