"""Which loss a Keras model trains with, as a function of labels and model output.

Keras' own loss objects are used as they are. The two cross-entropies of classifiers are written out
instead, with the same value and gradient, as Keras' version drags shape arithmetic into the graph
that LiteRT runs slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.src.losses.losses import LossFunctionWrapper

from odt_core.authoring.backend import keras, tf
from odt_core.errors import AuthoringError

Loss = Callable[[Any, Any], Any]  # (labels, model output) -> float32 []

_OF_CLASS_NUMBERS = (
    keras.losses.sparse_categorical_crossentropy,
    keras.losses.categorical_generalized_cross_entropy,
    keras.losses.circle,
)
_OF_YES_AND_NO = (keras.losses.binary_crossentropy, keras.losses.binary_focal_crossentropy)
_OF_ROWS = (
    keras.losses.categorical_crossentropy,
    keras.losses.categorical_focal_crossentropy,
    *_OF_YES_AND_NO,
    keras.losses.mean_squared_error,
    keras.losses.mean_absolute_error,
    keras.losses.mean_absolute_percentage_error,
    keras.losses.mean_squared_logarithmic_error,
    keras.losses.huber,
    keras.losses.log_cosh,
    keras.losses.kl_divergence,
    keras.losses.poisson,
)


def resolve_loss(model: keras.Model, loss: Any = None) -> Loss:
    """The loss given, else the one the model was compiled with, times its weight, else one that
    fits its output.

    Raises AuthoringError when the model was compiled without a loss, or with several of them or of
    their weights.
    """
    compute = _as_function(_resolved(model, loss))
    weight = _weight(model) if loss is None else None
    if weight is None:
        return compute
    return lambda labels, output: compute(labels, output) * weight


def resolve_squashing(model: keras.Model, loss: Any = None) -> Callable[[Any], Any] | None:
    """The softmax or sigmoid that the loss takes of the model's output, which is logits then; None
    where it takes the output as it is. Errors as `resolve_loss`.
    """
    chosen = _resolved(model, loss)
    config = getattr(chosen, "_fn_kwargs", {})
    if not config.get("from_logits"):
        return None
    if getattr(chosen, "fn", None) in _OF_YES_AND_NO:
        return keras.ops.sigmoid
    return lambda logits: keras.ops.softmax(logits, axis=config.get("axis", -1))


def _resolved(model: keras.Model, loss: Any) -> keras.losses.Loss:
    chosen = _chosen(model, loss)
    if chosen is None and model.compiled:
        raise AuthoringError(
            f"The model '{model.name}' was compiled without a loss, so it cannot be trained. "
            "Give compile() a loss, such as loss='categorical_crossentropy'."
        )
    if chosen is None:
        chosen = _default_loss(model)
    if isinstance(chosen, (list, tuple, dict)):
        raise AuthoringError(
            "The model has several losses; odt trains models with one output and one loss. "
            "Build a model with one output."
        )
    found = _as_object(chosen)
    if getattr(found, "fn", None) is keras.losses.ctc:
        raise AuthoringError(
            "The loss CTC is not available: it learns a text of any length from a whole sequence, "
            "and odt would measure its answers as one label for each place. Train with a label for "
            "each place, such as loss='sparse_categorical_crossentropy', or write the step as a "
            "tf.function on tf.Variables and use convert_saved_model."
        )
    return found


def takes_class_numbers(model: keras.Model, loss: Any) -> bool:
    """Whether labels are numbers of classes, not rows of the output's shape."""
    chosen = _chosen(model, loss)
    return _is_one_loss(chosen) and getattr(_as_object(chosen), "fn", None) in _OF_CLASS_NUMBERS


def takes_rows(model: keras.Model) -> bool:
    """Whether labels have the output's shape for certain: one-hot, shares, or values. Others Keras
    would repeat without a word until they have.
    """
    chosen = _chosen(model, None)
    return _is_one_loss(chosen) and getattr(_as_object(chosen), "fn", None) in _OF_ROWS


def _chosen(model: keras.Model, loss: Any) -> Any:
    chosen: Any = loss if loss is not None else getattr(model, "loss", None)
    if isinstance(chosen, (list, tuple, dict)) and len(chosen) == 1:
        (chosen,) = chosen.values() if isinstance(chosen, dict) else chosen
    return chosen


