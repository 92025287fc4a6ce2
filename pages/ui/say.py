"""Wording: numbers as people read them, and names that people typed as plain text."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence

from odt_core import words
from odt_core.words import count as count
from odt_core.words import size as size

_NAMED = 3  # labels that a sentence lists
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&^=])")


def plain(text: str) -> str:
    """`text` so that Streamlit's Markdown shows it letter for letter, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def isolated(name: str) -> str:
    """A name that a person gave, so that it turns round nothing of what stands beside it in a line,
    figures above all, where it is written from right to left.
    """
    if any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in name):
        return f"\u2068{name}\u2069"  # no name holds marks such as these itself
    return name


def beside(*parts: str) -> str:
    """Parts of a line with dots between, but for those that are ""; no name turns round another."""
    return " · ".join(isolated(part) for part in parts if part)


def labels_in_words(names: Sequence[str]) -> str:
    """ "'cup', 'cat', 'dog' and 2 other labels"."""
    more = len(names) - _NAMED
    listed = ", ".join(f"'{isolated(name)}'" for name in names[:_NAMED])
    return listed + (f" and {count(more, 'other label')}" if more > 0 else "")


def percent(share: float | None, digits: int = 1) -> str:
    """0.9731 -> "97.3 %"; a dash when there is nothing to say. All or none is said of no other
    share, however few digits are wanted.
    """
    if share is None or share != share:
        return "–"
    return words.percent_apart(share, digits)


def answer(name: str, confidence: float) -> str:
    """("7", 0.92) -> "7 · 92 %", its figure not broken over two lines."""
    return f"{isolated(name)} · {100 * confidence:.0f}\u00a0%"


def between(interval: tuple[float, float], digits: int = 1) -> str:
    """(0.686, 0.971) -> "68.6–97.1 %", not broken over two lines."""
    low, high = (words.percent(end, digits).removesuffix("%") for end in interval)
    return f"{low}\u2060–\u2060{high}\u00a0%"


def points(difference: float) -> str:
    """0.021 -> "+2.1 points", the difference of two shares."""
    return f"{words.in_points(difference)} points"


def off_by(error: float, unit: str = "points") -> str:
    """0.017 -> "1.7 points": how far confidences are from the truth."""
    return f"<0.1 {unit}" if 0 < error < 0.0005 else f"{100 * error:.1f} {unit}"


def span(seconds: float) -> str:
    """A length of time: "0.8 s", "42 s", "3 min 5 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def clock(moment: float) -> str:
    """A point in time, in the server's own zone: "14:03:21", with the day when it is not today."""
    local = time.localtime(moment)
    today = time.localtime()[:3] == local[:3]
    return time.strftime("%H:%M:%S" if today else "%d %b, %H:%M", local)
