"""What evaluations come to, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from odt_core.evaluation import Claims


def figure_of(found: Mapping[str, Any] | None) -> str:
    """The one figure of an evaluation's summary: accuracy, the share of right pixels or words, or
    the mean squared error.
    """
    if found and "accuracy" in found:
        low, high = found["interval"]
        return f"{found['accuracy']:.1%} (95 % interval {low:.1%} to {high:.1%})"
    if found and "places_right" in found:
        return f"{found['places_right']:.1%} of the places right"
    if found and "mean_squared_error" in found:
        return f"mean squared error {found['mean_squared_error']:.6g}"
    return "unknown"


def told(said: Claims) -> dict[str, Any]:
    """Base against personalised, as plain JSON: sentences are to be shown together."""
    return {
        "sentences": list(said.sentences),
        "p_value": said.comparison.p_value,
        "seen_in_training": None if said.leak is None else said.leak.seen.tolist(),
    }
