"""Round numbers along an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most about `most` round numbers within low..high."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    magnitude = math.floor(math.log10(rough))
    power = 10.0**magnitude
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 2 - magnitude) for k in range(first, last + 1)]


def label(value: float, percent: bool) -> str:
    """A tick's text."""
    if percent:
        return f"{value * 100:.4g}%"
    if value and (abs(value) >= 1e5 or abs(value) < 1e-3):
        return f"{value:.1e}"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def span(values: Sequence[float], *, zero: bool = False) -> tuple[float, float]:
    """A range with some air around finite values; (0, 1) without any."""
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    if zero:
        low = min(low, 0.0)
    air = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return (low if zero and low == 0 else low - air), high + air
