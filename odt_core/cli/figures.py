"""What an evaluation comes to, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def figure_of(found: Mapping[str, Any] | None) -> str:
    """The one figure of an evaluation's summary: accuracy, the share of right pixels or words, or
    the mean squared error.
    """
    if found and "accuracy" in found:
        return f"{found['accuracy']:.1%}"
    if found and "places_right" in found:
        return f"{found['places_right']:.1%} of the places right"
    if found and "mean_squared_error" in found:
        return f"mean squared error {found['mean_squared_error']:.6g}"
    return "unknown"
