"""Special functions without a builtin op: Erf and Erfc, of which exact GELU layers are made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.graph.builder import Builder
from odt_core.graph.flex import FlexOp
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


@rule("Erfc")
def erfc(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """1 − erf(x)."""
    (x,) = inputs
    return [_erfc(b, x)]


@rule("Erf")
def erf(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """2/√π·∫₀ˣ exp(−t²) dt: its power series for small |x|, else 1 − erfc(x)."""
    (x,) = inputs
    small = b.mul(b.mul(x, _polynomial(b, b.square(x), _SERIES)), float(2 / np.sqrt(np.pi)))
    return [b.select(b.less(b.abs(x), _SMALL), small, b.sub(1.0, _erfc(b, x)))]


def _erfc(b: Builder, x: Tensor) -> Tensor:
    z = b.abs(x)
    t = b.div(1.0, b.add(b.mul(z, 0.5), 1.0))
    tail = b.mul(t, b.exp(b.sub(_polynomial(b, t, _CHEBYSHEV), b.square(z))))
    return b.select(b.less(x, 0.0), b.sub(2.0, tail), tail)


def _polynomial(b: Builder, x: Tensor, coefficients: Sequence[float]) -> Tensor:
    """c₀ + x·(c₁ + x·(…)) by Horner's rule."""
    value: Tensor | float = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = b.add(b.mul(x, value), coefficient)
    assert isinstance(value, Tensor)
    return value
