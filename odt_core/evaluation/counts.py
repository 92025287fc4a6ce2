"""Numbers of answers, and how sure one wants to be, as statistics take them."""

from __future__ import annotations

from numbers import Real
from operator import index
from typing import SupportsIndex

from odt_core.errors import SettingsError


def whole(count: SupportsIndex, name: str) -> int:
    """A count as Python's own int, since numpy's overflow. name: for the message.

    SettingsError where it is no whole number.
    """
    try:
        return index(count)
    except TypeError:
        raise SettingsError(
            f"'{name}' counts answers: give a whole number, not {count!r}."
        ) from None


def is_level(level: float) -> bool:
    """Whether an interval can hold the truth so often: a number between 0 and 1."""
    return isinstance(level, Real) and 0 < level < 1
