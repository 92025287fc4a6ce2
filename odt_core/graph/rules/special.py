"""Special functions without a builtin op: Erf, Erfc (exact GELU layers), Log1p, Expm1, Atan2.

Where one formula takes over from another, factors of 0 and 1 choose between the two, since XNNPACK
refuses comparisons and SELECT; the one not chosen is given numbers for which it is finite.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.activation import either, step
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor

# erfc(z) = t·exp(−z² + P(t)), t = 1/(1 + z/2), z ≥ 0: relative error below 1.2e-7 everywhere.
# Press et al., Numerical Recipes in C, 2nd edition, section 6.2 (erfcc).
_CHEBYSHEV = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398,
    1.48851587, -0.82215223, 0.17087277,
)  # fmt: skip
# erf(x) = 2/√π·Σ (−1)ⁿ x²ⁿ⁺¹/(n!·(2n + 1)): Abramowitz and Stegun, 7.1.5
_SERIES = (1.0, -1 / 3, 1 / 10, -1 / 42, 1 / 216, -1 / 1320, 1 / 9360)
_SMALL = 0.5
# ln(1 + x) = 2·Σ s²ⁿ⁺¹/(2n + 1), s = x/(2 + x): Abramowitz and Stegun, 4.1.27
_LOG1P = tuple(2 / (2 * n + 1) for n in range(6))


@rule("Erfc")
def erfc(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """1 − erf(x)."""
    (x,) = inputs
    return [_erfc(b, x)]


@rule("Erf")
def erf(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """2/√π·∫₀ˣ exp(−t²) dt: its power series for small |x|, else 1 − erfc(x)."""
    (x,) = inputs
    near, is_small = _near_zero(b, x)
    small = b.mul(b.mul(near, _polynomial(b, b.square(near), _SERIES)), float(2 / np.sqrt(np.pi)))
    return [either(b, is_small, small, b.sub(1.0, _erfc(b, x)))]


@rule("Log1p", since="0.2")
def log_of_1_plus(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """ln(1 + x)."""
    return [log1p(b, inputs[0])]


@rule("Expm1", since="0.2")
def exp_minus_1(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """eˣ − 1."""
    return [expm1(b, inputs[0])]


def log1p(b: Builder, x: Tensor) -> Tensor:
    """ln(1 + x): its series for small |x|, where 1 + x would forget x."""
    near, is_small = _near_zero(b, x)
    s = b.div(near, b.add(near, 2.0))
    small = b.mul(s, _polynomial(b, b.square(s), _LOG1P))
    return either(b, is_small, small, b.log(b.add(x, 1.0)))


def expm1(b: Builder, x: Tensor) -> Tensor:
    """eˣ − 1: elu(x) below 0, else −eˣ·elu(−x), each 0 where the other counts."""
    above = b.relu(x)
    return b.sub(b.elu(b.minimum(x, 0.0)), b.mul(b.exp(above), b.elu(b.neg(above))))


def atan2(b: Builder, y: Tensor, x: Tensor) -> Tensor:
    """The angle of the point (x, y), in radians; LiteRT's op broadcasts nothing."""
    wide = b.not_equal(x, y)
    inputs = [b.select(wide, part, part) for part in (y, x)]
    z = b.new(wide.shape, y.dtype, "atan2")
    b.emit("ATAN2", inputs, [z], schema.ATan2OptionsT())
    return z


def _erfc(b: Builder, x: Tensor) -> Tensor:
    z = b.abs(x)
    t = b.div(1.0, b.add(b.mul(z, 0.5), 1.0))
    tail = b.mul(t, b.exp(b.sub(_polynomial(b, t, _CHEBYSHEV), b.square(z))))
    return either(b, step(b, b.neg(x)), b.sub(2.0, tail), tail)


def _near_zero(b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
    """x within ±_SMALL, and 1 where that is x itself, else 0."""
    near = b.maximum(b.minimum(x, _SMALL), -_SMALL)
    return near, step(b, b.sub(_SMALL, b.abs(x)))


def _polynomial(b: Builder, x: Tensor, coefficients: Sequence[float]) -> Tensor:
    """c₀ + x·(c₁ + x·(…)) by Horner's rule."""
    value: Tensor | float = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = b.add(b.mul(x, value), coefficient)
    assert isinstance(value, Tensor)
    return value
