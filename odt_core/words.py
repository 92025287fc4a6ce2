"""Names that people invent, taken apart."""

from __future__ import annotations

import re


def words(name: str) -> frozenset[str]:
    """The words of a name in lower case: "trainStep_v2" gives train, step and v."""
    return frozenset(
        word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name) if word
    )
