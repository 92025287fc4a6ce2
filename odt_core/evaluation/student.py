"""Quantiles of Student's t: how wide an interval is when its width is itself an estimate."""

from __future__ import annotations

import math

import numpy as np

from odt_core.errors import SettingsError

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def student_quantile(level: float, freedom: float) -> float:
    """t with P(|T| <= t) = level, for `freedom` > 0 degrees of freedom (Student 1908).
    SettingsError for others.

    With t = √freedom · tan a the density becomes a power of cos a, which is integrated by
    Gauss and Legendre's rule; a is then bisected.
    """
    if not (0 < level < 1 and freedom > 0):
        raise SettingsError(
            f"student_quantile needs 0 < level < 1 and freedom > 0, got {level}, {freedom}."
        )
    scale = 2 * math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    scale /= math.sqrt(math.pi)
    # Beyond this angle hardly anything is left; the integrand is narrow for many degrees.
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        if scale * _integral(middle, freedom - 1) < level:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def _integral(angle: float, power: float) -> float:
    """∫ cos^power from 0 to angle, in pieces no wider than the peak at 0."""
    pieces = max(1, math.ceil(angle * math.sqrt(max(power, 1.0)) / 4))
    edges = np.linspace(0, angle, pieces + 1)
    half = (edges[1:] - edges[:-1])[:, None] / 2
    at = edges[:-1, None] + half * (1 + _NODES)  # [pieces, nodes]
    return float((half * _WEIGHTS * np.cos(at) ** power).sum())
