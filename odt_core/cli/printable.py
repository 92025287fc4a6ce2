"""What files and people call things, as a terminal may be given it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

# What moves the cursor, colours or clears, begins a line, or turns the order of letters round.
_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""The text with every character that a terminal obeys, line ends too, written out as \x1b."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def all_printable(value: Any) -> Any:
    """A result whose every text is printable: a line of it ends where the command ends it."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {all_printable(key): all_printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [all_printable(item) for item in value]
    return value


class PrintableWarnings(logging.Formatter):
    """Of warnings, which name files too."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        return printable(super().formatMessage(record))
