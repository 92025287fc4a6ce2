"""Confidence intervals of a share."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(correct: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of correct / n (Wilson 1927, JASA 22:209–212).

    level: 0 < level < 1. Returns (low, high) within 0..1; (0, 1) when n is 0.
    """
    if not (0 <= correct <= n and 0 < level < 1):
        raise ValueError(
            f"wilson needs 0 <= correct <= n and 0 < level < 1, got {correct}, {n}, {level}."
        )
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = correct / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if correct == 0 else (centre - spread) / scale
    high = 1.0 if correct == n else (centre + spread) / scale
    return low, high
