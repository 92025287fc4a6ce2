"""What every chart can do."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol


class Role(StrEnum):
    """Whose figures a mark shows: decides its colour everywhere."""

    OWN = "own"  # the personalised model: the accent
    BASE = "base"  # the base model: grey
    GUIDE = "guide"  # nobody's: a thin line to compare with


class Chart(Protocol):
    """One chart. `name` is its file's name, `title` and `note` stand above it."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def note(self) -> str: ...

    def png(self) -> bytes:
        """Drawn by Pillow: no browser, no network."""
        ...

    def plotly(self) -> dict[str, Any] | None:
        """{data, layout} for Plotly.newPlot, texts escaped; None for pictures."""
        ...
