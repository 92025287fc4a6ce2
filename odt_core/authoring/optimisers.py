"""Keras optimisers written out on plain tf.Variables, each with its formula.

keras' own objects cannot be used: `stateless_apply` does not exist on the TensorFlow backend, and
variables that are reachable only through Keras are converted without initial values. Formulas are
those of keras/src/optimizers/{sgd,adam,adamw,rmsprop,adagrad}.py, so that training on LiteRT gives
the numbers that Keras gives. Slots start fresh, as in a newly compiled model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from odt_core.authoring.backend import keras, tf
from odt_core.errors import AuthoringError

# (index of the weight, its value, its gradient, learning rate) -> its new value
Update = Callable[[int, Any, Any, Any], Any]

_UNSUPPORTED = {
    "use_ema": "use_ema",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "loss_scale_factor": "loss_scale_factor",
}


class Optimiser(tf.Module):
    """An optimiser's state and its update of all weights.

    weights: the variables it trains; names: theirs, for the slots' names.
    """

    def __init__(
        self, optimizer: keras.optimizers.Optimizer, weights: Sequence[Any], names: Sequence[str]
    ) -> None:
        super().__init__()
        self._keras = optimizer
        self._weights = list(weights)
        self._names = list(names)
        self._kind = _kind(optimizer)
        self.learning_rate = tf.Variable(_rate(optimizer), name="learning_rate", dtype=tf.float32)
        self.step = None
        self._slots: dict[str, list[Any]] = {}
        self._update = _RULES[self._kind](self)

    def slot(self, name: str, initial: float = 0.0) -> list[Any]:
        """One more variable for each weight, named e.g. "adam/momentum/dense/kernel"."""
        made = [
            tf.Variable(tf.fill(w.shape, initial), name=f"{self._kind}/{name}/{own}")
            for w, own in zip(self._weights, self._names, strict=True)
        ]
        self._slots[name] = made
        return made

    def counter(self) -> Any:
        """The number of steps taken, int32 []."""
        self.step = tf.Variable(0, name=f"{self._kind}/step", dtype=tf.int32)
        return self.step

    def apply(
        self, values: Sequence[Any], gradients: Sequence[Any], keras_weights: Sequence[Any]
    ) -> None:
        """One step. values: the weights as they were read; a gradient may be None (unused)."""
        used = [i for i, gradient in enumerate(gradients) if gradient is not None]
        clipped = self._keras._clip_gradients([gradients[i] for i in used])
        rate = self.learning_rate.read_value()
        if self.step is not None:
            self.step.assign(self.step.read_value() + 1)
        for i, gradient in zip(used, clipped, strict=True):
            value = values[i]
            decay = self._keras.weight_decay
            if decay is not None and self._keras._use_weight_decay(keras_weights[i]):
                value = value - value * decay * rate
            value = self._update(i, value, gradient, rate)
            if keras_weights[i].constraint is not None:
                value = keras_weights[i].constraint(value)
            self._weights[i].assign(value)


def _kind(optimizer: keras.optimizers.Optimizer) -> str:
    kind = type(optimizer).__name__.lower()
    if kind not in _RULES:
        raise AuthoringError(
            f"The optimiser {type(optimizer).__name__} is not available on the device. "
            "Compile the model with SGD, Adam, AdamW, RMSprop or Adagrad."
        )
    for attribute, option in _UNSUPPORTED.items():
        if getattr(optimizer, attribute, None):
            raise AuthoringError(
                f"The optimiser's option {option} is not available on the device. Leave it out."
            )
    return kind


def _rate(optimizer: keras.optimizers.Optimizer) -> float:
    if isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        raise AuthoringError(
            "The optimiser has a learning-rate schedule. Give it a number: the learning rate can "
            "be changed at run time through the signature set_learning_rate."
        )
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def _sgd(own: Optimiser) -> Update:
    """w ← w − η g; with momentum m ← μ m − η g, w ← w + m (Nesterov: w + μ m − η g)."""
    momentum, nesterov = own._keras.momentum, own._keras.nesterov
    if not momentum:
        return lambda i, w, g, rate: w - g * rate
    slots = own.slot("momentum")

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        m = slots[i].read_value() * momentum - g * rate
        slots[i].assign(m)
        return w + (m * momentum - g * rate) if nesterov else w + m

    return update


def _adam(own: Optimiser) -> Update:
    """m ← m + (g − m)(1 − β₁), v ← v + (g² − v)(1 − β₂), α = η √(1 − β₂ᵗ) / (1 − β₁ᵗ),
    w ← w − m α / (√v + ε); AMSGrad takes the largest v so far.
    """
    config = own._keras
    b1, b2, epsilon = config.beta_1, config.beta_2, config.epsilon
    step = own.counter()
    ms, vs = own.slot("momentum"), own.slot("velocity")
    largest = own.slot("velocity_hat") if config.amsgrad else None

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        t = tf.cast(step.read_value(), tf.float32)
        alpha = rate * tf.sqrt(1.0 - tf.pow(b2, t)) / (1.0 - tf.pow(b1, t))
        m, v = ms[i].read_value(), vs[i].read_value()
        m = m + (g - m) * (1.0 - b1)
        v = v + (tf.square(g) - v) * (1.0 - b2)
        ms[i].assign(m)
        vs[i].assign(v)
        if largest is not None:
            v = tf.maximum(largest[i].read_value(), v)
            largest[i].assign(v)
        return w - m * alpha / (tf.sqrt(v) + epsilon)

    return update


def _rmsprop(own: Optimiser) -> Update:
    """v ← ρ v + (1 − ρ) g², increment = η g / √(v + ε), centred: √(v − ḡ² + ε);
    with momentum m ← μ m + increment, w ← w − m.
    """
    config = own._keras
    rho, momentum, epsilon = config.rho, config.momentum, config.epsilon
    vs = own.slot("velocity")
    means = own.slot("average_gradient") if config.centered else None
    ms = own.slot("momentum") if momentum > 0 else None

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        v = rho * vs[i].read_value() + (1.0 - rho) * tf.square(g)
        vs[i].assign(v)
        if means is not None:
            mean = rho * means[i].read_value() + (1.0 - rho) * g
            means[i].assign(mean)
            v = v - tf.square(mean)
        increment = rate * g / tf.sqrt(v + epsilon)
        if ms is None:
            return w - increment
        m = momentum * ms[i].read_value() + increment
        ms[i].assign(m)
        return w - m

    return update


def _adagrad(own: Optimiser) -> Update:
    """a ← a + g², w ← w − η g / √(a + ε)."""
    config = own._keras
    sums = own.slot("accumulator", float(config.initial_accumulator_value))

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        total = sums[i].read_value() + tf.square(g)
        sums[i].assign(total)
        return w - rate * g / tf.sqrt(total + config.epsilon)

    return update


_RULES: dict[str, Callable[[Optimiser], Update]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
}
