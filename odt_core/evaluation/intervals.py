"""Confidence intervals of a share."""

from __future__ import annotations

import math
from statistics import NormalDist

from odt_core.errors import SettingsError
from odt_core.evaluation.counts import is_level, whole


def wilson(correct: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of correct / n (Wilson 1927, JASA 22:209–212).

    level: 0 < level < 1. Returns (low, high) within 0..1; (0, 1) when n is 0.
    SettingsError for counts or levels that cannot be.
    """
    correct, n = whole(correct, "correct"), whole(n, "n")
    if not (0 <= correct <= n and is_level(level)):
        raise SettingsError(
            f"wilson needs 0 <= correct <= n and 0 < level < 1, got {correct}, {n}, {level!r}."
        )
    return wilson_share(correct / n, n, level) if n else (0.0, 1.0)


def wilson_share(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share that is as sure as n independent answers make it.

    share: 0 to 1. n: > 0, any number. Returns (low, high) within 0..1.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if share == 0 else (centre - spread) / scale
    high = 1.0 if share == 1 else (centre + spread) / scale
    return low, high