def _weight(model: keras.Model) -> float | None:
    """What compile() was given as loss_weights; None where that is nothing."""
    compiled = getattr(model, "_compile_loss", None)
    weights = keras.tree.flatten(getattr(compiled, "_user_loss_weights", None))
    if len(weights) > 1:
        raise AuthoringError(
            f"compile() was given {len(weights)} loss_weights for one loss. Give it one, or none."
        )
    return weights[0] if weights else None


def _is_one_loss(chosen: Any) -> bool:
    return chosen is not None and not isinstance(chosen, (list, tuple, dict))


def _default_loss(model: keras.Model) -> Any:
    """Cross-entropy over the outputs; of logits unless the last layer is a softmax or sigmoid."""
    if getattr(model, "inputs", None) is None:
        raise AuthoringError(
            f"The model '{model.name}' is a subclass of keras.Model, which does not say what its "
            "last layer is. Give it a loss: compile(optimizer='sgd', loss=...)."
        )
    activation = getattr(_last_layer(model), "activation", None)
    if model.output_shape[-1] == 1:
        return keras.losses.BinaryCrossentropy(
            from_logits=activation is not keras.activations.sigmoid
        )
    softmax = activation is keras.activations.softmax or isinstance(
        _last_layer(model), keras.layers.Softmax
    )
    return keras.losses.CategoricalCrossentropy(from_logits=not softmax)


def _last_layer(model: keras.Model) -> Any:
    layer = model
    while getattr(layer, "layers", None):
        layer = layer.layers[-1]
    return layer


def _as_object(loss: Any) -> keras.losses.Loss:
    try:
        found = keras.losses.get(loss)
    except ValueError as error:
        raise AuthoringError(
            f"Keras knows no loss {loss!r}. Use one of its names, such as "
            "'categorical_crossentropy', or a keras.losses.Loss."
        ) from error
    if isinstance(found, keras.losses.Loss):
        return found
    if found is keras.losses.categorical_crossentropy:
        return keras.losses.CategoricalCrossentropy()
    if found is keras.losses.sparse_categorical_crossentropy:
        return keras.losses.SparseCategoricalCrossentropy()
    name = getattr(found, "__name__", "loss")
    return LossFunctionWrapper(found, name=name if name.isidentifier() else "loss")  # a lambda


def _as_function(loss: keras.losses.Loss) -> Loss:
    config = getattr(loss, "_fn_kwargs", {})
    plain = (
        loss.reduction in ("sum_over_batch_size", "mean")
        and config.get("axis", -1) == -1
        and not config.get("label_smoothing")
        and config.get("ignore_class") is None
        and loss.dtype == "float32"
    )
    one_hot = type(loss) is keras.losses.CategoricalCrossentropy
    sparse = type(loss) is keras.losses.SparseCategoricalCrossentropy

    def compute(labels: Any, output: Any) -> Any:
        logits: Any = getattr(output, "_keras_logits", None)  # what a softmax was computed from
        if logits is None and config.get("from_logits"):
            logits = output
        masked = getattr(output, "_keras_mask", None) is not None
        fits = logits is not None and len(logits.shape) == 2 and not masked
        if plain and fits and one_hot and labels.shape[1:] == logits.shape[1:]:
            return _cross_entropy(logits, labels)
        if plain and fits and sparse and labels.shape[1:] in ((), (1,)):
            classes = tf.cast(tf.reshape(labels, [-1]), tf.int32)
            return _cross_entropy(logits, tf.one_hot(classes, logits.shape[-1]))
        value = loss(labels, output)
        if value.shape.rank:
            raise AuthoringError(
                f"The loss {loss.name} returns one number a sample (reduction=None). "
                "Give it reduction='sum_over_batch_size'."
            )
        return value

    return compute


@tf.custom_gradient
def _cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean over the batch of Σ labels · (log Σ e^z − z), z = logits − max; labels, logits [N, K].

    d/d logits = (e^z / Σ e^z − labels) / N, as in tensorflow/core/kernels/xent_op.h.
    """
    scale = 1.0 / tf.cast(tf.shape(labels)[0], tf.float32)
    z = logits - tf.reduce_max(logits, -1, keepdims=True)
    e = tf.exp(z)
    s = tf.reduce_sum(e, -1, keepdims=True)

    def gradient(upstream: Any) -> Any:
        return (e / s - labels) * (scale * upstream), None

    return tf.reduce_sum(labels * (tf.math.log(s) - z)) * scale, gradient
