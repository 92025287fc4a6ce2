"""What each Keras optimiser does to a weight, with its formula.

Formulas are those of keras/src/optimizers/*.py, so that training on LiteRT gives the numbers that
Keras gives. w: a weight, g: its gradient, η: the learning rate, t: the step, counted from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from odt_core.authoring.backend import tf

if TYPE_CHECKING:
    from odt_core.authoring.optimisers import Optimiser

# (index of the weight, its value, its gradient, learning rate) -> its new value
Update = Callable[[int, Any, Any, Any], Any]


def _sgd(own: Optimiser) -> Update:
    """w ← w − η g; with momentum m ← μ m − η g, w ← w + m (Nesterov: w + μ m − η g)."""
    momentum, nesterov = own.config.momentum, own.config.nesterov
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
    config = own.config
    b1, b2, epsilon = config.beta_1, config.beta_2, config.epsilon
    step = own.counter()
    ms, vs = own.slot("momentum"), own.slot("velocity")
    largest = own.slot("velocity_hat") if config.amsgrad else None

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        t = _count(step)
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
    config = own.config
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
    config = own.config
    sums = own.slot("accumulator", float(config.initial_accumulator_value))

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        total = sums[i].read_value() + tf.square(g)
        sums[i].assign(total)
        return w - rate * g / tf.sqrt(total + config.epsilon)

    return update


def _adadelta(own: Optimiser) -> Update:
    """a ← ρ a + (1 − ρ) g², δ = −g √(d + ε) / √(a + ε), d ← ρ d + (1 − ρ) δ², w ← w + η δ."""
    rho, epsilon = own.config.rho, own.config.epsilon
    squares, deltas = own.slot("accumulated_grad"), own.slot("accumulated_delta_var")

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        square = rho * squares[i].read_value() + (1.0 - rho) * tf.square(g)
        delta = deltas[i].read_value()
        by = -g * tf.sqrt(delta + epsilon) / tf.sqrt(square + epsilon)
        squares[i].assign(square)
        deltas[i].assign(rho * delta + (1.0 - rho) * tf.square(by))
        return w + rate * by

    return update


def _adamax(own: Optimiser) -> Update:
    """m ← m + (g − m)(1 − β₁), u ← max(β₂ u, |g|), w ← w − η m / ((1 − β₁ᵗ)(u + ε))."""
    b1, b2, epsilon = own.config.beta_1, own.config.beta_2, own.config.epsilon
    step = own.counter()
    ms, norms = own.slot("momentum"), own.slot("norm")

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        m = ms[i].read_value()
        m = m + (g - m) * (1.0 - b1)
        norm = tf.maximum(b2 * norms[i].read_value(), tf.abs(g))
        ms[i].assign(m)
        norms[i].assign(norm)
        return w - rate / (1.0 - tf.pow(b1, _count(step))) * m / (norm + epsilon)

    return update


def _nadam(own: Optimiser) -> Update:
    """m and v as Adam's, uₜ = β₁ (1 − 0.96ᵗ / 2), p = u₁ … uₜ,
    m̂ = uₜ₊₁ m / (1 − p uₜ₊₁) + (1 − uₜ) g / (1 − p), w ← w − η m̂ / (√(v / (1 − β₂ᵗ)) + ε).
    """
    b1, b2, epsilon = own.config.beta_1, own.config.beta_2, own.config.epsilon
    step = own.counter()

    def weight(t: Any) -> Any:
        return b1 * (1.0 - 0.5 * tf.pow(0.96, t))

    product = own.number("product", 1.0, lambda so_far: so_far * weight(_count(step)))
    ms, vs = own.slot("momentum"), own.slot("velocity")

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        t, so_far = _count(step), product.read_value()
        now, then = weight(t), weight(t + 1.0)
        m, v = ms[i].read_value(), vs[i].read_value()
        m = m + (g - m) * (1.0 - b1)
        v = v + (tf.square(g) - v) * (1.0 - b2)
        ms[i].assign(m)
        vs[i].assign(v)
        ahead = then / (1.0 - so_far * then) * m + (1.0 - now) / (1.0 - so_far) * g
        return w - rate * ahead / (tf.sqrt(v / (1.0 - tf.pow(b2, t))) + epsilon)

    return update


def _lion(own: Optimiser) -> Update:
    """w ← w − η sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g."""
    b1, b2 = own.config.beta_1, own.config.beta_2
    ms = own.slot("momentum")

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        m = ms[i].read_value()
        ms[i].assign(m * b2 + g * (1.0 - b2))
        return w - rate * tf.sign(m * b1 + g * (1.0 - b1))

    return update


def _ftrl(own: Optimiser) -> Update:
    """a' = a + g², l ← l + g + 2 s w − (a'^−p − a^−p) w / η,
    w ← (clip(l, ±λ₁) − l) / (a'^−p / η + 2 λ₂ + β / η), a ← a'; p: the learning rate's power.
    """
    config = own.config
    power, l1 = -config.learning_rate_power, config.l1_regularization_strength
    shrinkage = 2.0 * config.l2_shrinkage_regularization_strength
    sums = own.slot("accumulator", float(config.initial_accumulator_value))
    linears = own.slot("linear")

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        before = sums[i].read_value()
        after = before + tf.square(g)
        grown, old = tf.pow(after, power), tf.pow(before, power)
        linear = linears[i].read_value() + g + shrinkage * w - (grown - old) / rate * w
        sums[i].assign(after)
        linears[i].assign(linear)
        quadratic = (grown + config.beta) / rate + 2.0 * config.l2_regularization_strength
        return (tf.clip_by_value(linear, -l1, l1) - linear) / quadratic

    return update


def _lamb(own: Optimiser) -> Update:
    """m and v as Adam's, u = m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε), w ← w − η u |w| / |u|,
    the quotient being 1 where one of them is 0.
    """
    b1, b2, epsilon = own.config.beta_1, own.config.beta_2, own.config.epsilon
    step = own.counter()
    ms, vs = own.slot("momentum"), own.slot("velocity")

    def update(i: int, w: Any, g: Any, rate: Any) -> Any:
        t = _count(step)
        m, v = ms[i].read_value(), vs[i].read_value()
        m = m + (g - m) * (1.0 - b1)
        v = v + (tf.square(g) - v) * (1.0 - b2)
        ms[i].assign(m)
        vs[i].assign(v)
        by = m / (1.0 - tf.pow(b1, t)) / (tf.sqrt(v / (1.0 - tf.pow(b2, t))) + epsilon)
        size, length = (tf.sqrt(tf.reduce_sum(tf.square(x))) for x in (w, by))
        some = tf.logical_and(size > 0.0, length > 0.0)
        ratio = tf.where(some, size / tf.where(some, length, 1.0), 1.0)
        return w - ratio * rate * by

    return update


def _count(step: Any) -> Any:
    return tf.cast(step.read_value(), tf.float32)


RULES: dict[str, Callable[[Optimiser], Update]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
    "adamax": _adamax,
    "nadam": _nadam,
    "lion": _lion,
    "ftrl": _ftrl,
    "lamb": _lamb,
}
NAMES = "SGD, Adam, AdamW, RMSprop, Adagrad, Adadelta, Adamax, Nadam, Lion, Ftrl or Lamb"
