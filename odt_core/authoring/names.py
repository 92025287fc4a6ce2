"""Names that a file holds once each."""

from __future__ import annotations

from collections.abc import Iterable


def each_once(wanted: Iterable[str]) -> list[str]:
    """These names, with a number behind those that stand before already: "a", "a_1", "a_2"."""
    names: list[str] = []
    for name in wanted:
        once, number = name, 1
        while once in names:
            once, number = f"{name}_{number}", number + 1
        names.append(once)
    return names
