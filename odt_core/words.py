"""Names that people invent: taken apart, and listed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_FIRST = 5  # of many numbers


def words(name: str) -> frozenset[str]:
    """The words of a name in lower case: "trainStep_v2" gives train, step and v."""
    return frozenset(
        word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name) if word
    )


def inputs_in_words(sizes: Mapping[str, int]) -> str:
    """ "'item' (1 number), 'user' (1 number)": how many of a sample's numbers each input takes."""
    return ", ".join(f"'{one}' ({count(size, 'number')})" for one, size in sizes.items())


def some_of(numbers: Sequence[int]) -> str:
    """ "3, 5, 8, 9, 12 and 7 more": the first of many numbers."""
    more = f" and {len(numbers) - _FIRST:,} more" if len(numbers) > _FIRST else ""
    return ", ".join(map(str, numbers[:_FIRST])) + more


def count(number: int, noun: str) -> str:
    """1, "sample" -> "1 sample"; 2400 -> "2,400 samples"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
