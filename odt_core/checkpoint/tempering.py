"""The temperature that a model's scores are divided by before they become confidences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from odt_core.errors import CheckpointError

_LONGEST = 80  # characters of what it was fitted on


@dataclass(frozen=True)
class Tempering:
    """value: above 0; 1 changes nothing. It was fitted on n samples; `on` says which, for people.

    It belongs to one state of the weights: after more training another one fits.
    """

    value: float
    n: int = 0
    on: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Tempering:
        """The inverse of `to_json`. CheckpointError when it is none."""
        try:
            value, n, on = float(document["value"]), int(document["n"]), str(document["on"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise _damaged() from error
        if not (math.isfinite(value) and value > 0 and n >= 0 and len(on) <= _LONGEST):
            raise _damaged()
        return cls(value, n, on)


def _damaged() -> CheckpointError:
    return CheckpointError(
        "The checkpoint's temperature is damaged. Choose a checkpoint saved or downloaded here."
    )
