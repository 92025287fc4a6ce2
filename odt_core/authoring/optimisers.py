"""Keras optimisers on plain tf.Variables.

keras' own objects cannot be used: `stateless_apply` does not exist on the TensorFlow backend, and
variables that are reachable only through Keras are converted without initial values. Slots start
fresh, as in a newly compiled model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.update_rules import NAMES, RULES
from odt_core.errors import AuthoringError

Schedule = keras.optimizers.schedules.LearningRateSchedule
DEFAULT_LEARNING_RATE = 0.01  # of SGD, where the model was not compiled
_UNSUPPORTED = ("use_ema", "gradient_accumulation_steps", "loss_scale_factor")


class Optimiser(tf.Module):
    """An optimiser's state and its update of all weights.

    weights: the variables it trains; names: theirs, for the slots' names. learning_rate: a
    variable, or None where a schedule of Keras tells it from the number of steps.
    """

    def __init__(
        self, optimizer: keras.optimizers.Optimizer, weights: Sequence[Any], names: Sequence[str]
    ) -> None:
        super().__init__()
        self.config = optimizer
        self._weights = list(weights)
        self._names = list(names)
        self._kind = _kind(optimizer)
        self._numbers: dict[str, tuple[Any, Callable[[Any], Any]]] = {}
        self._slots: dict[str, list[Any]] = {}
        self._update = RULES[self._kind](self)
        rate = optimizer._learning_rate
        self._schedule = rate if isinstance(rate, Schedule) else None
        if self._schedule is None:
            value = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
            self.learning_rate = tf.Variable(value, name="learning_rate", dtype=tf.float32)
        else:
            self.learning_rate = None
            self.counter()

    def slot(self, name: str, initial: float = 0.0) -> list[Any]:
        """One more variable for each weight, named e.g. "adam/momentum/dense/kernel"."""
        made = [
            tf.Variable(tf.fill(w.shape, initial), name=f"{self._kind}/{name}/{own}")
            for w, own in zip(self._weights, self._names, strict=True)
        ]
        self._slots[name] = made
        return made

    def counter(self) -> Any:
        """The number of the step, from 1, int32 []."""
        if "step" not in self._numbers:
            self.number("step", 0, lambda step: step + 1)
        return self._numbers["step"][0]

    def number(self, name: str, initial: float, following: Callable[[Any], Any]) -> Any:
        """A variable [] that takes its following value as each step begins."""
        made = tf.Variable(initial, name=f"{self._kind}/{name}")
        self._numbers[name] = made, following
        return made

    def apply(
        self, values: Sequence[Any], gradients: Sequence[Any], keras_weights: Sequence[Any]
    ) -> None:
        """One step. values: the weights as they were read; a gradient may be None (unused)."""
        used = [i for i, gradient in enumerate(gradients) if gradient is not None]
        clipped = self._clipped([gradients[i] for i in used])
        rate = self._rate()
        for number, following in self._numbers.values():
            number.assign(following(number.read_value()))
        for i, gradient in zip(used, clipped, strict=True):
            value = values[i]
            decay = self.config.weight_decay
            if decay is not None and self.config._use_weight_decay(keras_weights[i]):
                value = value - value * decay * rate
            value = self._update(i, value, gradient, rate)
            if keras_weights[i].constraint is not None:
                value = keras_weights[i].constraint(value)
            self._weights[i].assign(value)

    def _clipped(self, gradients: Sequence[Any]) -> Sequence[Any]:
        """As Keras clips them. To a norm of them all that overflows Keras adds norm − norm, so that
        they are no numbers; the converter takes that for 0, and training would stand still.
        """
        most = self.config.global_clipnorm or 0.0
        if most <= 0:
            kept: Sequence[Any] = self.config._clip_gradients(gradients)
            return kept
        squares = [tf.reduce_sum(tf.square(gradient)) for gradient in gradients]
        norm = tf.sqrt(tf.reduce_sum(tf.stack(squares)))
        scale = most * tf.minimum(1.0 / norm, 1.0 / most) + (norm - tf.maximum(norm, 0.0))
        return [gradient * scale for gradient in gradients]

    def _rate(self) -> Any:
        if self._schedule is None:
            return self.learning_rate.read_value()
        step, schedule = self.counter().read_value(), copy(self._schedule)
        # The converter turns a division by a constant into a product, with which 21 / 7 is a little
        # more than 3, and its ceiling 4: so the steps of a cycle are to be no constant.
        for name in ("decay_steps", "first_decay_steps") if _is_of_keras(schedule) else ():
            if hasattr(schedule, name):
                steps = tf.cast(getattr(schedule, name), tf.float32)
                setattr(schedule, name, tf.maximum(steps, -tf.cast(step, tf.float32)))
        return schedule(step)


def _is_of_keras(schedule: Any) -> bool:
    return type(schedule).__module__ == Schedule.__module__


def _kind(optimizer: keras.optimizers.Optimizer) -> str:
    kind = type(optimizer).__name__.lower()
    if kind not in RULES:
        raise AuthoringError(
            f"The optimiser {type(optimizer).__name__} is not available on the device. "
            f"Compile the model with {NAMES}."
        )
    for option in _UNSUPPORTED:
        if getattr(optimizer, option, None):
            raise AuthoringError(
                f"The optimiser's option {option} is not available on the device. Leave it out."
            )
    return kind
