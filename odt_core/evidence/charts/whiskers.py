"""An interval about each mark, as Plotly draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def whiskers(
    at: Sequence[float], ends: Sequence[tuple[float, float]], colour: str, thickness: float
) -> dict[str, Any]:
    """Plotly's error bars from the lower to the upper end of each of `ends` around `at`."""
    pairs = list(zip(at, ends, strict=True))
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, high - value) for value, (_, high) in pairs],
        "arrayminus": [max(0.0, value - low) for value, (low, _) in pairs],
        "color": colour,
        "thickness": thickness,
    }
