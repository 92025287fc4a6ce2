"""Where odt stands in a cell of the race: its time against the best rival's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# Which of odt's two entries does a job: answers while no training runs have constant weights.
OWN = {"train": "odt", "infer": "odt_baked"}
_OURS = set(OWN.values())


@dataclass(frozen=True)
class Standing:
    """Milliseconds: odt's median and quartiles, and the median of the fastest rival."""

    own: float
    low: float
    high: float
    rival: str
    best: float

    @property
    def ratio(self) -> float:
        """Below 1 odt is faster than everybody."""
        return self.own / self.best


def standing(cell: dict[str, Any], job: str) -> Standing | None:
    """odt against the rivals that did the same work; None where either side is missing."""
    engines = {
        name: entry[job]
        for name, entry in cell["engines"].items()
        if job in entry and "failed" not in entry and entry["agreement"]["agrees"]
    }
    rivals = {name: found["median"] for name, found in engines.items() if name not in _OURS}
    own = engines.get(OWN[job])
    if own is None or not rivals:
        return None
    rival = min(rivals, key=rivals.__getitem__)
    return Standing(own["median"], own["low"], own["high"], rival, rivals[rival])


def lost(cells: Iterable[dict[str, Any]], job: str) -> list[tuple[str, Standing]]:
    """The cells in which a rival is faster, with their keys, the worst first."""
    found = [(cell["cell"]["key"], standing(cell, job)) for cell in cells]
    behind = [(key, at) for key, at in found if at is not None and at.ratio > 1]
    return sorted(behind, key=lambda pair: -pair[1].ratio)
