"""Where what was published says something else than what was worked out again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

# Sums in another order change fractions that much; of these it matters as well where they are near
# 0, as float32 is that coarse beside 1.
_SHARE, _LEAST = 1e-5, 1e-6
_NEAR_0 = (
    *("cross_entropy", "confidence", "expected_calibration_error", "gain", "interval"),
    *("calibration_error_before", "calibration_error_after", "threshold"),
)
_NOTHING = object()
_MOST, _AROUND = 120, 24  # letters of a value, and of a text before where it differs


def differing(said: Any, again: Any, at: str = "") -> Iterator[str]:
    """Each field of a card that is not the same, by its path, with both values."""
    if isinstance(said, dict) and isinstance(again, dict):
        for name in sorted(said.keys() | again.keys()):
            values = said.get(name, _NOTHING), again.get(name, _NOTHING)
            yield from differing(*values, f"{at}.{name}" if at else name)
    elif _is_nested(said) and _is_nested(again):
        for k, values in enumerate(zip_longest(said, again, fillvalue=_NOTHING)):
            yield from differing(*values, f"{at}[{k}]")
    elif not _is_same(at.rpartition(".")[2], said, again):
        yield f"{at} is {_shown(said)} in the card, and again {_shown(again)}"


def apart(said: bytes, again: bytes) -> str:
    """Where two texts part, in the words of both; "" where they do not."""
    if said == again:
        return ""
    one, other = (text.decode("utf-8", "replace") for text in (said, again))
    both = zip(one, other, strict=False)
    at = next((k for k, (a, b) in enumerate(both) if a != b), min(len(one), len(other)))
    ours, theirs = (f"…{text[max(at - _AROUND, 0) : at + _AROUND]}…" for text in (one, other))
    return f"{_shown(ours)}, where the card gives {_shown(theirs)}"


def _is_nested(value: Any) -> bool:
    """A list that is taken entry by entry: lists of numbers or names are told as a whole."""
    return isinstance(value, list) and any(isinstance(one, dict | list) for one in value)


def _is_same(name: str, said: Any, again: Any) -> bool:
    if isinstance(said, list) and isinstance(again, list):
        pairs = zip(said, again, strict=False)
        return len(said) == len(again) and all(_is_same(name, *pair) for pair in pairs)
    if isinstance(said, float) and isinstance(again, float):
        least = _LEAST if name in _NEAR_0 else 0.0
        return math.isclose(said, again, rel_tol=_SHARE, abs_tol=least)
    return bool(said == again)


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "not there"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
